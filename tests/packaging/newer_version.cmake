# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# A program that wishes for a newer minor version is told so while it is configured, and one that wishes for this one is not.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")
set(header "${root}/include/contrastive/core/version.hpp")
file(STRINGS "${header}" major REGEX "VERSION_MAJOR")
file(STRINGS "${header}" minor REGEX "VERSION_MINOR")
string(REGEX MATCH "[0-9]+$" major "${major}")
string(REGEX MATCH "[0-9]+$" minor "${minor}")
math(EXPR newer "${minor} + 1")

function(write_consumer name version)
  file(WRITE "${work}/${name}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)\nproject(${name} LANGUAGES CXX)\n"
                                              "find_package(contrastive ${version} REQUIRED)\n")
endfunction()
write_consumer(this_version "${major}.${minor}")
write_consumer(newer_version "${major}.${newer}")
step("${CMAKE_COMMAND}" -S "${work}/this_version" -B "${work}/this_version/build" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/prefix")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${work}/newer_version" -B "${work}/newer_version/build" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/prefix"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "Version ${major}.${newer} was found.")
endif()
if(NOT output MATCHES "compatible with requested")
  message(FATAL_ERROR "It was refused for another reason:\n${output}")
endif()
