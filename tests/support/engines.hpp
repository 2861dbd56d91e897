// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CPU engine behind the kind of answer that all engines give, so that tests can lay one beside the other.
#pragma once

#include <contrastive/cpu/evaluator.hpp>
#include <cstring>
#include <support/any_loss.hpp>
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

/// The loss and its gradients; as views of bfloat16 too, for an evaluator of float. These are defined in on_cpu.cpp.
template <class T, class S>
const result<T>& call(evaluator<T>& evaluate, const any_loss& loss, const std::vector<matrix_view<const S>>& e);
/// The same with the gradients in the caller's memory.
template <class T>
const result<T>& call_into(evaluator<T>& evaluate, const std::vector<matrix_view<T>>& out, const any_loss& loss,
                           const views<T>& e);
/// The loss alone.
template <class T>
T value_on_cpu(evaluator<T>& evaluate, const any_loss& loss, const views<T>& e);

/// What a fresh evaluator gives.
template <class T>
answer on_cpu(const any_loss& loss, const views<T>& embeddings, const options& how = {}) {
  evaluator<T> evaluate(how);
  return widened(call(evaluate, loss, embeddings));
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
