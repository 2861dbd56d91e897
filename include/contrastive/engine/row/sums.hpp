// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The sums over the pairs of a row that a rule can ask for, and the functions of the logit that they add up.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/numeric/softplus.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Which weights a sum takes.
enum class weight {
  D,  ///< denominator(i, j)
  P   ///< positive(i, j)
};

/// The function g that a sum adds up, of the logit x = s / τ + b. β and m are what the rule's parameter(k) returns.
enum class pair_function {
  exponential,          ///< e^(β x), β ≥ 0; 1 where the rule has no parameter(k)
  clipped_exponential,  ///< e^max(0, (s - m) / τ + b); m = 0 where the rule has no parameter(k)
  logit,                ///< x
  clipped_logit,        ///< min(0, (s - m) / τ + b)
  one,                  ///< 1
  softplus,             ///< log(1 + e^x)
  softplus_of_minus,    ///< log(1 + e^-x); in the second stage log(1 + e^(θ - x)), θ what the rule's theta(sums) returns
  own                   ///< value(k, x) of the rule, with the derivative slope(k, x)
};

/// One sum S_k(i) = Σ_j w_k(i, j) g_k(x_ij).
struct row_sum {
  weight of = weight::D;                 ///< w_k
  pair_function g = pair_function::one;  ///< g_k
  bool second_stage = false;             ///< depends on θ, which depends on the sums of the first stage
};

/// Σ_j w_ij e^(β x_ij), β = parameter(k), or 1.
constexpr row_sum exp_of(weight w) { return {w, pair_function::exponential}; }
/// Σ_j w_ij e^max(0, (s_ij - m) / τ + b), m = parameter(k), or 0.
constexpr row_sum clipped_exp_of(weight w) { return {w, pair_function::clipped_exponential}; }
/// Σ_j w_ij x_ij.
constexpr row_sum x_of(weight w) { return {w, pair_function::logit}; }
/// Σ_j w_ij min(0, (s_ij - m) / τ + b), m = parameter(k), or 0.
constexpr row_sum clipped_x_of(weight w) { return {w, pair_function::clipped_logit}; }
/// Σ_j w_ij.
constexpr row_sum weight_of(weight w) { return {w, pair_function::one}; }
/// Σ_j w_ij log(1 + e^x_ij).
constexpr row_sum softplus_of(weight w) { return {w, pair_function::softplus}; }
/// Σ_j w_ij log(1 + e^-x_ij).
constexpr row_sum softplus_of_minus(weight w) { return {w, pair_function::softplus_of_minus}; }
/// Σ_j w_ij value(k, x_ij), value a function of the rule.
constexpr row_sum own_of(weight w) { return {w, pair_function::own}; }
/// Σ_j w_ij log(1 + e^(θ_i - x_ij)).
constexpr row_sum softplus_above_theta(weight w) { return {w, pair_function::softplus_of_minus, true}; }

/// As many sums may a rule have.
constexpr int most_row_sums = 4;

/// The sums of a rule, made by row_sums.
template <int K>
struct row_sum_list {
  static_assert(K >= 1 && K <= most_row_sums, "contrastive: a row rule has one to four sums");
  static constexpr int size = K;             ///< the number of sums
  row_sum sum[static_cast<std::size_t>(K)];  ///< S_0 to S_{K-1}

  /// Sum k.
  CONTRASTIVE_HOST_DEVICE constexpr const row_sum& operator[](int k) const { return sum[k]; }
  /// Is there a sum of the second stage?
  constexpr bool has_second_stage() const {
    for (const row_sum& s : sum)
      if (s.second_stage) return true;
    return false;
  }
};

/// The sums of a rule: static constexpr auto sums = row_sums(exp_of(weight::D), x_of(weight::P)).
template <class... Sums>
constexpr row_sum_list<sizeof...(Sums)> row_sums(Sums... sums) {
  return {{sums...}};
}

/// Is the sum kept as a log-sum-exp?
CONTRASTIVE_HOST_DEVICE constexpr bool is_exponential(pair_function g) {
  return g == pair_function::exponential || g == pair_function::clipped_exponential;
}

/// A sum as an engine evaluates it. Engines know pairs by the part of the logit that 1 / τ multiplies, the arm s / τ.
struct pair_term {
  weight of = weight::D;                 ///< w_k
  pair_function g = pair_function::one;  ///< g_k
  bool second_stage = false;             ///< depends on θ
  double scale = 1;                      ///< β
  double offset = 0;                     ///< added to the arm: b - m / τ
  double margin = 0;                     ///< m / τ, which 1 / τ multiplies too
};

namespace detail {

/// y, of which g is e^y, y or log(1 + e^y).
template <class T>
CONTRASTIVE_HOST_DEVICE T argument_of(pair_function g, T scale, T offset, T arm, T theta = 0) {
  const T x = arm + offset;
  switch (g) {
    case pair_function::exponential:
      return scale * x;
    case pair_function::clipped_exponential:
      return x > 0 ? x : T(0);
    case pair_function::clipped_logit:
      return x < 0 ? x : T(0);
    case pair_function::softplus_of_minus:
      return theta - x;
    default:
      return x;
  }
}
/// dy/dx. At the edge of a clip the derivative is that of the side which is not clipped.
template <class T>
CONTRASTIVE_HOST_DEVICE T argument_slope(pair_function g, T scale, T offset, T arm) {
  const T x = arm + offset;
  switch (g) {
    case pair_function::exponential:
      return scale;
    case pair_function::clipped_exponential:
      return x >= 0 ? T(1) : T(0);
    case pair_function::clipped_logit:
      return x <= 0 ? T(1) : T(0);
    case pair_function::one:
      return 0;
    case pair_function::softplus_of_minus:
      return -1;
    default:
      return 1;
  }
}
/// g(y) of what is no exponential.
template <class T>
CONTRASTIVE_HOST_DEVICE T value_of(pair_function g, T y) {
  switch (g) {
    case pair_function::one:
      return 1;
    case pair_function::softplus:
    case pair_function::softplus_of_minus:
      return contrastive::softplus(y);
    default:
      return y;
  }
}
/// dg/dy of the same.
template <class T>
CONTRASTIVE_HOST_DEVICE T value_slope(pair_function g, T y) {
  switch (g) {
    case pair_function::softplus:
    case pair_function::softplus_of_minus:
      return contrastive::sigmoid(y);
    default:
      return 1;
  }
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
