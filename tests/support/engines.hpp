// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CPU engine behind the kind of answer that all engines give, so that tests can lay one beside the other.
#pragma once

#include <contrastive/cpu/evaluator.hpp>
#include <cstring>
#include <support/answer.hpp>
#include <vector>

namespace contrastive::testing {

template <class T>
answer widened(const result<T>& r) {
  answer a{static_cast<double>(r.loss),
           static_cast<double>(r.temperature_gradient),
           static_cast<double>(r.bias_gradient),
           r.valid_anchors,
           {},
           {}};
  for (const T l : r.per_anchor) a.per_anchor.push_back(static_cast<double>(l));
  for (const auto& g : r.gradients) a.gradients.push_back(g.template cast<double>());
  return a;
}

/// What the CPU engine gives.
template <class T, class L>
answer on_cpu(const L& loss, const views<T>& embeddings, const options& how = {}) {
  evaluator<T> evaluate(how);
  return widened(evaluate.value_and_gradient(loss, embeddings));
}

/// The loss alone, for up to three arguments.
template <class T, class L>
T value_on_cpu(evaluator<T>& evaluate, const L& loss, const views<T>& e) {
  if (e.size() == 1) return evaluate.value(loss, e[0]);
  if (e.size() == 2) return evaluate.value(loss, e[0], e[1]);
  return evaluate.value(loss, e.at(0), e.at(1), e.at(2));
}

/// Are two results the same bit for bit?
template <class T>
bool same_bits(const result<T>& a, const result<T>& b) {
  const auto same = [](const T* x, const T* y, std::size_t count) {
    return count == 0 || std::memcmp(x, y, count * sizeof(T)) == 0;
  };
  bool all = same(&a.loss, &b.loss, 1) && same(&a.temperature_gradient, &b.temperature_gradient, 1) &&
             same(&a.bias_gradient, &b.bias_gradient, 1) && a.valid_anchors == b.valid_anchors &&
             a.per_anchor.size() == b.per_anchor.size() &&
             same(a.per_anchor.data(), b.per_anchor.data(), a.per_anchor.size()) && a.gradients.size() == b.gradients.size();
  for (std::size_t g = 0; all && g < a.gradients.size(); ++g)
    all = a.gradients[g].rows() == b.gradients[g].rows() && a.gradients[g].cols() == b.gradients[g].cols() &&
          same(a.gradients[g].data(), b.gradients[g].data(), static_cast<std::size_t>(a.gradients[g].size()));
  return all;
}

}  // namespace contrastive::testing
