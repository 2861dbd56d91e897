// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Whether two views have an element in common: gradients must not be written over each other.
#pragma once

#include <algorithm>
#include <contrastive/core/matrix_view.hpp>
#include <cstdint>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// Exact where both have the same strides, as blocks of one matrix do: the upper and the lower half of a column-major matrix
/// lie between each other and share nothing. Else true where the ranges of memory that they span meet.
template <class T>
bool overlap(const matrix_view<T>& a, const matrix_view<T>& b) {
  if (a.rows <= 0 || a.cols <= 0 || b.rows <= 0 || b.cols <= 0) return false;
  // In bytes, and by integers: the two may lie in different memory.
  constexpr auto size = static_cast<std::intptr_t>(sizeof(T));
  struct range {
    std::intptr_t first, last;
  };
  const auto span = [](const matrix_view<T>& m) {
    const auto at = reinterpret_cast<std::intptr_t>(m.data);
    const std::intptr_t down = (m.rows - 1) * m.row_stride * size, right = (m.cols - 1) * m.col_stride * size;
    return range{at + std::min<std::intptr_t>(down, 0) + std::min<std::intptr_t>(right, 0),
                 at + std::max<std::intptr_t>(down, 0) + std::max<std::intptr_t>(right, 0)};
  };
  const range one = span(a), other = span(b);
  if (one.first > other.last || other.first > one.last) return false;
  const std::intptr_t bytes = reinterpret_cast<std::intptr_t>(b.data) - reinterpret_cast<std::intptr_t>(a.data);
  if (a.row_stride != b.row_stride || a.col_stride != b.col_stride || bytes % size != 0) return true;
  // Element (r, c) of a is (r', c') of b where (r - r') row_stride + (c - c') col_stride is their distance.
  for (index_type across = 1 - b.cols; across < a.cols; ++across) {
    const index_type rest = bytes / size - across * a.col_stride;
    if (a.row_stride == 0 ? rest == 0
                          : rest % a.row_stride == 0 && rest / a.row_stride > -b.rows && rest / a.row_stride < a.rows)
      return true;
  }
  return false;
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
