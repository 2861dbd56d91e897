# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the library into an empty folder, checks that every header is there, and builds and runs a program against it.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
step("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/prefix")

file(GLOB_RECURSE written RELATIVE "${root}/include" "${root}/include/*")
file(GLOB_RECURSE installed RELATIVE "${work}/prefix/include" "${work}/prefix/include/*")
if(NOT written STREQUAL installed)
  message(FATAL_ERROR "In include/ are ${written}, but installed were ${installed}")
endif()

step("${CMAKE_COMMAND}" -S "${root}/examples/cmake_project" -B "${work}/consumer" ${consumer_options} "-DCMAKE_PREFIX_PATH=${work}/prefix")
step("${CMAKE_COMMAND}" --build "${work}/consumer")
step("${work}/consumer/uses_contrastive")
