// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The sums of a rule as kernels evaluate them, and what the slopes of a finished anchor are multiplied with.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/engine/row/pairs.hpp>
#include <limits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

// Kernels may read constants, but not call what the standard library computes them by.
inline constexpr double largest_double = std::numeric_limits<double>::max();
template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();
/// Stands in a tile for the product of a pair that is in none of its sums: where all exponents are small, e^y of it is 0 and
/// the product itself no infinity, so that nobody needs to ask. Else no function g is asked of it.
template <class T>
inline constexpr T excluded = static_cast<T>(-0x1p100);

/// Calls visit.operator()<k>() for each sum of a rule, so that k is a constant.
template <class Rule, class Visit>
CONTRASTIVE_HOST_DEVICE void each_sum(const Visit& visit) {
  [&]<int... k>(std::integer_sequence<int, k...>) { (visit.template operator()<k>(), ...); }
  (std::make_integer_sequence<int, Rule::sums.size>{});
}

/// Has the rule a sum with these weights, in this stage?
template <class Rule>
constexpr bool has_sum(weight of, bool second_stage) {
  for (const row_sum& s : Rule::sums.sum)
    if (s.of == of && s.second_stage == second_stage) return true;
  return false;
}
/// Has it one of exponentials?
template <class Rule>
CONTRASTIVE_HOST_DEVICE constexpr bool has_exponential(weight of) {
  for (const row_sum& s : Rule::sums.sum)
    if (s.of == of && is_exponential(s.g)) return true;
  return false;
}
/// Has it one that changes with the logit?
template <class Rule>
constexpr bool has_slope(weight of) {
  for (const row_sum& s : Rule::sums.sum)
    if (s.of == of && s.g != pair_function::one) return true;
  return false;
}
/// Has it one of a function of its own?
template <class Rule>
inline constexpr bool has_own = [] {
  for (const row_sum& s : Rule::sums.sum)
    if (s.g == pair_function::own) return true;
  return false;
}();
/// The sums of a rule with the numbers of a call: in T for tiles, exact for pairs that are looked at by themselves.
template <class Rule, class T>
struct row_terms {
  static constexpr int size = Rule::sums.size;

  Rule rule;
  pair_term exact[std::size_t{size}];
  T scale[std::size_t{size}], offset[std::size_t{size}], margin[std::size_t{size}];

  row_terms(const Rule& r, double temperature, double bias) : rule(r) {
    for (int k = 0; k < size; ++k) {
      exact[k] = contrastive::detail::term_of(rule, k, Rule::sums[k], temperature, bias);
      scale[k] = static_cast<T>(exact[k].scale), offset[k] = static_cast<T>(exact[k].offset);
      margin[k] = static_cast<T>(exact[k].margin);
    }
  }

  /// y of sum k, of which g is a function.
  template <int k>
  CONTRASTIVE_HOST_DEVICE T argument(T arm, T theta = 0) const {
    return contrastive::detail::argument_of(g<k>, scale_of<k>(), offset[k], arm, theta);
  }
  /// dy/dx.
  template <int k>
  CONTRASTIVE_HOST_DEVICE T argument_slope(T arm) const {
    return contrastive::detail::argument_slope(g<k>, scale_of<k>(), offset[k], arm);
  }
  template <int k>
  CONTRASTIVE_HOST_DEVICE double logit(T arm) const {
    return static_cast<double>(arm) + exact[k].offset;
  }

 private:
  template <int k>
  static constexpr pair_function g = Rule::sums[k].g;

  template <int k>
  CONTRASTIVE_HOST_DEVICE T scale_of() const {
    if constexpr (requires { rule.parameter(0); })
      return scale[k];
    else
      return T(1);
  }
};

/// What the slopes of anchors are multiplied with, a plane of numbers a kind, so that lanes read neighbours. Levels are the sum
/// of two T: at low temperatures one would lose digits of e^(y - level).
template <class Rule, class T>
struct gain_planes {
  static constexpr int size = Rule::sums.size, planes = 4 * size + 1;

  T* first = nullptr;  // (planes, count)
  index_type count = 0;

  CONTRASTIVE_HOST_DEVICE bool there() const { return first != nullptr; }
  CONTRASTIVE_HOST_DEVICE T& gain(int k, index_type i) const { return first[k * count + i]; }
  CONTRASTIVE_HOST_DEVICE T& level(int k, index_type i) const { return first[(size + 2 * k) * count + i]; }
  CONTRASTIVE_HOST_DEVICE T& level_low(int k, index_type i) const { return first[(size + 2 * k + 1) * count + i]; }
  /// gain e^-level: times e^y it is the slope, where all exponents are small.
  CONTRASTIVE_HOST_DEVICE T& gain_at_0(int k, index_type i) const { return first[(3 * size + k) * count + i]; }
  CONTRASTIVE_HOST_DEVICE T& reference(index_type i) const { return first[4 * size * count + i]; }

  CONTRASTIVE_HOST_DEVICE contrastive::detail::row_gain exact(int k, index_type i) const {
    return {static_cast<double>(gain(k, i)), static_cast<double>(level(k, i)) + static_cast<double>(level_low(k, i))};
  }
  CONTRASTIVE_HOST_DEVICE void set(int k, index_type i, bool exponential, const contrastive::detail::row_gain& of) const {
    // Of an anchor that gives no gradient e^(y - level) is 0 whatever y.
    const double exact_level = exponential && of.gain == 0 ? 1e30 : of.level;
    gain(k, i) = static_cast<T>(of.gain);
    level(k, i) = static_cast<T>(exact_level);
    level_low(k, i) = static_cast<T>(exact_level - static_cast<double>(level(k, i)));
    gain_at_0(k, i) = exponential ? static_cast<T>(of.gain * std::exp(-exact_level)) : T(0);
  }
};

/// What is known of a call once all losses are.
struct summary {
  double loss;   // reduced, NaN where something is not finite
  double share;  // how often an anchor's loss counts, in each direction
  index_type valid_anchors;
  bool broken;  // a row holds NaN or infinity, or a loss lists a candidate that is not there
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
