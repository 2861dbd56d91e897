// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is done to a tile of logits, a row at a time: its sums, and its slopes in place of the logits.
#pragma once

#include <cmath>
#include <contrastive/cuda/anchor_state.hpp>
#include <contrastive/cuda/rows.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// Where a tile of products v · v / τ lies, and of what. Turned, its rows are candidates and its columns anchors.
template <class T>
struct tile_place {
  T* products;  // (rows, columns), from row to row `stride`
  index_type stride;
  index_type first_row, first_column;  // anchor and candidate, turned the other way round
  index_type columns;
  index_type row_base, column_base;  // the global rows of the first two
  bool turned;

  CONTRASTIVE_HOST_DEVICE index_type anchor(index_type r, index_type c) const {
    return turned ? first_column + c : first_row + r;
  }
  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type r, index_type c) const {
    return turned ? first_row + r : first_column + c;
  }
  CONTRASTIVE_HOST_DEVICE T logit(const logit_rule<T>& rule, index_type r, index_type c) const {
    return rule(products[r * stride + c], row_base + r, column_base + c);
  }
};

/// D of pairs in a tile of which W is true.
template <tile_weights W, class P>
CONTRASTIVE_HOST_DEVICE double denominator_of(const P& pairs, index_type i, index_type j) {
  if constexpr (W == tile_weights::zeros) return 0;
  if constexpr (W == tile_weights::ones) return 1;
  if constexpr (W == tile_weights::ones_off_diagonal) return i != j ? 1 : 0;
  return static_cast<double>(pairs.denominator(i, j));
}

/// work.template operator()<W>() for the W that is true of the tile.
template <class Work>
CONTRASTIVE_HOST_DEVICE void with_weights(tile_weights weights, const Work& work) {
  switch (weights) {
    case tile_weights::zeros:
      return work.template operator()<tile_weights::zeros>();
    case tile_weights::ones:
      return work.template operator()<tile_weights::ones>();
    case tile_weights::ones_off_diagonal:
      return work.template operator()<tile_weights::ones_off_diagonal>();
    case tile_weights::general:
      return work.template operator()<tile_weights::general>();
  }
}

/// One exponential e^(x - shift) for all pairs, where all logits are known to be near, or a maximum a row.
struct common_shift {
  bool used;
  double shift;
};

constexpr index_type terms_in_T = 32;  // that a lane sums before it goes over to double

/// Adds the sums over a row of a tile to those of its anchor.
template <class P, class T>
struct sum_tile {
  P pairs;
  tile_place<T> tile;
  tile_weights weights;
  logit_rule<T> rule;
  common_shift common;
  bool log_sum;
  anchor_sums* sums;  // of the direction, from its first row on

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    with_weights(weights, [&]<tile_weights W>() { sum<W>(r, lanes); });
  }

 private:
  static constexpr bool positives = !contrastive::detail::lists_positives<P>();

  template <tile_weights W, class Lanes>
  CONTRASTIVE_HOST_DEVICE void sum(index_type r, const Lanes& lanes) const {
    T top = static_cast<T>(common.shift), positive_top = top;
    if (!common.used) find_maxima<W>(r, lanes, top, positive_top);
    double z = 0, positive_z = 0, positive_weight = 0, positive_logit = 0;
    for (index_type c = lanes.lane(); c < tile.columns;) {
      T part = 0;
      for (index_type t = 0; t < terms_in_T && c < tile.columns; ++t, c += lanes.size()) {
        const T x = tile.logit(rule, r, c);
        const index_type i = tile.anchor(r, c), j = tile.candidate(r, c);
        const double d = denominator_of<W>(pairs, i, j);
        if constexpr (W == tile_weights::general) {
          if (d > 0) z += d * static_cast<double>(std::exp(x - top));
        } else {
          if (d > 0) part += std::exp(x - top);
        }
        if constexpr (positives) {
          const double p = static_cast<double>(pairs.positive(i, j));
          if (p > 0) {
            positive_weight += p, positive_logit += p * static_cast<double>(x);
            if (log_sum) positive_z += p * static_cast<double>(std::exp(x - positive_top));
          }
        }
      }
      z += static_cast<double>(part);
    }
    z = lanes.sum(z);
    if constexpr (positives) {
      positive_weight = lanes.sum(positive_weight), positive_logit = lanes.sum(positive_logit);
      if (log_sum) positive_z = lanes.sum(positive_z);
    }
    if (lanes.lane() != 0) return;
    anchor_sums& s = sums[tile.first_row + r];
    s.z.merge({static_cast<double>(top), z});
    s.positives.merge({static_cast<double>(positive_top), positive_z});
    s.positive_weight += positive_weight;
    s.positive_logit += positive_logit;
  }

  template <tile_weights W, class Lanes>
  CONTRASTIVE_HOST_DEVICE void find_maxima(index_type r, const Lanes& lanes, T& top, T& positive_top) const {
    top = positive_top = lowest<T>;
    for (index_type c = lanes.lane(); c < tile.columns; c += lanes.size()) {
      const T x = tile.logit(rule, r, c);
      const index_type i = tile.anchor(r, c), j = tile.candidate(r, c);
      if (x > top && denominator_of<W>(pairs, i, j) > 0) top = x;
      if constexpr (positives)
        if (log_sum && x > positive_top && static_cast<double>(pairs.positive(i, j)) > 0) positive_top = x;
    }
    top = lanes.max(top);
    if constexpr (positives)
      if (log_sum) positive_top = lanes.max(positive_top);
  }
};

