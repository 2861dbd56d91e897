# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# A project that has the library as a subdirectory: it gets the targets, and nothing of ours to build but the engine, once it is
# linked.

include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")
file(WRITE "${work}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)\n"
     "project(consumer LANGUAGES CXX)\n"
     "add_subdirectory(\"${root}\" contrastive)\n"
     "add_executable(consumer \"${root}/examples/cmake_project/main.cpp\")\n"
     "target_link_libraries(consumer PRIVATE contrastive::contrastive)\n"
     "add_executable(of_compiled EXCLUDE_FROM_ALL \"${root}/examples/cmake_project/main.cpp\")\n"
     "target_link_libraries(of_compiled PRIVATE contrastive::compiled)\n")
step("${CMAKE_COMMAND}" -S "${work}" -B "${work}/build" ${consumer_options} -DCMAKE_BUILD_TYPE=Debug)
step("${CMAKE_COMMAND}" --build "${work}/build")
step("${work}/build/consumer")
file(GLOB_RECURSE engine "${work}/build/contrastive/*.a")
if(engine)
  message(FATAL_ERROR "The engine was compiled, which nobody links: ${engine}")
endif()
step("${CMAKE_COMMAND}" --build "${work}/build" --target of_compiled)
step("${work}/build/of_compiled")
foreach(ours IN ITEMS tests examples benchmarks)
  if(EXISTS "${work}/build/contrastive/${ours}")
    message(FATAL_ERROR "A subdirectory's ${ours} were configured too.")
  endif()
endforeach()
