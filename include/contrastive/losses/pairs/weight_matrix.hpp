// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Weights of pairs that the caller keeps in a matrix.
#pragma once

#include <cmath>
#include <concepts>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Weights of pairs from memory, float whatever the embeddings are: a matrix with a row for each anchor, at any strides.
/// A temporary matrix does not compile.
struct weight_matrix {
  matrix_view<const float> values;   ///< w_ij, a row an anchor
  index_type first_anchor = 0;       ///< of several ranks: the anchor of row 0
  index_type anchors_elsewhere = 0;  ///< and how many have no row here

  /// Of no pairs.
  weight_matrix() = default;
  /// What this matrix of float holds.
  template <class M>
  requires embedding_argument<std::remove_cvref_t<M>> weight_matrix(M&& m) {
    if constexpr (std::convertible_to<M, matrix_view<const float>>)
      values = std::forward<M>(m);
    else
      static_assert(sizeof(M) == 0,
                    "contrastive: weights are a matrix of float, whatever the embeddings are: keep weights.cast<float>() in a "
                    "variable");
  }

  /// w_ij of anchor i and column j.
  CONTRASTIVE_HOST_DEVICE float operator()(index_type i, index_type column) const {
    return values.data[(i - first_anchor) * values.row_stride + column * values.col_stride];
  }
  /// Times factor, of `count` successive columns.
  template <class T>
  CONTRASTIVE_HOST_DEVICE void row(index_type i, index_type first, index_type count, double factor, T* out) const {
    const float* from = values.data + (i - first_anchor) * values.row_stride + first * values.col_stride;
#if !defined(__CUDA_ARCH__)
    if constexpr (std::is_same_v<T, float>)
      if (values.col_stride == 1 && factor == 1) {
        std::memcpy(out, from, static_cast<std::size_t>(count) * sizeof(float));
        return;
      }
#endif
    for (index_type c = 0; c < count; ++c, from += values.col_stride) out[c] = static_cast<T>(*from) * static_cast<T>(factor);
  }
  /// Refuses other shapes, and where `look` says so what is no weight; with `but_diagonal` the diagonal is not looked at.
  void check(const char* who, const std::string& what, index_type num_anchors, index_type num_columns, bool but_diagonal,
             bool look) const {
    const bool fits = values.cols == num_columns && values.data != nullptr;
    if (values.rows + anchors_elsewhere != num_anchors || (!fits && (values.rows > 0 || anchors_elsewhere == 0)))
      detail::refuse(who, what,
                     '(' + std::to_string(num_anchors - anchors_elsewhere) + ", " + std::to_string(num_columns) + ")",
                     '(' + std::to_string(values.rows) + ", " + std::to_string(values.cols) + ")");
    for (index_type i = first_anchor; look && i < first_anchor + values.rows; ++i) {
      if (all_weights(i, num_columns)) continue;
      for (index_type c = 0; c < num_columns; ++c)
        if (const float w = (*this)(i, c); !is_weight(w) && !(but_diagonal && c == i))
          detail::refuse(who, what + '(' + std::to_string(i) + ", " + std::to_string(c) + ")", "a finite weight of at least 0",
                         w);
    }
  }

 private:
  static bool is_weight(float w) { return w >= 0 && w <= 3.4e38f; }
  /// A quick look at a whole row, four sums at a time: Σ 0 · w is NaN where one is not finite, and Σ (w - |w|) negative where
  /// one is.
  bool all_weights(index_type i, index_type num_columns) const {
    const float* row = values.data + (i - first_anchor) * values.row_stride;
    float below[4] = {}, beyond[4] = {};
    index_type c = 0;
    for (; c + 4 <= num_columns; c += 4)
      for (int part = 0; part < 4; ++part) {
        const float w = row[(c + part) * values.col_stride];
        below[part] += w - std::fabs(w), beyond[part] += 0 * w;
      }
    for (; c < num_columns; ++c) {
      const float w = row[c * values.col_stride];
      below[0] += w - std::fabs(w), beyond[0] += 0 * w;
    }
    const float all_below = (below[0] + below[1]) + (below[2] + below[3]),
                all_beyond = (beyond[0] + beyond[1]) + (beyond[2] + beyond[3]);
    return all_below >= 0 && all_beyond == 0;
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
