// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times sup_con: N rows of ten classes.
#include <contrastive/losses/sup_con.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct sup_con_problem {
  static constexpr const char* name = "sup_con";
  static constexpr index largest = 65536;
  static constexpr least_work work = symmetric_work;
  index n;
  std::vector<int> labels;

  explicit sup_con_problem(index rows) : n(rows), labels(ten_classes(rows)) {}
  index num_rows() const { return n; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(sup_con{.temperature = 0.1, .labels = labels}, rows);
  }
};

void register_sup_con(bool all) { register_loss<sup_con_problem>(all); }

}  // namespace contrastive::benchmarks
