// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The functions of a loss, whatever its type: the weights of pairs, and what a row rule makes of sums.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <functional>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace naive {
namespace detail {

using sums = row_values<most_row_sums>;

struct row_loss {
  double loss = 0, mass = 0;
};

/// The weights of a loss and its row rule behind functions, so that the engine is compiled once and not for each loss.
struct pair_law {
  std::function<double(index_type, index_type)> denominator, positive;
  std::function<double(index_type)> constant;  // of an anchor's loss
};
struct row_law {
  int size = 0;
  row_sum sum[most_row_sums];
  double parameter[most_row_sums] = {};  // β or m
  std::function<row_loss(const sums&)> finish;
  std::function<double(const sums&)> theta;
  std::function<double(int, double)> value;  // of own functions
  std::function<double(const sums&)> batch_term;
  index_type batch_anchors = 0;
};

/// The sums of a rule that has K.
template <int K>
row_values<K> first_sums(const sums& s) {
  row_values<K> first;
  for (int k = 0; k < K; ++k) first.parts[k] = s.parts[k], first.theta_slopes[k] = s.theta_slopes[k];
  first.batch_log_sum = s.batch_log_sum;
  return first;
}

template <row_rule R>
row_law law_of_rule(const R& rule) {
  constexpr int K = R::sums.size;
  row_law law;
  law.size = K;
  for (int k = 0; k < K; ++k) {
    law.sum[k] = R::sums[k];
    law.parameter[k] = law.sum[k].g == pair_function::exponential ? 1 : 0;
    if constexpr (requires { rule.parameter(0); }) law.parameter[k] = rule.parameter(k);
  }
  law.finish = [rule](const sums& s) {
    const row_result<K> r = rule.finish(first_sums<K>(s));
    return row_loss{r.loss, r.mass};
  };
  // Not K: the device compiler of nvcc 13.0 ends with a segmentation fault where parameters of `requires` name a local
  // constant.
  if constexpr (requires(const row_values<R::sums.size>& s) { rule.theta(s); })
    law.theta = [rule](const sums& s) { return static_cast<double>(rule.theta(first_sums<K>(s))); };
  if constexpr (requires { rule.value(0, 0.0); })
    law.value = [rule](int k, double x) { return static_cast<double>(rule.value(k, x)); };
  if constexpr (contrastive::detail::has_batch<R>)
    if (rule.uses_batch()) {
      law.batch_anchors = rule.batch_anchors();
      law.batch_term = [rule](const sums& s) { return static_cast<double>(rule.batch_term(first_sums<K>(s))); };
    }
  return law;
}
template <loss_function L>
row_law law_of(const L& loss, const argument_shapes& shapes) {
  return contrastive::detail::with_rule(loss, shapes, [](const auto& rule) { return law_of_rule(rule); });
}

}  // namespace detail
}  // namespace naive
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
