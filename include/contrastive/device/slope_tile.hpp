// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The slopes of a tile, in place of its products.
#pragma once

#include <contrastive/device/pair_slope.hpp>

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
  static constexpr bool uses_d = has_slope<Rule>(weight::D), uses_p = has_slope<Rule>(weight::P);
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;

  template <tile_weights D, tile_positives P, class Lanes>
  CONTRASTIVE_HOST_DEVICE void slope(index_type r, const Lanes& lanes) const {
    const index_type anchor = tile.first_row + r;
    const anchor_in_registers<Rule, T> row(anchor_in_planes<Rule, T>{rows, anchor});
    double temperature_sum = 0, bias_sum = 0;
    for (index_type c = lanes.lane(); c < tile.columns;) {
      T part = 0, part_sum = 0;
      for (index_type t = 0; t < terms_in_T && c < tile.columns; ++t, c += lanes.size()) {
        if (tile.product(r, c) == excluded<T>) {
          out[r * tile.stride + c] = static_cast<R>(T(0));
          continue;
        }
        const T arm = tile.arm(arms, r, c);
        const anchor_in_planes<Rule, T> column{columns, tile.first_column + c};
        pair_slope<Rule, T, D, P> pair{terms, small_exponents};
        pair.add_all(arm, {pairs, tile.anchor(r, c), tile.candidate(r, c), uses_d, uses_p}, row, column);
        part += pair.from_row.along_temperature(arm, row);
        if constexpr (!balanced) part_sum += pair.from_row.slope;
        if (columns_count) {
          part += pair.from_column.along_temperature(arm, column);
          if constexpr (!balanced) part_sum += pair.from_column.slope;
        }
        const T both = (pair.from_row.slope + pair.from_column.slope) * arms.factor(tile.row_base + r, tile.column_base + c);
        out[r * tile.stride + c] = static_cast<R>(both);
      }
      temperature_sum += static_cast<double>(part), bias_sum += static_cast<double>(part_sum);
    }
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
