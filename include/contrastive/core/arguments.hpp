// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What may stand as an embedding argument of a call.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <type_traits>
#include <utility>

namespace contrastive {

/// An embedding argument whose gradient is not wanted, such as a queue: it is neither computed nor returned
/// (its entry in `gradients` is an empty matrix).
template <class T>
struct no_gradient_view {
  matrix_view<const T> rows;
};

namespace detail {

template <class T>
using const_view = matrix_view<const std::remove_cv_t<T>>;

template <class E>
struct argument_traits {  // not an embedding argument
  static constexpr bool valid = false;
};
template <strided_matrix E>
  requires std::is_pointer_v<decltype(std::declval<const E&>().data())>
struct argument_traits<E> {
  static constexpr bool valid = true, needs_gradient = true;
  using scalar = std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const E&>().data())>>;
  static matrix_view<const scalar> view(const E& e) { return e; }
};
template <class T>
struct argument_traits<matrix_view<T>> {
  static constexpr bool valid = true, needs_gradient = true;
  using scalar = std::remove_const_t<T>;
  static matrix_view<const scalar> view(const matrix_view<T>& e) { return e; }
};
template <class T>
struct argument_traits<no_gradient_view<T>> {
  static constexpr bool valid = true, needs_gradient = false;
  using scalar = T;
  static matrix_view<const scalar> view(const no_gradient_view<T>& e) { return e.rows; }
};

/// An argument as an engine sees it.
template <class T>
struct argument {
  matrix_view<const T> rows;
  bool needs_gradient = true;
};

}  // namespace detail

/// A matrix of embeddings, one row a sample: an Eigen matrix, map, ref or block (not an expression) or a matrix_view.
template <class E>
concept embedding_argument = detail::argument_traits<E>::valid;

namespace detail {

template <class E>
using scalar_of = typename argument_traits<E>::scalar;

template <embedding_argument E>
argument<scalar_of<E>> as_argument(const E& e) {
  return {argument_traits<E>::view(e), argument_traits<E>::needs_gradient};
}

}  // namespace detail

/// Marks an embedding argument as fixed: `value_and_gradient(loss, q, k, no_gradient(queue))`.
template <embedding_argument E>
no_gradient_view<detail::scalar_of<E>> no_gradient(const E& rows) {
  return {detail::argument_traits<E>::view(rows)};
}

}  // namespace contrastive
