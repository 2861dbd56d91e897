// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times clip: N pairs.
#include <contrastive/losses/clip.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

struct clip_problem {
  static constexpr const char* name = "clip";
  static constexpr index largest = 65536;
  static constexpr least_work work = rectangular_work;
  index n;

  explicit clip_problem(index pairs) : n(pairs) {}
  index num_rows() const { return 2 * n; }
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
  template <class T, class Evaluate>
  void call(const matrix_view<const T>& rows, Evaluate evaluate) const {
    evaluate(clip{.temperature = 0.07}, part(rows, 0, n), part(rows, n, n));
  }
};

void register_clip(bool all) { register_loss<clip_problem>(all); }

}  // namespace contrastive::benchmarks
