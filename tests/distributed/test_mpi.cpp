// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Processes as ranks: every loss, cut anywhere, comes out as in one process. Each rank computes the whole, too, and compares.
#include <contrastive/distributed/mpi.hpp>
#include <cstdio>
#include <distributed/on_ranks.hpp>
#include <support/agreement.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

int check(distributed::mpi_communicator& ranks, const setting& s) {
  int failures = 0;
  std::uint64_t seed = run_seed();
  each_loss<double>(s, [&](const char* what, const any_loss& loss, const views<double>& rows) {
    const cut where = cut_rows(loss, rows, ranks.size(), ++seed);
    const answer whole = on_cpu<double>(loss, rows, {.threads = 1});
    const double error = error_on_rank(distributed::any_communicator(ranks), loss, rows, where, whole),
                 again = error_on_rank(distributed::any_communicator(ranks), loss, rows, where, whole);
    if (error <= 1e-12 / s.temperature && error == again) return;
    std::printf("rank %d of %d: %s, %s, cut with seed %llu: error %g, then %g\n", ranks.rank(), ranks.size(), what,
                s.text().c_str(), static_cast<unsigned long long>(seed), error, again);
    ++failures;
  });
  return failures;
}

int run() {
  distributed::mpi_communicator ranks{MPI_COMM_WORLD};
  int failures = 0;
  for (const setting& s : {setting{33, 17, similarity::cosine, reduction::mean, 0.01},
                           setting{20, 5, similarity::negative_squared_euclidean, reduction::none, 0.5},
                           setting{41, 8, similarity::dot, reduction::sum, 0.5}})
    failures += check(ranks, s);
  int all = 0;
  MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return all;
}

}  // namespace
}  // namespace contrastive::testing

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const int failures = contrastive::testing::run();
  MPI_Finalize();
  return failures == 0 ? 0 : 1;
}
