// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What one pair adds to the sums of a row, and its slope dl/dx once the row is finished: the mathematics that all engines but
// the naive one share.
#pragma once

#include <cmath>
#include <contrastive/engine/row/rule.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// Stands for θ = -∞, small enough for a float and still a number that others can be subtracted from.
inline constexpr double no_theta = -1e30;

/// The value and the derivative of own functions, for a rule that has none.
struct no_own_function {
  CONTRASTIVE_HOST_DEVICE double value(int, double) const { return 0; }
  CONTRASTIVE_HOST_DEVICE double slope(int, double) const { return 0; }
};

/// The rule itself where it has functions of its own.
template <class Rule>
CONTRASTIVE_HOST_DEVICE auto own_functions(const Rule& rule) {
  if constexpr (requires { rule.value(0, 0.0), rule.slope(0, 0.0); })
    return rule;
  else
    return no_own_function{};
}

/// Adds w g(x) to sum k; in the second stage also w dg/dθ to its derivative by θ.
template <class Own>
CONTRASTIVE_HOST_DEVICE void add_pair(const pair_term& t, int k, double arm, double w, double theta, log_sum_exp& sum,
                                      double& theta_slope, const Own& own) {
  if (w == 0) return;
  if (t.g == pair_function::own) {
    sum.sum += w * own.value(k, arm + t.offset);
    return;
  }
  const double y = argument_of(t.g, t.scale, t.offset, arm, theta);
  if (is_exponential(t.g)) return sum.add(y, w);
  sum.sum += w * value_of(t.g, y);
  if (t.second_stage) theta_slope += w * value_slope(t.g, y);  // y = θ - x
}

/// What a finished row multiplies the terms of sum k with. `level` is what their exponent is relative to: log S_k of an
/// exponential sum; θ in the second stage.
struct row_gain {
  double gain = 0, level = 0;
};

/// w gain g'(x), the part of dl/dx that sum k gives.
template <class Own>
CONTRASTIVE_HOST_DEVICE double pair_slope(const pair_term& t, int k, double arm, double w, const row_gain& of, const Own& own) {
  if (w == 0 || of.gain == 0) return 0;
  if (t.g == pair_function::own) return w * of.gain * own.slope(k, arm + t.offset);
  const double y = argument_of(t.g, t.scale, t.offset, arm, t.second_stage ? of.level : 0),
               slope = argument_slope(t.g, t.scale, t.offset, arm);
  return w * of.gain * slope * (is_exponential(t.g) ? std::exp(y - of.level) : value_slope(t.g, y));
}

/// The gain of sum k of a row whose loss counts `share` times.
CONTRASTIVE_HOST_DEVICE inline row_gain gain_of(const pair_term& t, const log_sum_exp& sum, double slope, double theta,
                                                double share) {
  if (is_exponential(t.g)) return sum.is_empty() ? row_gain{} : row_gain{share * slope, sum.log()};
  return {share * slope, t.second_stage ? theta : 0};
}

}  // namespace detail

/// How often a loss counts: once, or divided by the mass of all anchors.
CONTRASTIVE_HOST_DEVICE inline double share_of(reduction how, double total_mass) {
  return how == reduction::mean && total_mass > 0 ? 1 / total_mass : 1;
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
