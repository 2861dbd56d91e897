# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Runs the command `compile` and fails unless it fails with an error line that matches `expected`, and, where `at_most` is
# given, with no more errors than that.

execute_process(COMMAND ${compile} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "It compiled, but must not.")
endif()
# The line of the error itself: a note or a quoted line of source with the same words is no error.
if(NOT output MATCHES "error: [^\n]*${expected}")
  message(FATAL_ERROR "The compiler did not say '${expected}'. It said:\n${output}")
endif()
message(STATUS "refused: ${CMAKE_MATCH_0}")
string(REGEX MATCHALL "error: " errors "${output}")
list(LENGTH errors count)
if(DEFINED at_most AND count GREATER at_most)
  message(FATAL_ERROR "${count} errors, expected at most ${at_most}. The compiler said:\n${output}")
endif()
