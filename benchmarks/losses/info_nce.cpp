// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times info_nce: N queries with N keys, and 256 queries (MoCo's batch) against a frozen queue of N.
#include <contrastive/losses/info_nce.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

/// Queries, their keys, and a queue of N, whose gradient nobody wants: S and W K in one pass.
struct queries_with_queue {
  static constexpr index_type largest = 65536, batch = 256;
  static constexpr least_work work{1, 2};
  index_type n;

  explicit queries_with_queue(index_type queue) : n(queue) {}
  index_type num_rows() const { return 2 * batch + n; }
  double num_pairs() const { return static_cast<double>(batch) * static_cast<double>(n); }
};

void register_info_nce(bool all) {
  register_loss<queries_with_keys>("info_nce", all, [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(info_nce{.temperature = 0.1}, part(rows, 0, problem.n), part(rows, problem.n, problem.n));
  });
  register_loss<queries_with_queue>("info_nce_queue", all, [](const auto& problem, const auto& rows, const auto& evaluate) {
    const index_type batch = problem.batch;
    evaluate(info_nce{.temperature = 0.1, .in_batch_negatives = false}, part(rows, 0, batch), part(rows, batch, batch),
             no_gradient(part(rows, 2 * batch, problem.n)));
  });
}

}  // namespace contrastive::benchmarks
