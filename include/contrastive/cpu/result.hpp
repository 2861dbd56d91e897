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
  /// The type of a gradient.
  using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  T loss = 0;                     ///< in nats, reduced as the loss says
  std::vector<matrix> gradients;  ///< dloss/d(argument), one an embedding argument, of its shape; empty under no_gradient
  T temperature_gradient = 0;     ///< dloss/dτ
  T bias_gradient = 0;            ///< dloss/db of a loss with a learned `bias`, else 0
  std::vector<T> per_anchor;      ///< with reduction::none the loss of each anchor, else empty
  index_type valid_anchors = 0;   ///< anchors of a mass above 0, most often those that have a positive; `mean` divides by the
                                  ///< sum of masses, nearly always this
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
