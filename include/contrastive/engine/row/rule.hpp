// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A row rule: from the sums over the pairs of an anchor to its loss, its validity and the derivative by each sum.
#pragma once

#include <concepts>
#include <contrastive/engine/row/sums.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>
#include <cstddef>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// The sums of one anchor, as a rule reads them.
template <int K>
struct row_values {
  log_sum_exp parts[static_cast<std::size_t>(K)];         ///< exponential sums; of any other the value is in `sum`
  double theta_slopes[static_cast<std::size_t>(K)] = {};  ///< what theta_slope returns
  double batch_log_sum = 0;                               ///< what batch returns

  /// Has an exponential sum no pair?
  CONTRASTIVE_HOST_DEVICE bool empty(int k) const { return parts[k].is_empty(); }
  /// log S_k of an exponential sum that is not empty.
  CONTRASTIVE_HOST_DEVICE double log(int k) const { return parts[k].log(); }
  /// S_k of any other.
  CONTRASTIVE_HOST_DEVICE double operator[](int k) const { return parts[k].sum; }
  /// dS_k/dθ of a sum of the second stage.
  CONTRASTIVE_HOST_DEVICE double theta_slope(int k) const { return theta_slopes[k]; }
  /// log Σ e^(batch_term), over the anchors that the rule's batch_anchors() says.
  CONTRASTIVE_HOST_DEVICE double batch() const { return batch_log_sum; }
};

/// What a rule makes of the sums of an anchor.
template <int K>
struct row_result {
  double loss = 0;         ///< l_i
  double mass = 0;         ///< what `mean` divides by; 0: the anchor is not valid, its loss and slopes are 0
  double reference = 0;    ///< a number near the logits that count: the temperature's gradient is summed relative to it
  double residual = 0;     ///< Σ_j dl/dx_ij in closed form, needed where reference is not 0
  double temperature = 0;  ///< dl/dτ at constant sums
  double slopes[static_cast<std::size_t>(K)] =
      {};  ///< dl/d(log S_k) of exponential sums, dl/dS_k of the others; dθ/dS_k is within them
};

/// What a rule says of itself.
struct rule_statements {
  bool balanced = false;  ///< Σ_j dl/dx_ij = 0 for every anchor, whatever the sums: b has no gradient
};

/// A row rule, a small trivially copyable struct:
///
///   static constexpr auto sums = row_sums(...)     the sums, at most four
///   row_result<K> finish(const S& s) const         from the sums s (see row_values) to the row's result; a template in S
///
/// and, where it needs them,
///
///   static constexpr rule_statements says{...}
///   double parameter(int k) const                  β or m of sum k
///   double theta(const S& s) const                 θ of the second stage, from the sums of the first; dθ/dS_k goes into slopes
///   double value(int k, double x) const, double slope(int k, double x) const       of a sum with own_of
///   bool uses_batch() const; index_type batch_anchors() const; double batch_term(const S& s) const
///                                                  s.batch() is log Σ e^(batch_term) over the first anchors; finish looks
///                                                  at batch_term(s) - s.batch(), through which no gradient flows
template <class R>
concept row_rule = std::is_trivially_copyable_v<R> && requires(const R& r, const row_values<R::sums.size>& s) {
  { r.finish(s) } -> std::same_as<row_result<R::sums.size>>;
};

/// l_i = (Σ_j P_ij) log S_0 - S_1, S_0 = Σ_j D_ij e^x_ij, S_1 = Σ_j P_ij x_ij; with `average` each P_ij is divided by Σ_j P_ij.
struct mean_log {
  bool average = false;  ///< the mean over the positives instead of their sum

  /// What is summed.
  static constexpr auto sums = row_sums(exp_of(weight::D), x_of(weight::P), weight_of(weight::P));
  /// A shift of all logits changes nothing.
  static constexpr rule_statements says{.balanced = true};

  /// From the sums to loss and slopes.
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s.empty(0) || s[2] == 0) return {};
    const double log_z = s.log(0), all = average ? 1 : s[2], each = average ? 1 / s[2] : 1;
    return {.loss = all * log_z - each * s[1], .mass = 1, .reference = s[1] / s[2], .slopes = {all, -each, 0}};
  }
};

/// l_i = log S_0 - log S_1, S_0 = Σ_j D_ij e^x_ij, S_1 = Σ_j P_ij e^x_ij; with `average` each P_ij is divided by Σ_j P_ij.
struct log_sum {
  bool average = false;  ///< the mean over the positives instead of their sum

  /// What is summed.
  static constexpr auto sums = row_sums(exp_of(weight::D), exp_of(weight::P), weight_of(weight::P));
  /// A shift of all logits changes nothing.
  static constexpr rule_statements says{.balanced = true};

  /// From the sums to loss and slopes.
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s.empty(0) || s.empty(1)) return {};
    const double log_z = s.log(0), log_p = s.log(1) - (average ? std::log(s[2]) : 0);
    return {.loss = log_z - log_p, .mass = 1, .reference = log_z, .slopes = {1, -1, 0}};
  }
};

namespace detail {

template <row_rule R>
constexpr rule_statements rule_says() {
  if constexpr (requires { R::says; }) return R::says;
  return {};
}
template <class R>
concept has_batch = requires(const R& r, const row_values<R::sums.size>& s) {
  { r.uses_batch() } -> std::convertible_to<bool>;
  { r.batch_anchors() } -> std::convertible_to<index_type>;
  { r.batch_term(s) } -> std::convertible_to<double>;
};

/// Sum k of a rule for this temperature and bias.
template <row_rule R>
CONTRASTIVE_HOST_DEVICE pair_term term_of(const R& rule, int k, row_sum sum, double temperature, double bias) {
  pair_term t{sum.of, sum.g, sum.second_stage, 1, bias, 0};
  if constexpr (requires { rule.parameter(0); }) {
    if (sum.g == pair_function::exponential) t.scale = rule.parameter(k);
    if (sum.g == pair_function::clipped_exponential || sum.g == pair_function::clipped_logit)
      t.margin = rule.parameter(k) / temperature, t.offset = bias - t.margin;
  }
  return t;
}

/// θ of the second stage; a large negative number where it is -∞.
template <row_rule R, class S>
CONTRASTIVE_HOST_DEVICE double theta_of(const R& rule, const S& s) {
  if constexpr (requires { rule.theta(s); })
    return rule.theta(s);
  else
    return 0;
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
