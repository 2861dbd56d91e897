// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The slopes of a tile, in place of its products.
#pragma once

#include <contrastive/device/pair_slope.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Is all that the slopes of a tile have e^y, so that nothing is to be asked where a pair is excluded, if all y are small?
template <class Rule, tile_weights D, tile_positives P>
inline constexpr bool slopes_vanish = [] {
  bool so = D != tile_weights::general && P != tile_positives::general && !requires(const Rule& rule) { rule.parameter(0); };
  for (const row_sum& s : Rule::sums.sum) {
    const bool asked = s.g != pair_function::one && !(s.of == weight::P && P == tile_positives::none);
    so = so && (!asked || s.g == pair_function::exponential);
  }
  return so;
}();

/// Turns a row of a tile into f_i G_ij f_j, G_ij = dL/dx_ij, and adds Σ G_ij (arm - reference) to the temperature's share of
/// the anchor, and Σ G_ij to the bias's.
template <class Pairs, class Rule, class T, class R, class Exponential>
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
    with_statement<Pairs>(says, [&]<tile_weights D, tile_positives P>() {
      if constexpr (slopes_vanish<Rule, D, P>)
        if (small_exponents) return slope<D, P, true>(r, lanes);
      slope<D, P, false>(r, lanes);
    });
  }

 private:
  static constexpr bool uses_d = has_slope<Rule>(weight::D), uses_p = has_slope<Rule>(weight::P);
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;

  /// Small: all exponents are small, and the slopes of excluded pairs vanish.
  template <tile_weights D, tile_positives P, bool Small, class Lanes>
  CONTRASTIVE_HOST_DEVICE void slope(index_type r, const Lanes& lanes) const {
    const index_type anchor = tile.anchor(r);
    const anchor_in_registers<Rule, T> row(anchor_in_planes<Rule, T>{rows, anchor});
    const auto line = row_of_tile(tile, r);
    const line_arms<T, R, false> line_arm(arms, tile, line);
    R* const out_row = out + r * tile.stride;
    double temperature_sum = 0, bias_sum = 0;
    line.template each_run<pair_in_tile<D, P>::at_once>(lanes, [&]<int N>(int e, int step, const T(&products)[N]) {
      T part = 0, part_sum = 0;
      R slopes[std::size_t{N}];  // none is written before all are there: the products may be in the same memory
      unrolled<N>([&](int t) {
        slopes[t] = static_cast<R>(T(0));
        if (!Small && products[t] == excluded<T>) return;
        const int c = e + t * step;
        const T factor = line_arm.factor(c), arm = line_arm.template arm<Small>(products[t], c, factor);
        const anchor_in_planes<Rule, T> column{columns, tile.candidate(c)};
        pair_slope<Rule, T, D, P, Exponential> pair{terms, Small || small_exponents};
        pair.add_all(arm, {pairs, anchor, tile.candidate(c), uses_d, uses_p}, row, column);
        part += pair.from_row.along_temperature(arm, row);
        if constexpr (!balanced) part_sum += pair.from_row.slope;
        if (columns_count) {
          part += pair.from_column.along_temperature(arm, column);
          if constexpr (!balanced) part_sum += pair.from_column.slope;
        }
        slopes[t] = static_cast<R>((pair.from_row.slope + pair.from_column.slope) * factor);
      });
      unrolled<N>([&](int t) { out_row[e + t * step] = slopes[t]; });
      temperature_sum += static_cast<double>(part), bias_sum += static_cast<double>(part_sum);
    });
    temperature_sum = lanes.sum(temperature_sum);
    if constexpr (!balanced) bias_sum = lanes.sum(bias_sum);
    if (lanes.lane() != 0) return;
    temperature[anchor] += temperature_sum;
    if constexpr (!balanced)
      if (bias != nullptr) bias[anchor] += bias_sum;
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
