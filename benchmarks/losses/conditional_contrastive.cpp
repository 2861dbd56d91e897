// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times conditional_contrastive: N rows of ten classes, with a proxy each.
#include <contrastive/losses/conditional_contrastive.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct conditional_contrastive_problem {
  static constexpr const char* name = "conditional_contrastive";
  static constexpr index largest = 65536;
  static constexpr least_work work = symmetric_work;
  index n;
  std::vector<int> labels;

  explicit conditional_contrastive_problem(index rows) : n(rows), labels(ten_classes(rows)) {}
  index num_rows() const { return n + 10; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(conditional_contrastive{.temperature = 1.0, .labels = labels}, part(rows, 0, n), part(rows, n, 10));
  }
};

void register_conditional_contrastive(bool all) { register_loss<conditional_contrastive_problem>(all); }

}  // namespace contrastive::benchmarks
