// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is added up over the rows of a tile, and over its columns where those are anchors too.
#pragma once

#include <cmath>
#include <contrastive/device/tiles.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Adds sums over some pairs of an anchor to its others.
template <class Rule>
CONTRASTIVE_HOST_DEVICE void add_sums(row_values<Rule::sums.size>& to, const row_values<Rule::sums.size>& part) {
  each_sum<Rule>([&]<int k>() {
    if constexpr (is_exponential(Rule::sums[k].g))
      to.parts[k].merge(part.parts[k]);
    else
      to.parts[k].sum += part.parts[k].sum;
    if constexpr (Rule::sums[k].second_stage) to.theta_slopes[k] += part.theta_slopes[k];
  });
}

/// The sums over a line of products: those of the first stage, or those of the second.
template <class Pairs, class Rule, class T, class R, bool Second, class Exponential>
struct line_sums {
  Pairs pairs;
  tile_place<T> tile;
  tile_statement says;
  arm_form<T> arms;
  row_terms<Rule, T> terms;
  bool small_exponents;  // e^y needs no maximum

  template <bool Down, class Lanes>
  CONTRASTIVE_HOST_DEVICE row_values<Rule::sums.size> of(const tile_line<T, Down>& line, double theta,
                                                         const Lanes& lanes) const {
    row_values<Rule::sums.size> sums;
    with_statement<Pairs>(says, [&]<tile_weights D, tile_positives P>() {
      if constexpr (sums_vanish<Rule, D, P, Second>)
        if (small_exponents) return add<D, P, true>(line, theta, lanes, sums);
      add<D, P, false>(line, theta, lanes, sums);
    });
    return sums;
  }

 private:
  static constexpr int size = Rule::sums.size;
  static constexpr bool uses_d = has_sum<Rule>(weight::D, Second), uses_p = has_sum<Rule>(weight::P, Second);

  template <tile_weights D, tile_positives P, int k>
  static constexpr bool takes_part = Rule::sums[k].second_stage == Second && !pair_in_tile<D, P>::none(Rule::sums[k].of);

  /// A column is walked down by a lane alone.
  template <tile_weights D, tile_positives P, bool Down>
  static constexpr int at_once = pair_in_tile<D, P>::at_once*(Down ? 2 : 1);

  /// Small: all exponents are small, and the terms of excluded pairs vanish.
  template <tile_weights D, tile_positives P, bool Small, bool Down, class Lanes>
  CONTRASTIVE_HOST_DEVICE void add(const tile_line<T, Down>& line, double theta, const Lanes& lanes,
                                   row_values<size>& sums) const {
    using pair = pair_in_tile<D, P>;
    const line_arms<T, R, Down> line_arm(arms, tile, line);
    T tops[size] = {};
    if constexpr (!Second && !Small)
      if (!small_exponents) find_maxima<D, P>(line, line_arm, lanes, tops);
    const T theta_high = static_cast<T>(theta), theta_low = static_cast<T>(theta - static_cast<double>(theta_high));
    double all[size] = {}, slopes[size] = {};
    line.template each_run<at_once<D, P, Down>>(lanes, [&]<int N>(int e, int step, const T(&products)[N]) {
      T part[size] = {}, part_slopes[size] = {};
      unrolled<N>([&](int t) {
        if (!Small && products[t] == excluded<T>) return;
        const int at = e + t * step;
        const T arm = line_arm.template arm<Small>(products[t], at, line_arm.factor(at));
        const pair weights(pairs, tile.anchor(line.row_of(at)), tile.candidate(line.column_of(at)), uses_d, uses_p);
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
                value = Exponential::exp(Small ? y : y - tops[k]);
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
      });
      for (int k = 0; k < size; ++k) all[k] += static_cast<double>(part[k]), slopes[k] += static_cast<double>(part_slopes[k]);
    });
    each_sum<Rule>([&]<int k>() {
      if constexpr (takes_part<D, P, k>) {
        sums.parts[k].sum = lanes.sum(all[k]);
        if constexpr (is_exponential(Rule::sums[k].g)) sums.parts[k].max = static_cast<double>(tops[k]);
        if constexpr (Second) sums.theta_slopes[k] = lanes.sum(slopes[k]);
      }
    });
  }

