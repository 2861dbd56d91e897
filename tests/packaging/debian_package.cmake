# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian package, unpacks it into an empty folder, checks that it holds what an installation does, and builds and runs a
# program against it.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_CPACK_COMMAND}" -G DEB --config "${build}/CPackConfig.cmake" -B "${work}/package")
file(GLOB package "${work}/package/libcontrastive-dev_*.deb")
step("${dpkg_deb}" --info "${package}")
step("${dpkg_deb}" --extract "${package}" "${work}/root")

step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
file(GLOB_RECURSE installed RELATIVE "${work}/prefix" "${work}/prefix/*")
file(GLOB_RECURSE unpacked RELATIVE "${work}/root/usr" "${work}/root/usr/*")
if(NOT unpacked STREQUAL installed)
  message(FATAL_ERROR "Installed are ${installed}, but the package holds ${unpacked}")
endif()

step("${CMAKE_COMMAND}" -S "${root}/examples/cmake_project" -B "${work}/consumer" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/root/usr")
step("${CMAKE_COMMAND}" --build "${work}/consumer")
step("${work}/consumer/uses_contrastive")
