// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times info_nce: N queries with N keys, and 256 queries (MoCo's batch) against a frozen queue of N.
#include <contrastive/losses/info_nce.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct info_nce_problem {
  static constexpr const char* name = "info_nce";
  static constexpr index largest = 65536;
  static constexpr least_work work = rectangular_work;
  index n;

  explicit info_nce_problem(index queries) : n(queries) {}
  index num_rows() const { return 2 * n; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(info_nce{.temperature = 0.1}, part(rows, 0, n), part(rows, n, n));
  }
};

struct info_nce_queue_problem {
  static constexpr const char* name = "info_nce_queue";
  static constexpr index largest = 65536;
  static constexpr least_work work = frozen_work;
  static constexpr index batch = 256;
  index queue;

  explicit info_nce_queue_problem(index size) : queue(size) {}
  index num_rows() const { return 2 * batch + queue; }
  double num_pairs() const { return static_cast<double>(batch) * static_cast<double>(queue); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(info_nce{.temperature = 0.1, .in_batch_negatives = false}, part(rows, 0, batch), part(rows, batch, batch),
             no_gradient(part(rows, 2 * batch, queue)));
  }
};

void register_info_nce(bool all) {
  register_loss<info_nce_problem>(all);
  register_loss<info_nce_queue_problem>(all);
}

}  // namespace contrastive::benchmarks
