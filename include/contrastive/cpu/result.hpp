// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a call on the CPU returns.
#pragma once

#include <Eigen/Core>
#include <contrastive/core/types.hpp>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Loss and gradients of one call.
template <class T>
struct result {
  using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  T loss = 0;                     ///< in nats, reduced as the loss says
  std::vector<matrix> gradients;  ///< dloss/d(argument), one an embedding argument, of its shape
  T temperature_gradient = 0;     ///< dloss/dτ
  std::vector<T> per_anchor;      ///< with reduction::none the loss of each anchor, else empty
  index_type valid_anchors = 0;   ///< anchors that have a positive: what `mean` divides by
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
