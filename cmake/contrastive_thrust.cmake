# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Finds the headers of Thrust, CUB and libcu++ (CCCL): those of a CUDA toolkit, or of Debian's libthrust-dev. Sets
# CONTRASTIVE_THRUST_INCLUDE_DIR, empty if there are none.

file(GLOB toolkit_folders "/usr/local/cuda*/include/cccl" "/usr/local/cuda*/include")
find_path(
  CONTRASTIVE_THRUST_INCLUDE_DIR thrust/for_each.h
  HINTS "$ENV{CUDA_PATH}/include/cccl" "$ENV{CUDA_HOME}/include/cccl"
  PATHS ${toolkit_folders}
  DOC "Where thrust/for_each.h is: .../include/cccl of a CUDA toolkit, or /usr/include")
mark_as_advanced(CONTRASTIVE_THRUST_INCLUDE_DIR)
if(NOT CONTRASTIVE_THRUST_INCLUDE_DIR)
  set(CONTRASTIVE_THRUST_INCLUDE_DIR "")
  message(STATUS "contrastive: no Thrust headers, so no test of contrastive/thrust/. On Debian or Ubuntu: apt-get install libthrust-dev. "
                 "Elsewhere: -DCONTRASTIVE_THRUST_INCLUDE_DIR=<the folder of thrust/for_each.h>")
endif()
