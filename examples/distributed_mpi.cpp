// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One loss over the rows of all ranks: each rank keeps its own embeddings, and moves them down the gradient of the whole batch.
//   mpirun -n 2 distributed_mpi
#include <contrastive/contrastive.hpp>
#include <contrastive/distributed/mpi.hpp>
#include <cstdio>
#include <random>

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Two views of 200 samples on each rank, which begin anywhere.
void learn(contrastive::distributed::mpi_communicator& ranks) {
  std::mt19937 random(static_cast<unsigned>(ranks.rank()));
  std::normal_distribution<float> normal;
  Rows z1(200, 64), z2(200, 64);
  for (float& v : z1.reshaped()) v = normal(random);
  for (float& v : z2.reshaped()) v = normal(random);

  contrastive::distributed::evaluator<float> evaluate{ranks, contrastive::distributed::grad_scale::sum};
  const contrastive::nt_xent loss{.temperature = 0.1};
  const float first = evaluate.value(loss, z1, z2);
  for (int step = 0; step < 50; ++step) {
    const auto& r = evaluate.value_and_gradient(loss, z1, z2);
    z1 -= 400 * r.gradients[0];
    z2 -= 400 * r.gradients[1];
  }
  const float last = evaluate.value(loss, z1, z2);
  if (ranks.rank() == 0)
    std::printf("the loss of %d rows on %d ranks: %.3f, after 50 steps %.3f\n", 400 * ranks.size(), ranks.size(),
                static_cast<double>(first), static_cast<double>(last));
}

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  {
    contrastive::distributed::mpi_communicator ranks{MPI_COMM_WORLD};
    learn(ranks);
  }
  MPI_Finalize();
}
