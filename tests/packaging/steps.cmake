# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# What the packaging tests share: commands that must succeed, and consumers configured as the library was.

# step(<command>...): runs it and shows what it says; stops where it fails.
function(step)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "It failed: ${status}")
  endif()
endfunction()

set(consumer_options -G "${generator}" "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}" "-DEigen3_DIR=${Eigen3_DIR}"
    -DCMAKE_BUILD_TYPE=Release)
file(REMOVE_RECURSE "${work}")
