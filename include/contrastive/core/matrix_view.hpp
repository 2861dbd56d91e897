// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A matrix in anybody's memory: a pointer, the shape and the strides. Nothing is owned.
#pragma once

#include <concepts>
#include <contrastive/core/types.hpp>
#include <type_traits>
#include <utility>

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

namespace detail {

/// Points to memory of others: a span, an Eigen map, ref or block (a matrix can be resized, these can not).
template <class M>
concept points_elsewhere = requires {
  typename M::element_type;
}
|| (strided_matrix<M> && !requires(M & m) { m.conservativeResize(m.rows(), m.cols()); });

/// Is the memory of this argument of a forwarding reference still there after the statement?
template <class M>
concept outlives_statement = std::is_lvalue_reference_v<M> || points_elsewhere<std::remove_cv_t<M>>;

}  // namespace detail

/// Element (r, c) of a (rows, cols) matrix lies at data[r * row_stride + c * col_stride].
///
/// Strides are in elements. The view must not outlive the memory; a temporary matrix that owns its memory does not compile, a
/// block or a map does. Eigen's matrices, maps, refs and blocks convert to it.
///
///   Eigen::MatrixXf g(24, 128);
///   contrastive::matrix_view<float> first = g.topRows(12), second = g.bottomRows(12);
template <class T>
struct matrix_view {
  /// The type of an element.
  using value_type = std::remove_const_t<T>;

  T* data = nullptr;          ///< element (0, 0)
  index_type rows = 0;        ///< number of rows
  index_type cols = 0;        ///< number of columns
  index_type row_stride = 0;  ///< elements from a row to the next
  index_type col_stride = 1;  ///< elements from a column to the next

  /// A matrix of no elements.
  constexpr matrix_view() = default;
  /// Row-major, without gaps.
  constexpr matrix_view(T* first, index_type num_rows, index_type num_cols)
      : matrix_view(first, num_rows, num_cols, num_cols) {}
  /// At these strides.
  constexpr matrix_view(T* first, index_type num_rows, index_type num_cols, index_type between_rows,
                        index_type between_cols = 1)
      : data(first), rows(num_rows), cols(num_cols), row_stride(between_rows), col_stride(between_cols) {}

  /// Of an Eigen matrix, map, ref or block, or of anything with its members.
  template <class M>
  requires(strided_matrix<std::remove_reference_t<M>>&&
               std::convertible_to<decltype(std::declval<M&>().data()), T*>) constexpr matrix_view(M&& m)
      : matrix_view(m.data(), m.rows(), m.cols(), m.rowStride(), m.colStride()) {
    static_assert(detail::outlives_statement<M>,
                  "contrastive: a view does not keep the matrix that it looks at, and a temporary matrix is gone after the "
                  "statement: keep it in a variable");
  }
  /// The same elements, to be read only.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, value_type>) constexpr matrix_view(const matrix_view<U>& m)
      : matrix_view(m.data, m.rows, m.cols, m.row_stride, m.col_stride) {}

  /// Element (row, col).
  constexpr T& operator()(index_type row, index_type col) const { return data[row * row_stride + col * col_stride]; }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
