# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Makes the Conan package from this tree, and builds and runs a program that finds it through Conan. Eigen is the system's, so that
# nothing is downloaded.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
set(ENV{CONAN_HOME} "${work}/home")
set(ENV{CXX} "${CMAKE_CXX_COMPILER}")
step("${conan}" profile detect)
file(WRITE "${work}/system_eigen" "[settings]\ncompiler.cppstd=20\nbuild_type=Debug\n[platform_requires]\neigen/3.4.0\n")
set(profiles --profile:all default --profile:all "${work}/system_eigen")
step("${conan}" create "${root}" ${profiles})

file(READ "${root}/include/contrastive/core/version.hpp" version_header)
string(REGEX MATCHALL "VERSION_[A-Z]+ [0-9]+" version "${version_header}")
string(REGEX REPLACE "VERSION_[A-Z]+ " "" version "${version}")
string(REPLACE ";" "." version "${version}")
step("${conan}" install --requires "contrastive/${version}" ${profiles} --generator CMakeToolchain --generator CMakeDeps --output-folder "${work}/conan")

step("${CMAKE_COMMAND}" -S "${root}/examples/cmake_project" -B "${work}/consumer" ${consumer_options} -DCMAKE_BUILD_TYPE=Debug
     "-DCMAKE_TOOLCHAIN_FILE=${work}/conan/conan_toolchain.cmake")
file(STRINGS "${work}/consumer/CMakeCache.txt" found REGEX "^contrastive_DIR:.*${work}/home")
if(NOT found)
  message(FATAL_ERROR "The library was found elsewhere than in Conan's package.")
endif()
step("${CMAKE_COMMAND}" --build "${work}/consumer")
step("${work}/consumer/uses_contrastive")
