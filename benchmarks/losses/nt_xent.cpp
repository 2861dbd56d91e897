// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times nt_xent: two views of N/2 samples.
#include <contrastive/losses/nt_xent.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct nt_xent_problem {
  static constexpr const char* name = "nt_xent";
  static constexpr index largest = 65536;
  static constexpr least_work work = symmetric_work;
  index n;

  explicit nt_xent_problem(index rows) : n(rows) {}
  index num_rows() const { return n; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(nt_xent{.temperature = 0.5}, part(rows, 0, n / 2), part(rows, n / 2, n / 2));
  }
};

void register_nt_xent(bool all) { register_loss<nt_xent_problem>(all); }

}  // namespace contrastive::benchmarks
