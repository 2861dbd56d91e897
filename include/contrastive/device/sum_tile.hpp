// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is added up over the rows of a tile.
#pragma once

#include <cmath>
#include <contrastive/device/tiles.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Adds the sums over a row of a tile to those of its anchor: those of the first stage, or those of the second.
template <class Pairs, class Rule, class T, bool Second>
struct sum_tile {
  Pairs pairs;
  tile_place<T> tile;
  tile_statement says;
  arm_form<T> arms;
  row_terms<Rule, T> terms;
  bool small_exponents;               // e^y needs no maximum
  const double* thetas;               // of the direction
  row_values<Rule::sums.size>* sums;  // of the direction

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    with_statement<Pairs>(says, [&]<tile_weights D, tile_positives P>() { sum<D, P>(r, lanes); });
  }

 private:
  static constexpr int size = Rule::sums.size;
  static constexpr bool uses_d = has_sum<Rule>(weight::D, Second), uses_p = has_sum<Rule>(weight::P, Second);

  template <tile_weights D, tile_positives P, int k>
  static constexpr bool takes_part = Rule::sums[k].second_stage == Second && !pair_in_tile<D, P>::none(Rule::sums[k].of);

  template <tile_weights D, tile_positives P, class Lanes>
  CONTRASTIVE_HOST_DEVICE void sum(index_type r, const Lanes& lanes) const {
    using pair = pair_in_tile<D, P>;
    T tops[size] = {};
    if constexpr (!Second)
      if (!small_exponents) find_maxima<D, P>(r, lanes, tops);
    const double theta = Second ? thetas[tile.first_row + r] : 0;
    const T theta_high = static_cast<T>(theta), theta_low = static_cast<T>(theta - static_cast<double>(theta_high));
    double all[size] = {}, slopes[size] = {};
    for (index_type c = lanes.lane(); c < tile.columns;) {
      T part[size] = {}, part_slopes[size] = {};
      for (index_type t = 0; t < terms_in_T && c < tile.columns; ++t, c += lanes.size()) {
        if (tile.product(r, c) == excluded<T>) continue;
        const T arm = tile.arm(arms, r, c);
        const pair weights(pairs, tile.anchor(r, c), tile.candidate(r, c), uses_d, uses_p);
        each_sum<Rule>([&]<int k>() {
          if constexpr (takes_part<D, P, k>) {
            constexpr row_sum s = Rule::sums[k];
            const double w = weights.of(s.of);
            if (w == 0) return;
            if constexpr (s.g == pair_function::own) {
              all[k] += w * contrastive::detail::own_functions(terms.rule).value(k, terms.template logit<k>(arm));
            } else {
              const T y = terms.template argument<k>(arm, theta_high) + (Second ? theta_low : T(0));
              T value;
              if constexpr (is_exponential(s.g))
                value = std::exp(y - tops[k]);
              else
                value = contrastive::detail::value_of(s.g, y);
              const T slope = Second ? contrastive::detail::value_slope(s.g, y) : T(0);
              if constexpr (pair::ones(s.of))
                part[k] += value, part_slopes[k] += slope;
              else
                all[k] += w * static_cast<double>(value), slopes[k] += w * static_cast<double>(slope);
            }
          }
        });
      }
      for (int k = 0; k < size; ++k) all[k] += static_cast<double>(part[k]), slopes[k] += static_cast<double>(part_slopes[k]);
    }
    each_sum<Rule>([&]<int k>() {
      if constexpr (takes_part<D, P, k>) {
        const double value = lanes.sum(all[k]);
        [[maybe_unused]] const double slope = Second ? lanes.sum(slopes[k]) : 0;
        if (lanes.lane() != 0) return;
        auto& to = sums[tile.first_row + r];
        if constexpr (is_exponential(Rule::sums[k].g))
          to.parts[k].merge({static_cast<double>(tops[k]), value});
        else
          to.parts[k].sum += value;
        if constexpr (Second) to.theta_slopes[k] += slope;
      }
    });
  }

  /// The largest y of the exponential sums. One maximum of s / τ serves all sums of the same weights, as y rises with it.
  template <tile_weights D, tile_positives P, class Lanes>
  CONTRASTIVE_HOST_DEVICE void find_maxima(index_type r, const Lanes& lanes, T* tops) const {
    constexpr bool of_d = has_exponential<Rule>(weight::D),
                   of_p = has_exponential<Rule>(weight::P) && P != tile_positives::none;
    if constexpr (of_d || of_p) {
      T top_d = lowest<T>, top_p = lowest<T>;
      for (index_type c = lanes.lane(); c < tile.columns; c += lanes.size()) {
        if (tile.product(r, c) == excluded<T>) continue;
        const T arm = tile.arm(arms, r, c);
        const bool counts_d = of_d && arm > top_d, counts_p = of_p && arm > top_p;
        if (!counts_d && !counts_p) continue;
        const pair_in_tile<D, P> weights(pairs, tile.anchor(r, c), tile.candidate(r, c), counts_d, counts_p);
        if (counts_d && weights.denominator > 0) top_d = arm;
        if (counts_p && weights.positive > 0) top_p = arm;
      }
      if constexpr (of_d) top_d = lanes.max(top_d);
      if constexpr (of_p) top_p = lanes.max(top_p);
      each_sum<Rule>([&]<int k>() {
        constexpr row_sum s = Rule::sums[k];
        if constexpr (is_exponential(s.g)) tops[k] = terms.template argument<k>(s.of == weight::D ? top_d : top_p);
      });
    }
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
