// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The definition of a loss behind the kind of answer that all engines give.
#pragma once

#include <contrastive/engine/naive.hpp>
#include <support/answer.hpp>

namespace contrastive::testing {

template <class L, class T>
answer naive_answer(const L& loss, const views<T>& embeddings) {
  const naive::outcome out = naive::evaluate(loss, embeddings.data(), static_cast<int>(embeddings.size()));
  answer a{out.loss, out.temperature_gradient, out.bias_gradient, out.valid_anchors, {}, {}};
  if (loss.reduction == reduction::none) a.per_anchor = out.per_anchor;
  for (std::size_t e = 0; e < embeddings.size(); ++e)
    a.gradients.push_back(Eigen::Map<const matrix<double>>(out.gradients[e].data(), embeddings[e].rows, embeddings[e].cols));
  return a;
}

}  // namespace contrastive::testing
