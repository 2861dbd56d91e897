// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The slopes of a tile, in place of its products.
#pragma once

#include <cmath>
#include <contrastive/device/tiles.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Turns a row of a tile into f_i G_ij f_j, G_ij = dL/dx_ij, and adds Σ G_ij (arm - reference) to the temperature's share of
/// the anchor, and Σ G_ij to the bias's.
template <class Pairs, class Rule, class T, class R>
struct slope_tile {
  Pairs pairs;
  tile_place<T> tile;
  R* out;  // (rows, columns), stride of the tile; may be the products
  tile_statement says;
  arm_form<T> arms;
  row_terms<Rule, T> terms;
  bool small_exponents;
  gain_planes<Rule, T> rows;
  gain_planes<Rule, T> columns;  // not there: only rows are anchors
  bool columns_count;            // what columns give to the temperature is to be counted here
  double* temperature;           // an anchor
  double* bias;                  // an anchor, or null

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    with_statement<Pairs>(says, [&]<tile_weights D, tile_positives P>() { slope<D, P>(r, lanes); });
  }

 private:
  static constexpr int size = Rule::sums.size;
  static constexpr bool uses_d = has_slope<Rule>(weight::D), uses_p = has_slope<Rule>(weight::P);
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;

  /// What the sums of one anchor give a pair.
  struct parts {
    T slope = 0, along_margin = 0;  // Σ_k G_k, and Σ_k G_k m_k / τ
  };

  template <tile_weights D, tile_positives P, class Lanes>
  CONTRASTIVE_HOST_DEVICE void slope(index_type r, const Lanes& lanes) const {
    const index_type row = tile.first_row + r;
    T gain[size], level[size], level_low[size];
    const T reference = rows.reference(row);
    each_sum<Rule>([&]<int k>() {
      gain[k] = at_0<D, P, k>() ? rows.gain_at_0(k, row) : rows.gain(k, row);
      level[k] = rows.level(k, row), level_low[k] = rows.level_low(k, row);
    });
    double temperature_sum = 0, bias_sum = 0;
    for (index_type c = lanes.lane(); c < tile.columns;) {
      T part = 0, part_sum = 0;
      for (index_type t = 0; t < terms_in_T && c < tile.columns; ++t, c += lanes.size()) {
        parts from_row, from_column;
        if (tile.product(r, c) == excluded<T>) {
          out[r * tile.stride + c] = static_cast<R>(T(0));
          continue;
        }
        const T arm = tile.arm(arms, r, c);
        const index_type column = tile.first_column + c;
        const pair_in_tile<D, P> weights(pairs, tile.anchor(r, c), tile.candidate(r, c), uses_d, uses_p);
        each_sum<Rule>(
            [&]<int k>() { add<D, P, k>(arm, weights, gain[k], level[k], level_low[k], column, from_row, from_column); });
        part += from_row.slope * (arm - reference) - from_row.along_margin;
        if constexpr (!balanced) part_sum += from_row.slope;
        if (columns_count) {
          part += from_column.slope * (arm - columns.reference(column)) - from_column.along_margin;
          if constexpr (!balanced) part_sum += from_column.slope;
        }
        const T both = (from_row.slope + from_column.slope) * arms.factor(tile.row_base + r, tile.column_base + c);
        out[r * tile.stride + c] = static_cast<R>(both);
      }
      temperature_sum += static_cast<double>(part), bias_sum += static_cast<double>(part_sum);
    }
    temperature_sum = lanes.sum(temperature_sum);
    if constexpr (!balanced) bias_sum = lanes.sum(bias_sum);
    if (lanes.lane() != 0) return;
    temperature[row] += temperature_sum;
    if constexpr (!balanced)
      if (bias != nullptr) bias[row] += bias_sum;
  }

  /// One exponential e^y serves the row and the column of a pair that counts once.
  template <tile_weights D, tile_positives P, int k>
  CONTRASTIVE_HOST_DEVICE bool at_0() const {
    return is_exponential(Rule::sums[k].g) && pair_in_tile<D, P>::ones(Rule::sums[k].of) && small_exponents;
  }

  template <tile_weights D, tile_positives P, int k>
  CONTRASTIVE_HOST_DEVICE void add(T arm, const pair_in_tile<D, P>& weights, T gain, T level, T level_low, index_type column,
                                   parts& from_row, parts& from_column) const {
    constexpr row_sum s = Rule::sums[k];
    using pair = pair_in_tile<D, P>;
    if constexpr (s.g != pair_function::one && !pair::none(s.of)) {
      constexpr bool counts_once = pair::ones(s.of);
      const double w = weights.of(s.of);
      if (w == 0) return;
      const bool both = columns.there();
      T of_row, of_column = 0;
      if constexpr (s.g == pair_function::own) {
        const double slope = contrastive::detail::own_functions(terms.rule).slope(k, terms.template logit<k>(arm));
        of_row = static_cast<T>(w * slope * static_cast<double>(gain));
        if (both) of_column = static_cast<T>(w * slope * static_cast<double>(columns.gain(k, column)));
      } else {
        const T inner = terms.template argument_slope<k>(arm);
        const auto weighted = [&](T slope) {
          if constexpr (counts_once) return slope;
          return static_cast<T>(w * static_cast<double>(slope));
        };
        if constexpr (is_exponential(s.g)) {
          const T y = terms.template argument<k>(arm);
          if (at_0<D, P, k>()) {
            const T e = inner * std::exp(y);
            of_row = gain * e;
            if (both) of_column = columns.gain_at_0(k, column) * e;
          } else {
            of_row = weighted(inner * gain * std::exp((y - level) - level_low));
            if (both)
              of_column = weighted(inner * columns.gain(k, column) *
                                   std::exp((y - columns.level(k, column)) - columns.level_low(k, column)));
          }
        } else {
          const T y = terms.template argument<k>(arm, s.second_stage ? level : T(0)) + (s.second_stage ? level_low : T(0));
          const T outer = contrastive::detail::value_slope(s.g, y);
          of_row = weighted(inner * gain * outer);
          if constexpr (s.second_stage) {
            if (both)
              of_column =
                  weighted(inner * columns.gain(k, column) *
                           contrastive::detail::value_slope(
                               s.g, terms.template argument<k>(arm, columns.level(k, column)) + columns.level_low(k, column)));
          } else {
            if (both) of_column = weighted(inner * columns.gain(k, column) * outer);
          }
        }
      }
      from_row.slope += of_row, from_column.slope += of_column;
      if constexpr (s.g == pair_function::clipped_exponential || s.g == pair_function::clipped_logit)
        from_row.along_margin += of_row * terms.margin[k], from_column.along_margin += of_column * terms.margin[k];
    }
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
