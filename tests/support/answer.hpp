// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One kind of answer for all engines, and what the definition answers. For nvcc too: no CPU engine.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {

template <class T>
using views = std::vector<matrix_view<const T>>;

/// A result in double, whoever gave it.
struct answer {
  double loss = 0;
  double temperature_gradient = 0;
  double bias_gradient = 0;
  index_type valid_anchors = 0;
  std::vector<double> per_anchor;  // empty unless the reduction is none
  std::vector<matrix<double>> gradients;
};

/// What the definition gives, pair by pair, in double.
}  // namespace contrastive::testing
