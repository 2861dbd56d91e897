# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the library into an empty folder, checks that every header is there, builds and runs a program against its engine
# and one against its headers alone, and shows what the linker says of a file with other -m flags than the engine's.

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

file(WRITE "${work}/headers/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)\n"
     "project(headers LANGUAGES CXX)\n"
     "find_package(contrastive REQUIRED)\n"
     "add_executable(headers \"${root}/examples/cmake_project/main.cpp\")\n"
     "target_link_libraries(headers PRIVATE contrastive::contrastive)\n")
step("${CMAKE_COMMAND}" -S "${work}/headers" -B "${work}/headers/build" ${consumer_options} -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_PREFIX_PATH=${work}/prefix")
step("${CMAKE_COMMAND}" --build "${work}/headers/build")
step("${work}/headers/build/headers")

if(NOT processor MATCHES "^(x86_64|AMD64)$" OR CMAKE_CXX_FLAGS MATCHES "-m")
  return()
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${root}/examples/cmake_project" -B "${work}/other_flags" ${consumer_options}
          "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS} -march=x86-64-v4" "-DCMAKE_PREFIX_PATH=${work}/prefix" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${work}/other_flags" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0 OR NOT output MATCHES "built_for_avx512::cpu::engine_of_the_same_flags")
  message(FATAL_ERROR "A file for AVX-512 with an engine that is not: ${status}\n${output}")
endif()
