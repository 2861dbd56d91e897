// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One kind of answer for all engines, and what the definition answers. For nvcc too: no CPU engine.
#pragma once

#include <contrastive/engine/naive.hpp>
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
template <class L, class T>
answer by_definition(const L& loss, const views<T>& embeddings) {
  const naive::outcome out = naive::evaluate(loss, embeddings.data(), static_cast<int>(embeddings.size()));
  answer a{out.loss, out.temperature_gradient, out.bias_gradient, out.valid_anchors, {}, {}};
  if (loss.reduction == reduction::none) a.per_anchor = out.per_anchor;
  for (std::size_t e = 0; e < embeddings.size(); ++e)
    a.gradients.push_back(Eigen::Map<const matrix<double>>(out.gradients[e].data(), embeddings[e].rows, embeddings[e].cols));
  return a;
}

}  // namespace contrastive::testing
