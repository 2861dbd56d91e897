// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A matrix in anybody's memory: a pointer, the shape and the strides. Nothing is owned.
#pragma once

#include <concepts>
#include <contrastive/core/types.hpp>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// A matrix whose elements lie in memory at known strides, such as Eigen's Matrix, Map, Ref and Block (not an expression).
template <class M>
concept strided_matrix = requires(M& m) {
  m.data();
  { m.rows() } -> std::convertible_to<index_type>;
  { m.cols() } -> std::convertible_to<index_type>;
  { m.rowStride() } -> std::convertible_to<index_type>;
  { m.colStride() } -> std::convertible_to<index_type>;
};

/// Element (r, c) of a (rows, cols) matrix lies at data[r * row_stride + c * col_stride].
///
/// Strides are in elements. The view must not outlive the memory: made from a temporary it is good until the end of the
/// full expression, as with std::string_view.
template <class T>
struct matrix_view {
  using value_type = std::remove_const_t<T>;

  T* data = nullptr;
  index_type rows = 0;
  index_type cols = 0;
  index_type row_stride = 0;
  index_type col_stride = 1;

  constexpr matrix_view() = default;
  constexpr matrix_view(T* first, index_type num_rows, index_type num_cols)
      : matrix_view(first, num_rows, num_cols, num_cols) {}
  constexpr matrix_view(T* first, index_type num_rows, index_type num_cols, index_type between_rows,
                        index_type between_cols = 1)
      : data(first), rows(num_rows), cols(num_cols), row_stride(between_rows), col_stride(between_cols) {}

  template <strided_matrix M>
  requires std::convertible_to<decltype(std::declval<M&>().data()), T*>
  constexpr matrix_view(M& m) : matrix_view(m.data(), m.rows(), m.cols(), m.rowStride(), m.colStride()) {}
  template <strided_matrix M>
  requires(std::is_const_v<T>&& std::convertible_to<decltype(std::declval<const M&>().data()), T*>) constexpr matrix_view(
      const M& m)
      : matrix_view(m.data(), m.rows(), m.cols(), m.rowStride(), m.colStride()) {}
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, value_type>) constexpr matrix_view(const matrix_view<U>& m)
      : matrix_view(m.data, m.rows, m.cols, m.row_stride, m.col_stride) {}

  constexpr T& operator()(index_type row, index_type col) const { return data[row * row_stride + col * col_stride]; }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
