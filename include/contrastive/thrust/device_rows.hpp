// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Embeddings in the memory of the device that Thrust is compiled for. Nothing is owned.
#pragma once

#include <thrust/device_ptr.h>

#include <concepts>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/types.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

namespace detail {

/// A pointer of Thrust's that says which memory it points to, so not one that could lead anywhere on the host.
template <class Pointer, class T>
concept device_pointer = requires(const Pointer& p) {
  typename Pointer::raw_pointer;
  { p.get() } -> std::convertible_to<const T*>;
};
template <class Vector, class T>
concept device_storage = requires(const Vector& v) {
  { v.data() } -> device_pointer<T>;
  v.size();
};

template <class Pointer>
using pointee = std::remove_cv_t<std::remove_pointer_t<typename Pointer::raw_pointer>>;

}  // namespace detail

/// A matrix of embeddings, one row a sample: element (r, c) lies at data[r * row_stride + c] in device memory.
///
/// Made from a thrust::device_vector (or universal_vector) and a shape, or from one of Thrust's pointers; raw device memory
/// comes in by thrust::device_pointer_cast. A host vector or a plain pointer does not compile. The view must not outlive the
/// memory.
template <class T>
struct device_rows {
  const T* data = nullptr;     ///< element (0, 0), in device memory
  index_type rows = 0;         ///< number of rows
  index_type cols = 0;         ///< number of columns
  index_type row_stride = 0;   ///< elements from a row to the next
  bool needs_gradient = true;  ///< no_gradient says false

  /// A matrix of no elements.
  device_rows() = default;
  /// All of a vector of num_rows · num_cols elements, row after row; another size is refused by std::invalid_argument.
  template <detail::device_storage<T> Vector>
  device_rows(const Vector& elements, index_type num_rows, index_type num_cols)
      : device_rows(elements.data(), num_rows, num_cols) {
    if (static_cast<index_type>(elements.size()) != num_rows * num_cols)
      contrastive::detail::refuse("device_rows", "elements", std::to_string(num_rows) + " x " + std::to_string(num_cols),
                                  elements.size());
  }
  /// Does not compile: a temporary vector would be gone at once.
  template <class Vector>
  requires detail::device_storage<Vector, T> device_rows(const Vector&& elements, index_type num_rows, index_type num_cols)
  = delete;
  /// Rows without gaps.
  template <detail::device_pointer<T> Pointer>
  device_rows(Pointer first, index_type num_rows, index_type num_cols) : device_rows(first, num_rows, num_cols, num_cols) {}
  /// Rows at this stride.
  template <detail::device_pointer<T> Pointer>
  device_rows(Pointer first, index_type num_rows, index_type num_cols, index_type between_rows)
      : data(first.get()), rows(num_rows), cols(num_cols), row_stride(between_rows) {}
};

/// @cond
template <class Vector>
requires requires(const Vector& v) { v.data(), v.size(); }
device_rows(const Vector&, index_type, index_type)
    ->device_rows<detail::pointee<decltype(std::declval<const Vector&>().data())>>;
template <class Pointer>
requires(!requires(const Pointer& p) { p.data(); }) device_rows(Pointer, index_type, index_type)
->device_rows<detail::pointee<Pointer>>;
template <class Pointer>
device_rows(Pointer, index_type, index_type, index_type) -> device_rows<detail::pointee<Pointer>>;
/// @endcond

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Marks an embedding argument as fixed, such as a queue: its gradient is neither computed nor returned.
template <class T>
thrust_engine::device_rows<T> no_gradient(thrust_engine::device_rows<T> rows) {
  rows.needs_gradient = false;
  return rows;
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