  /// The largest y of the exponential sums. One maximum of s / τ serves all sums of the same weights, as y rises with it.
  template <tile_weights D, tile_positives P, bool Down, class Lanes>
  CONTRASTIVE_HOST_DEVICE void find_maxima(const tile_line<T, Down>& line, const line_arms<T, R, Down>& line_arm,
                                           const Lanes& lanes, T* tops) const {
    constexpr bool of_d = has_exponential<Rule>(weight::D),
                   of_p = has_exponential<Rule>(weight::P) && P != tile_positives::none;
    if constexpr (of_d || of_p) {
      T top_d = lowest<T>, top_p = lowest<T>;
      line.template each_run<at_once<D, P, Down>>(lanes, [&]<int N>(int e, int step, const T(&products)[N]) {
        unrolled<N>([&](int t) {
          if (products[t] == excluded<T>) return;
          const int at = e + t * step;
          const T arm = line_arm.template arm<false>(products[t], at, line_arm.factor(at));
          const bool counts_d = of_d && arm > top_d, counts_p = of_p && arm > top_p;
          if (!counts_d && !counts_p) return;
          const pair_in_tile<D, P> weights(pairs, tile.anchor(line.row_of(at)), tile.candidate(line.column_of(at)), counts_d,
                                           counts_p);
          if (counts_d && weights.denominator > 0) top_d = arm;
          if (counts_p && weights.positive > 0) top_p = arm;
        });
      });
      if constexpr (of_d) top_d = lanes.max(top_d);
      if constexpr (of_p) top_p = lanes.max(top_p);
      each_sum<Rule>([&]<int k>() {
        constexpr row_sum s = Rule::sums[k];
        if constexpr (is_exponential(s.g)) tops[k] = terms.template argument<k>(s.of == weight::D ? top_d : top_p);
      });
    }
  }
};

/// Adds the sums over a row of a tile to those of its anchor.
template <class Pairs, class Rule, class T, class R, bool Second, class Exponential>
struct sum_tile {
  line_sums<Pairs, Rule, T, R, Second, Exponential> line;
  const double* thetas;               // of all anchors
  row_values<Rule::sums.size>* sums;  // likewise

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    const index_type i = line.tile.anchor(r);
    const auto row = line.of(row_of_tile(line.tile, r), Second ? thetas[i] : 0, lanes);
    if (lanes.lane() == 0) add_sums<Rule>(sums[i], row);
  }
};

/// How the columns of a tile are shared out: a warp takes 32 neighbours and walks down some of the rows.
struct column_parts {
  static constexpr index_type together = 32, rows = 128;

  CONTRASTIVE_HOST_DEVICE static index_type groups(index_type columns) { return (columns + together - 1) / together; }
  CONTRASTIVE_HOST_DEVICE static index_type count(index_type rows_of_tile) { return (rows_of_tile + rows - 1) / rows; }
};
/// The sums over parts of the columns of a tile.
template <class Pairs, class Rule, class T, class R, bool Second, class Exponential>
struct sum_tile_columns {
  line_sums<Pairs, Rule, T, R, Second, Exponential> line;
  const double* thetas;                // of all candidates as anchors
  row_values<Rule::sums.size>* parts;  // (parts, columns)

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type group_of_part, const Lanes& lanes) const {
    const tile_place<T>& tile = line.tile;
    const index_type groups = column_parts::groups(tile.columns), part = group_of_part / groups;
    const index_type first = group_of_part % groups * column_parts::together, first_row = part * column_parts::rows;
    const index_type end = first + column_parts::together < tile.columns ? first + column_parts::together : tile.columns,
                     end_row = first_row + column_parts::rows < tile.rows ? first_row + column_parts::rows : tile.rows;
    for (index_type c = first + lanes.lane(); c < end; c += lanes.size())
      parts[part * tile.columns + c] =
          line.of(part_of_column(tile, c, first_row, end_row), Second ? thetas[tile.candidate(c)] : 0, one_lane{});
  }
};
/// Adds them to those of the candidates as anchors.
template <class Rule>
struct join_tile_columns {
  const row_values<Rule::sums.size>* parts;  // (num_parts, num_columns)
  index_type num_parts, num_columns;
  row_values<Rule::sums.size>* sums;  // of the first column on

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type c, const Lanes& lanes) const {
    row_values<Rule::sums.size> all;
    const auto each_part = [&](const auto& visit) {
      for (index_type p = lanes.lane(); p < num_parts; p += lanes.size()) visit(parts[p * num_columns + c]);
    };
    each_sum<Rule>([&]<int k>() {
      double top = log_sum_exp::empty, sum = 0, slope = 0;
      if constexpr (is_exponential(Rule::sums[k].g)) {
        each_part([&](const auto& part) {
          if (!part.empty(k) && part.parts[k].max > top) top = part.parts[k].max;
        });
        top = lanes.max(top);
        each_part([&](const auto& part) {
          if (!part.empty(k)) sum += part.parts[k].sum * std::exp(part.parts[k].max - top);
        });
      } else {
        each_part([&](const auto& part) { sum += part[k], slope += part.theta_slopes[k]; });
      }
      all.parts[k] = {top, lanes.sum(sum)};
      if constexpr (Rule::sums[k].second_stage) all.theta_slopes[k] = lanes.sum(slope);
    });
    if (lanes.lane() == 0) add_sums<Rule>(sums[c], all);
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