/// Turns a row of a tile into f_i G_ij f_j, G_ij = dL/dx_ij, and adds Σ G_ij (x_ij - log Z) to the temperature's share of the
/// anchor: the slopes of an anchor sum to 0, so that is Σ G_ij x_ij, of terms that do not cancel.
template <class P, class T, class R>
struct slope_tile {
  P pairs;
  tile_place<T> tile;
  R* out;  // (rows, columns), stride of the tile; may be the products
  tile_weights weights;
  logit_rule<T> rule;
  common_shift common;
  bool log_sum;
  const anchor_gains<T>* rows;
  const anchor_gains<T>* columns;  // null: only rows are anchors
  bool columns_warm;               // the temperature's share of the columns is to be counted here
  double* temperature;             // an anchor

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    with_weights(weights, [&]<tile_weights W>() { slope<W>(r, lanes); });
  }

 private:
  static constexpr bool positives = !contrastive::detail::lists_positives<P>();

  template <tile_weights W, class Lanes>
  CONTRASTIVE_HOST_DEVICE void slope(index_type r, const Lanes& lanes) const {
    const anchor_gains<T> row = rows[tile.first_row + r];
    double warmth = 0;
    for (index_type c = lanes.lane(); c < tile.columns;) {
      T part = 0;
      for (index_type t = 0; t < terms_in_T && c < tile.columns; ++t, c += lanes.size()) {
        const T x = tile.logit(rule, r, c);
        const index_type i = tile.anchor(r, c), j = tile.candidate(r, c);
        const double d = denominator_of<W>(pairs, i, j);
        T from_row = 0, from_column = 0;
        anchor_gains<T> column;
        if (columns != nullptr) column = columns[tile.first_column + c];
        if (d > 0) {
          if (W == tile_weights::general) {
            from_row = static_cast<T>(d * static_cast<double>(row.denominator_slope(x)));
            if (columns != nullptr) from_column = static_cast<T>(d * static_cast<double>(column.denominator_slope(x)));
          } else if (common.used) {
            const T e = std::exp(x - static_cast<T>(common.shift));
            from_row = row.shifted_gain * e, from_column = column.shifted_gain * e;
          } else {
            from_row = row.denominator_slope(x);
            if (columns != nullptr) from_column = column.denominator_slope(x);
          }
        }
        if constexpr (positives) {
          const T p = static_cast<T>(pairs.positive(i, j));
          if (p > 0) {
            from_row -= p * row.positive_slope(x, log_sum);
            if (columns != nullptr) from_column -= p * column.positive_slope(x, log_sum);
          }
        }
        part += from_row * row.above_log_z(x);
        if (columns_warm) part += from_column * column.above_log_z(x);
        const T slope = (from_row + from_column) * rule.factor(tile.row_base + r, tile.column_base + c);
        out[r * tile.stride + c] = static_cast<R>(slope);
      }
      warmth += static_cast<double>(part);
    }
    warmth = lanes.sum(warmth);
    if (lanes.lane() == 0) temperature[tile.first_row + r] += warmth;
  }
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
