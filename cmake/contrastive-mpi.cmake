# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# contrastive::mpi for <contrastive/distributed/mpi.hpp>, once MPI and contrastive::contrastive are there: here and in an installed
# package.
if(NOT TARGET contrastive::mpi)
  add_library(contrastive_mpi INTERFACE IMPORTED GLOBAL)
  add_library(contrastive::mpi ALIAS contrastive_mpi)
  # Without the C++ bindings that MPI gave up in 2012, whose headers warn.
  target_compile_definitions(contrastive_mpi INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  target_link_libraries(contrastive_mpi INTERFACE contrastive::contrastive MPI::MPI_CXX)
endif()
