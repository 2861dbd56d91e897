# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# contrastive::nccl for <contrastive/distributed/nccl.hpp>, once CUDAToolkit and contrastive::contrastive are there, where NCCL is: here
# and in an installed package.
if(NOT TARGET contrastive::nccl)
  find_path(CONTRASTIVE_NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(CONTRASTIVE_NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR})
  mark_as_advanced(CONTRASTIVE_NCCL_INCLUDE_DIR CONTRASTIVE_NCCL_LIBRARY)
  if(CONTRASTIVE_NCCL_INCLUDE_DIR AND CONTRASTIVE_NCCL_LIBRARY)
    add_library(contrastive_nccl INTERFACE IMPORTED GLOBAL)
    add_library(contrastive::nccl ALIAS contrastive_nccl)
    target_include_directories(contrastive_nccl INTERFACE "${CONTRASTIVE_NCCL_INCLUDE_DIR}")
    target_link_libraries(contrastive_nccl INTERFACE contrastive::contrastive CUDA::cudart CUDA::cublas "${CONTRASTIVE_NCCL_LIBRARY}")
  endif()
endif()
