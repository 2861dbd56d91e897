// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What may stand as an embedding argument of a call.
#pragma once

#include <array>
#include <contrastive/core/matrix_view.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// An embedding argument whose gradient is not wanted, such as a queue: it is neither computed nor returned
/// (its entry in `gradients` is an empty matrix).
template <class T>
struct no_gradient_view {
  matrix_view<const T> rows;  ///< the argument
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

/// A floating point type of 16 bits, such as Eigen::half and Eigen::bfloat16.
template <class S>
concept half_scalar = sizeof(S) == 2 && !std::is_integral_v<S> && requires(const S& s) {
  static_cast<float>(s);
};

/// One of those with the exponent of a float and 8 bits: Eigen::bfloat16.
template <class S>
inline constexpr bool is_bfloat16 = half_scalar<S>&& std::numeric_limits<S>::digits == 8;

/// The scalar that embeddings of type S are computed in: itself, and float for 16 bits.
template <class S>
struct computed_in {
  using type = S;
};
template <half_scalar S>
struct computed_in<S> {
  using type = float;
};

/// An argument as an engine sees it: rows of some scalar type that it reads, a run of elements at a time, as T.
template <class T>
struct argument {
  const void* data = nullptr;
  index_type rows = 0, cols = 0;
  index_type row_stride = 0, col_stride = 1;
  bool needs_gradient = true;
  void (*read_elements)(const void* data, index_type first, index_type stride, index_type count, T* out) = nullptr;
  index_type first_row = 0;  // of `data`
  bool replicated = false;   // the same on all ranks, see distributed::replicated

  /// out[0 … count) = elements (row, col) … (row, col + count - 1).
  void read(index_type row, index_type col, index_type count, T* out) const {
    read_elements(data, (first_row + row) * row_stride + col * col_stride, col_stride, count, out);
  }
};

template <class T, class S>
argument<T> argument_of(const matrix_view<const S>& view, bool needs_gradient) {
  return {view.data,
          view.rows,
          view.cols,
          view.row_stride,
          view.col_stride,
          needs_gradient,
          [](const void* data, index_type first, index_type stride, index_type count, T* out) {
            const S* from = static_cast<const S*>(data) + first;
            index_type k = 0;
            if constexpr (std::is_same_v<T, S>)
              if (stride == 1) {
                std::memcpy(out, from, static_cast<std::size_t>(count) * sizeof(T));
                return;
              }
            if constexpr (std::is_same_v<T, float> && is_bfloat16<S>)
              if (stride == 1)
                for (; k + 8 <= count; k += 8) {  // the upper halves of floats; so many at a time that compilers take vectors
                  std::uint16_t halves[8];
                  std::uint32_t whole[8];
                  std::memcpy(halves, from + k, sizeof halves);
                  for (int l = 0; l < 8; ++l) whole[l] = std::uint32_t{halves[l]} << 16;
                  std::memcpy(out + k, whole, sizeof whole);
                }
            for (; k < count; ++k) out[k] = static_cast<T>(from[k * stride]);
          }};
}

}  // namespace detail

/// A matrix of embeddings, one row a sample: an Eigen matrix, map, ref or block (not an expression) or a matrix_view.
template <class E>
concept embedding_argument = detail::argument_traits<E>::valid;

namespace detail {

template <class E>
using scalar_of = typename argument_traits<E>::scalar;

/// The scalar type that an argument is computed in.
template <class E>
using computed_scalar_of = typename computed_in<scalar_of<E>>::type;

template <embedding_argument E>
argument<computed_scalar_of<E>> as_argument(const E& e) {
  auto a = argument_of<computed_scalar_of<E>>(argument_traits<E>::view(e), argument_traits<E>::needs_gradient);
  if constexpr (requires { argument_traits<E>::replicated(e); }) a.replicated = argument_traits<E>::replicated(e);
  return a;
}

}  // namespace detail

namespace detail {

/// The matrix type that an argument of a call brings: itself, and that of the elements for a std::vector, which stands for all
/// of its matrices.
template <class E>
struct matrix_of_argument {
  using type = E;
};
template <class E>
struct matrix_of_argument<std::vector<E>> {
  using type = E;
};
template <class E>
using matrix_of = typename matrix_of_argument<E>::type;
template <class E>
inline constexpr bool is_vector = !std::is_same_v<matrix_of<E>, E>;

/// The arguments of a call in order: an array, or a vector where their number is known only at run time.
template <class T, class... E>
auto arguments_of(const E&... embeddings) {
  if constexpr ((is_vector<E> || ...)) {
    std::vector<argument<T>> all;
    const auto append = [&all](const auto& e) {
      if constexpr (is_vector<std::remove_cvref_t<decltype(e)>>)
        for (const auto& matrix : e) all.push_back(as_argument(matrix));
      else
        all.push_back(as_argument(e));
    };
    (append(embeddings), ...);
    return all;
  } else {
    return std::array<argument<T>, sizeof...(E)>{as_argument(embeddings)...};
  }
}

}  // namespace detail

/// Marks an embedding argument as fixed: `value_and_gradient(loss, q, k, no_gradient(queue))`. A temporary matrix,
/// `no_gradient(MatrixXf(…))`, lives for the call that it is passed to.
template <embedding_argument E>
no_gradient_view<detail::scalar_of<E>> no_gradient(const E& rows) {
  return {detail::argument_traits<E>::view(rows)};
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
