// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Processes as ranks: every loss, cut anywhere, comes out as in one process. Each rank computes the whole, too, and compares.
#include <contrastive/distributed/mpi.hpp>
#include <distributed/on_ranks.hpp>

namespace {

int faults_of_all_ranks() {
  contrastive::distributed::mpi_communicator ranks{MPI_COMM_WORLD};
  const int faults = contrastive::testing::count_faults(contrastive::distributed::any_communicator(ranks), true);
  int all = 0;
  MPI_Allreduce(&faults, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const int faults = faults_of_all_ranks();
  MPI_Finalize();
  return faults == 0 ? 0 : 1;
}
