// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The slope of a pair in a tile, in T: what the sums of its anchor give it and, where its candidate is an anchor too, those of
// the candidate.
#pragma once

#include <contrastive/device/tiles.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

// A side of a pair is an anchor's gains: one of the three that follow.

/// No anchor.
struct no_anchor {
  CONTRASTIVE_HOST_DEVICE static constexpr bool there() { return false; }
};
/// An anchor of a plane, read when it is asked for.
template <class Rule, class T>
struct anchor_in_planes {
  gain_planes<Rule, T> planes;
  index_type anchor;

  CONTRASTIVE_HOST_DEVICE bool there() const { return planes.there(); }
  CONTRASTIVE_HOST_DEVICE T gain(int k) const { return planes.gain(k, anchor); }
  CONTRASTIVE_HOST_DEVICE T gain_at_0(int k) const { return planes.gain_at_0(k, anchor); }
  CONTRASTIVE_HOST_DEVICE T level(int k) const { return planes.level(k, anchor); }
  CONTRASTIVE_HOST_DEVICE T level_low(int k) const { return planes.level_low(k, anchor); }
  CONTRASTIVE_HOST_DEVICE T reference() const { return planes.reference(anchor); }
};
/// An anchor of many pairs, in registers.
template <class Rule, class T>
class anchor_in_registers {
 public:
  CONTRASTIVE_HOST_DEVICE explicit anchor_in_registers(const anchor_in_planes<Rule, T>& from) : reference_(from.reference()) {
    for (int k = 0; k < Rule::sums.size; ++k) {
      gain_[k] = from.gain(k), gain_at_0_[k] = from.gain_at_0(k);
      level_[k] = from.level(k), level_low_[k] = from.level_low(k);
    }
  }
  CONTRASTIVE_HOST_DEVICE static constexpr bool there() { return true; }
  CONTRASTIVE_HOST_DEVICE T gain(int k) const { return gain_[k]; }
  CONTRASTIVE_HOST_DEVICE T gain_at_0(int k) const { return gain_at_0_[k]; }
  CONTRASTIVE_HOST_DEVICE T level(int k) const { return level_[k]; }
  CONTRASTIVE_HOST_DEVICE T level_low(int k) const { return level_low_[k]; }
  CONTRASTIVE_HOST_DEVICE T reference() const { return reference_; }

 private:
  T gain_[Rule::sums.size], gain_at_0_[Rule::sums.size], level_[Rule::sums.size], level_low_[Rule::sums.size], reference_;
};

/// What the sums of one anchor give a pair.
template <class T>
struct side_slope {
  T slope = 0, along_margin = 0;  // Σ_k G_k, and Σ_k G_k m_k / τ

  /// Σ_k G_k (arm - m_k / τ - reference), its part of -τ dL/dτ.
  template <class Side>
  CONTRASTIVE_HOST_DEVICE T along_temperature(T arm, const Side& side) const {
    return slope * (arm - side.reference()) - along_margin;
  }
};

/// Exponential: exp(x), the standard library's or that of a GPU.
template <class Rule, class T, tile_weights D, tile_positives P, class Exponential>
struct pair_slope {
  const row_terms<Rule, T>& terms;
  bool small_exponents;
  side_slope<T> from_row = {}, from_column = {};

  template <class Row, class Column>
  CONTRASTIVE_HOST_DEVICE void add_all(T arm, const pair_in_tile<D, P>& weights, const Row& row, const Column& column) {
    each_sum<Rule>([&]<int k>() { add<k>(arm, weights, row, column); });
  }

 private:
  using pair = pair_in_tile<D, P>;

  /// Does no sum before k give a slope?
  template <int k>
  static constexpr bool is_first = [] {
    for (int before = 0; before < k; ++before)
      if (Rule::sums[before].g != pair_function::one && !(Rule::sums[before].of == weight::P && P == tile_positives::none))
        return false;
    return true;
  }();
  template <int k, class Row, class Column>
  CONTRASTIVE_HOST_DEVICE void add(T arm, const pair& weights, const Row& row, const Column& column) {
    constexpr row_sum s = Rule::sums[k];
    if constexpr (s.g != pair_function::one && !pair::none(s.of)) {
      const double w = weights.of(s.of);
      if (w == 0) return;
      T of_row = 0, of_column = 0;
      if constexpr (s.g == pair_function::own) {
        const double slope = w * contrastive::detail::own_functions(terms.rule).slope(k, terms.template logit<k>(arm));
        if constexpr (requires { row.gain(k); })
          if (row.there()) of_row = static_cast<T>(slope * static_cast<double>(row.gain(k)));
        if constexpr (requires { column.gain(k); })
          if (column.there()) of_column = static_cast<T>(slope * static_cast<double>(column.gain(k)));
      } else {
        const T inner = terms.template argument_slope<k>(arm);
        const T weighted = pair::ones(s.of) ? inner : static_cast<T>(w) * inner;
        // One exponential e^y serves the row and the column of a pair that counts once.
        const bool at_0 = is_exponential(s.g) && pair::ones(s.of) && small_exponents;
        const T shared = at_0 ? Exponential::exp(terms.template argument<k>(arm)) : outer<k>(arm);
        if constexpr (requires { row.gain(k); })
          if (row.there()) of_row = weighted * side<k>(arm, at_0, shared, row);
        if constexpr (requires { column.gain(k); })
          if (column.there()) of_column = weighted * side<k>(arm, at_0, shared, column);
      }
      if constexpr (pair::ones(s.of) && is_first<k>)
        from_row.slope = of_row, from_column.slope = of_column;
      else
        from_row.slope += of_row, from_column.slope += of_column;
      if constexpr (s.g == pair_function::clipped_exponential || s.g == pair_function::clipped_logit)
        from_row.along_margin += of_row * terms.margin[k], from_column.along_margin += of_column * terms.margin[k];
    }
  }
  /// gain dg/dy of one side.
  template <int k, class Side>
  CONTRASTIVE_HOST_DEVICE T side(T arm, bool at_0, T shared, const Side& of) const {
    constexpr row_sum s = Rule::sums[k];
    if constexpr (is_exponential(s.g)) {
      if (at_0) return of.gain_at_0(k) * shared;
      return of.gain(k) * Exponential::exp((terms.template argument<k>(arm) - of.level(k)) - of.level_low(k));
    } else if constexpr (s.second_stage) {
      return of.gain(k) * contrastive::detail::value_slope(s.g, terms.template argument<k>(arm, of.level(k)) + of.level_low(k));
    } else {
      return of.gain(k) * shared;
    }
  }
  /// dg/dy where it is the same for both sides.
  template <int k>
  CONTRASTIVE_HOST_DEVICE T outer(T arm) const {
    constexpr row_sum s = Rule::sums[k];
    if constexpr (is_exponential(s.g) || s.second_stage)
      return 0;
    else
      return contrastive::detail::value_slope(s.g, terms.template argument<k>(arm));
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
