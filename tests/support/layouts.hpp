// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The ways in which rows may lie in memory.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <limits>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {

constexpr int num_layouts = 5;

/// A matrix copied into memory of its own in one of the layouts; what lies between its elements is NaN, so that reading it
/// shows.
template <class T>
class laid_out {
 public:
  laid_out(const matrix<T>& m, int layout) {
    const index_type n = m.rows(), d = m.cols();
    index_type between_rows = d, between_cols = 1, first = 0;
    switch (layout % num_layouts) {
      case 0:
        break;  // row-major
      case 1:
        between_rows = 1, between_cols = n;
        break;  // column-major
      case 2:
        between_rows = d + 3, first = 2;
        break;  // a block of a wider matrix
      case 3:
        between_rows = 2 * d + 1, between_cols = 2;
        break;  // every other column
      case 4:
        between_rows = -(d + 1), first = (n - 1) * (d + 1);
        break;  // the last row first
    }
    memory_.assign(static_cast<std::size_t>(n * (2 * d + 4) + 4), std::numeric_limits<T>::quiet_NaN());
    const matrix_view<T> view(memory_.data() + first, n, d, between_rows, between_cols);
    for (index_type r = 0; r < n; ++r)
      for (index_type c = 0; c < d; ++c) view(r, c) = m(r, c);
    view_ = view;
  }
  laid_out(const laid_out&) = delete;
  laid_out(laid_out&&) = default;  // a moved vector keeps its memory

  const matrix_view<T>& view() const { return view_; }

 private:
  std::vector<T> memory_;
  matrix_view<T> view_;
};

}  // namespace contrastive::testing
