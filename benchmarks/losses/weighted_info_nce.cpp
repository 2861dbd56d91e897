// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times weighted_info_nce: N queries with N keys, each negative with a weight from an (N, N) matrix.
#include <contrastive/losses/weighted_info_nce.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct weighted_queries_with_keys : queries_with_keys {
  static constexpr index_type largest = 8192;                                     // the matrix has 256 MiB
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> weights;  // (N, N), from 0.5 to 1.5

  explicit weighted_queries_with_keys(index_type queries) : queries_with_keys(queries), weights(queries, queries) {
    for (index_type i = 0; i < weights.size(); ++i)
      weights.data()[i] = static_cast<float>(1 + testing::splitmix(2, static_cast<std::uint64_t>(i)) / 2);
  }
};

void register_weighted_info_nce(bool all) {
  register_loss<weighted_queries_with_keys>("weighted_info_nce", all,
                                            [](const auto& problem, const auto& rows, const auto& evaluate) {
                                              evaluate(weighted_info_nce{.temperature = 0.1, .weights = problem.weights},
                                                       part(rows, 0, problem.n), part(rows, problem.n, problem.n));
                                            });
}

}  // namespace contrastive::benchmarks
