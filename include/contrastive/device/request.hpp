// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a call asks of the tile engine, and the products that the engine asks of a machine.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// out (rows, columns) = scale · left · right, or += that; all row-major. Transposed, the memory holds the transpose:
/// left (depth, rows), right (columns, depth).
template <class In, class Out>
struct product {
  index_type rows, columns, depth;
  const In* left;
  index_type left_stride;
  bool left_transposed;
  const In* right;
  index_type right_stride;
  bool right_transposed;
  double scale;
  bool add;
  Out* out;
  index_type out_stride;
};

/// One embedding argument of a call.
template <class S, class G>
struct argument {
  matrix_view<const S> rows;
  bool needs_gradient = true;
  matrix_view<G> gradient = {};  // without memory: not wanted

  bool wants_gradient() const { return needs_gradient && gradient.data != nullptr; }
};

/// What is to be computed and where it goes; S are the embeddings, T the numbers that they are computed in, G the gradients.
template <class S, class T, class G>
struct request {
  const argument<S, G>* arguments = nullptr;
  int count = 0;
  contrastive::detail::row_ranges ranges = {};
  double temperature = 1;
  double bias = 0;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  bool both_ways = false;
  bool learns_bias = false;         // else its gradient is 0
  weight_view anchor_weights = {};  // in the device's memory; empty: all 1

  // What is null is not wanted.
  T* loss = nullptr;
  T* temperature_gradient = nullptr;
  T* bias_gradient = nullptr;
  index_type* valid_anchors = nullptr;
  T* per_anchor = nullptr;

  bool wants_gradient() const {
    bool any = temperature_gradient != nullptr || bias_gradient != nullptr;
    for (int a = 0; a < count; ++a) any = any || arguments[a].wants_gradient();
    return any;
  }
};

/// The part of a request that a loss says, for arguments in these ranges.
template <class S, class T, class G, class L>
request<S, T, G> request_of(const L& loss, const argument<S, G>* arguments, int count,
                            const contrastive::detail::row_ranges& ranges) {
  request<S, T, G> r;
  r.arguments = arguments, r.count = count, r.ranges = ranges;
  r.temperature = loss.temperature, r.bias = contrastive::detail::bias_of(loss);
  r.similarity = loss.similarity, r.reduction = loss.reduction;
  r.both_ways = loss.arrangement == arrangement::both_ways;
  r.learns_bias = contrastive::detail::has_bias<L>, r.anchor_weights = contrastive::detail::anchor_weights_of(loss);
  return r;
}

/// Rows and columns of the tile of products. What a sum rounds to depends on them, so that they are the same on every GPU.
struct tile_size {
  // No larger than the problem. Large products are the faster ones: on an H100 an nt_xent of 32768 bfloat16 rows of 512 took
  // 8.4 ms with these, 9.8 with 4096 x 4096, and 12.9 with 2048 x 2048, which the second-level cache holds.
  index_type rows = 8192;
  index_type columns = 8192;
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
