// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss over ranks beside the same loss in one process with as many threads, in turns, on one machine:
//   mpirun -n 2 benchmark_ranks [ROWS] [COLUMNS] [ROUNDS]
// ROWS are all ranks' together. Prints times, the ratio of the best ones, the bytes that each rank sends in a call, and how far
// the memory of a rank has grown; with ROUNDS 0 the distributed call alone, once, for the memory of large problems.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <contrastive/contrastive.hpp>
#include <contrastive/distributed/mpi.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/support/inputs.hpp"

namespace contrastive::benchmarks {
namespace {

using rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using view = matrix_view<const float>;

/// Counts what a rank sends.
class counted {
 public:
  explicit counted(distributed::mpi_communicator& ranks) : ranks_(ranks) {}
  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  void all_gather(const void* own, std::size_t bytes, void* all) {
    sent += bytes;
    ranks_.all_gather(own, bytes, all);
  }
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    sent += bytes;
    ranks_.start_shift(to_next, bytes, from_previous, previous_bytes);
  }
  void wait() { ranks_.wait(); }

  std::size_t sent = 0;

 private:
  distributed::mpi_communicator& ranks_;
};

/// All ranks meet without spinning, so that one of them may have the cores to itself.
void meet() {
  MPI_Request request;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  for (int done = 0; done == 0;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done == 0) usleep(200);
  }
}

double seconds(const auto& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

template <class L>
void measure(distributed::mpi_communicator& ranks, const L& loss, index_type n, index_type d, int rounds) {
  const index_type size = ranks.size(), begin = n * ranks.rank() / size, end = n * (ranks.rank() + 1) / size;
  const bool alone = rounds > 0 && ranks.rank() == 0;
  const index_type first = alone ? 0 : begin, count = alone ? n : end - begin;  // what is held of each argument
  rows a(count, d), b(count, d);
  for (index_type i = 0; i < a.size(); ++i) {
    a.data()[i] = static_cast<float>(normal(static_cast<std::uint64_t>(first * d + i)));
    b.data()[i] = static_cast<float>(normal(static_cast<std::uint64_t>((n + first) * d + i)));
  }
  const view own_a{a.data() + (begin - first) * d, end - begin, d}, own_b{b.data() + (begin - first) * d, end - begin, d};
  const double before = peak_mebibytes();
  counted sends(ranks);
  distributed::evaluator<float> together{sends, distributed::grad_scale::sum, {.threads = 1}};
  evaluator<float> one{{.threads = static_cast<int>(size)}};
  float loss_together = together.value_and_gradient(loss, own_a, own_b).loss, loss_alone = loss_together;
  const double grown = peak_mebibytes() - before, sent = static_cast<double>(sends.sent);
  std::vector<double> times[2];
  for (int round = 0; round <= rounds && rounds > 0; ++round) {  // the first warms up
    meet();
    times[0].push_back(seconds([&] { loss_together = together.value_and_gradient(loss, own_a, own_b).loss; }));
    meet();
    if (alone) times[1].push_back(seconds([&] { loss_alone = one.value_and_gradient(loss, a, b).loss; }));
  }
  double most_grown = 0;
  MPI_Reduce(&grown, &most_grown, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (ranks.rank() != 0) return;
  std::printf("%-10s N %td, d %td, %td ranks: sent by rank 0 %.2f MiB, memory grown by %.1f MiB at most, losses %.9g %.9g\n",
              L::name, n, d, size, sent / 1048576, most_grown, static_cast<double>(loss_together),
              static_cast<double>(loss_alone));
  if (rounds == 0) return;
  for (auto& t : times) t.erase(t.begin()), std::sort(t.begin(), t.end());
  std::printf("%-10s best %.2f ms, median %.2f; one process with %td threads: best %.2f ms, median %.2f; efficiency %.2f\n",
              L::name, 1e3 * times[0][0], 1e3 * times[0][times[0].size() / 2], size, 1e3 * times[1][0],
              1e3 * times[1][times[1].size() / 2], times[1][0] / times[0][0]);
}

}  // namespace
}  // namespace contrastive::benchmarks

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  {
    const auto number = [&](int k, long usual) { return argc > k ? std::atol(argv[k]) : usual; };
    const long n = number(1, 8192), d = number(2, 128), rounds = number(3, 10);
    contrastive::distributed::mpi_communicator ranks{MPI_COMM_WORLD};
    contrastive::benchmarks::measure(ranks, contrastive::nt_xent{}, n / 2, d, static_cast<int>(rounds));
    contrastive::benchmarks::measure(ranks, contrastive::info_nce{}, n, d, static_cast<int>(rounds));
    contrastive::benchmarks::measure(ranks, contrastive::clip{}, n, d, static_cast<int>(rounds));
  }
  MPI_Finalize();
}
