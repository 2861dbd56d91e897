// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Inputs that any language can make again: normal numbers from a counter.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <contrastive/core/matrix_view.hpp>
#include <cstdint>

#include "tests/support/random.hpp"

namespace contrastive::benchmarks {

/// The k-th number, k = 0, 1, …, by Box and Muller from two numbers of splitmix64 with seed 1.
inline double normal(std::uint64_t k) {
  const double u = (testing::splitmix(1, 2 * k + 1) + 1) / 2, turn = testing::splitmix(1, 2 * k + 2);
  return std::sqrt(-2 * std::log1p(-u)) * std::cos(3.14159265358979323846 * turn);
}

/// (count, dim) row-major, filled in the order of memory. Kept until another shape is asked for: a benchmark is called
/// several times.
template <class T>
matrix_view<const T> random_rows(index_type count, index_type dim) {
  static Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows;
  if (rows.rows() != count || rows.cols() != dim) {
    rows.resize(count, dim);
    for (index_type i = 0; i < rows.size(); ++i) rows.data()[i] = static_cast<T>(normal(static_cast<std::uint64_t>(i)));
  }
  return rows;
}

/// Rows [first, first + count).
template <class T>
matrix_view<const T> part(const matrix_view<const T>& rows, index_type first, index_type count) {
  return {rows.data + first * rows.row_stride, count, rows.cols};
}

}  // namespace contrastive::benchmarks
