// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times weighted_info_nce: N queries with N keys, each negative with a weight from an (N, N) matrix.
#include <contrastive/losses/weighted_info_nce.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct weighted_info_nce_problem {
  static constexpr const char* name = "weighted_info_nce";
  static constexpr index largest = 8192;  // the matrix has 256 MiB
  static constexpr least_work work = rectangular_work;
  index n;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> weights;  // (N, N), from 0.5 to 1.5

  explicit weighted_info_nce_problem(index queries) : n(queries), weights(queries, queries) {
    for (index i = 0; i < weights.size(); ++i)
      weights.data()[i] = static_cast<float>(1 + testing::splitmix(2, static_cast<std::uint64_t>(i)) / 2);
  }
  index num_rows() const { return 2 * n; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(weighted_info_nce{.temperature = 0.1, .weights = weights}, part(rows, 0, n), part(rows, n, n));
  }
};

void register_weighted_info_nce(bool all) { register_loss<weighted_info_nce_problem>(all); }

}  // namespace contrastive::benchmarks
