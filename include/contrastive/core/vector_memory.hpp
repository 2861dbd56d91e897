// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Where the elements of somebody's vector lie: what the views of labels and of weights are made from.
#pragma once

#include <contrastive/core/errors.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <iterator>
#include <string>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// A std::vector, std::array, span or C array (contiguous, of one dimension), or a matrix at known strides, which has to be of
/// one row or one column.
template <class V>
concept vector_in_memory = strided_matrix<V> || requires(V& v) {
  std::data(v);
  std::size(v);
  requires std::contiguous_iterator<decltype(std::begin(v))>;
};

template <class V>
requires vector_in_memory<std::remove_reference_t<V>>
using vector_element = std::remove_cvref_t<decltype(*std::data(std::declval<V&>()))>;

/// Element i lies at first[i * stride].
template <class Element>
struct vector_memory {
  const Element* first;
  index_type size, stride;
};

/// `who` and `what` name the view and its elements in the refusal of a matrix of more rows and columns than one.
template <class V>
constexpr vector_memory<vector_element<V>> vector_memory_of(const char* who, const char* what, V&& v) {
  static_assert(outlives_statement<V>,
                "contrastive: labels, ids and weights are looked at, not copied, and a temporary is gone before the loss reads "
                "it: keep them in a variable");
  if constexpr (strided_matrix<std::remove_reference_t<V>>) {
    const index_type rows = v.rows(), cols = v.cols();
    if (rows > 1 && cols > 1)
      refuse(who, what, "a vector, one row or one column", '(' + std::to_string(rows) + ", " + std::to_string(cols) + ')');
    return {v.data(), rows * cols, cols == 1 ? v.rowStride() : v.colStride()};
  } else {
    return {std::data(v), static_cast<index_type>(std::size(v)), 1};
  }
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
