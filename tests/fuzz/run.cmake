# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Runs -Dfuzzer a fixed number of times from its seeds and from -Dcorpus, the inputs that once failed, in the folder -Dwork.

file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}/found" "${work}/seeds")
if(NOT EXISTS "${corpus}")
  set(corpus "")
endif()
execute_process(COMMAND "${fuzzer}" --seeds "${work}/seeds" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${fuzzer}" -runs=2000 -seed=1 -timeout=10 "-artifact_prefix=${work}/" "${work}/found" "${work}/seeds" ${corpus}
                COMMAND_ERROR_IS_FATAL ANY)
