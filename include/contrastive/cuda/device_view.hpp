// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Matrices in the memory of a GPU. The type says so: what lies in the host's memory does not convert to it.
#pragma once

#include <contrastive/core/types.hpp>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
/// The losses on a GPU.
namespace cuda {

/// A matrix in device or managed memory: element (r, c) lies at data[r * row_stride + c * col_stride]. Nothing is owned, and
/// nothing of it can be read on the host.
template <class T>
struct device_matrix_view {
  /// The type of an element.
  using value_type = std::remove_const_t<T>;

  T* data = nullptr;          ///< element (0, 0)
  index_type rows = 0;        ///< number of rows
  index_type cols = 0;        ///< number of columns
  index_type row_stride = 0;  ///< elements from a row to the next
  index_type col_stride = 1;  ///< elements from a column to the next

  /// A matrix of no elements.
  constexpr device_matrix_view() = default;
  /// Row-major, without gaps.
  constexpr device_matrix_view(T* first, index_type num_rows, index_type num_cols)
      : device_matrix_view(first, num_rows, num_cols, num_cols) {}
  /// At these strides.
  constexpr device_matrix_view(T* first, index_type num_rows, index_type num_cols, index_type between_rows,
                               index_type between_cols = 1)
      : data(first), rows(num_rows), cols(num_cols), row_stride(between_rows), col_stride(between_cols) {}
  /// The same elements, to be read only.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, value_type>) constexpr device_matrix_view(const device_matrix_view<U>& m)
      : device_matrix_view(m.data, m.rows, m.cols, m.row_stride, m.col_stride) {}
};

/// An embedding argument on the device whose gradient is not wanted.
template <class T>
struct no_gradient_device_view {
  device_matrix_view<const T> rows;  ///< the argument
};

/// Marks an embedding argument as fixed: `enqueue(loss, out, q, k, no_gradient(queue), stream)`.
template <class T>
no_gradient_device_view<std::remove_const_t<T>> no_gradient(const device_matrix_view<T>& rows) {
  return {rows};
}

namespace detail {

template <class E>
struct device_argument_traits {  // not an embedding argument
  static constexpr bool valid = false;
  using scalar = void;
};
template <class T>
struct device_argument_traits<device_matrix_view<T>> {
  static constexpr bool valid = true, needs_gradient = true;
  using scalar = std::remove_const_t<T>;
  static device_matrix_view<const scalar> view(const device_matrix_view<T>& e) { return e; }
};
template <class T>
struct device_argument_traits<no_gradient_device_view<T>> {
  static constexpr bool valid = true, needs_gradient = false;
  using scalar = T;
  static device_matrix_view<const T> view(const no_gradient_device_view<T>& e) { return e.rows; }
};

}  // namespace detail
}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
