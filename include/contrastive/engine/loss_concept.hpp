// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a loss is: the weights of a pair, and what is true of whole tiles of pairs.
#pragma once

#include <concepts>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <string>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Rows of one embedding argument, and columns.
struct shape {
  index_type rows = 0;
  index_type cols = 0;
};

/// The shapes of the embedding arguments of a call, in order.
struct argument_shapes {
  const shape* first = nullptr;
  int count = 0;
  bool on_device = false;  ///< the loss's views point to memory of a device: `bind` must not read there

  const shape& operator[](int argument) const { return first[argument]; }
  index_type total_rows() const {
    index_type rows = 0;
    for (int a = 0; a < count; ++a) rows += first[a].rows;
    return rows;
  }
};

/// Anchors [anchor_begin, anchor_end) against candidates [candidate_begin, candidate_end).
struct tile {
  index_type anchor_begin, anchor_end;
  index_type candidate_begin, candidate_end;
};

/// What is true of the denominator's weights D_ij of a whole tile.
enum class tile_weights {
  zeros,              ///< D_ij = 0
  ones,               ///< D_ij = 1
  ones_off_diagonal,  ///< D_ij = 1 but where i = j, there 0
  general             ///< ask denominator(i, j) for each pair
};

/// The weights of pairs, a small trivially copyable struct of parameters and views:
///   p.denominator(i, j)  D_ij ≥ 0, how much candidate j counts in Z_i = Σ_j D_ij e^x_ij
///   p.positive(i, j)     P_ij ≥ 0, how much candidate j counts as a positive of anchor i
/// These two define the loss. Anchors are numbered from 0, and so are candidates; where both are rows of the same
/// arguments (all_against_all, first_against_all), anchor i is candidate i. They must not throw and must be pure.
template <class P>
concept pair_weights = std::is_trivially_copyable_v<P> && requires(const P& p, index_type i, index_type j) {
  { p.denominator(i, j) } -> std::convertible_to<double>;
  { p.positive(i, j) } -> std::convertible_to<double>;
};

/// A loss: temperature, similarity, reduction; an arrangement and a pooling; and pair weights, either its own members
/// or those of what `bind(argument_shapes)` returns (which may also refuse shapes, by std::invalid_argument).
///
/// Beside the definition, pair weights may say what saves an engine work. None of it changes what is computed;
/// `check_gradient` finds a statement that contradicts the definition.
///   static constexpr bool symmetric = true           D_ij = D_ji and P_ij = P_ji (anchors and candidates the same rows)
///   static constexpr bool normalize_positives = true P_ij is divided by Σ_j P_ij (this one does define the loss)
///   static constexpr bool positives_listed = true    each pair with P_ij > 0 is in the list below
///   index_type tiled_begin(), tiled_end()                 candidates that may have D_ij > 0 for many anchors (default: all);
///                                                    pairs outside count only if they are listed
///   index_type listed_per_anchor(); index_type listed(i, t)    the t-th candidate of anchor i that is looked at by itself;
///                                                    no candidate twice for one anchor
///   tile_weights weights_of(const tile&)             what is true of the whole tile
///   void denominators(i, first, count, T* out)       D_ij of `count` candidates from `first` on, all of them tiled, where a
///   void positives(i, first, count, T* out)          loop of one's own is faster; likewise P_ij
///   double prepare_anchor(i); const double* anchor_factors   a number per anchor, computed before all else; the engine
///                                                    then points anchor_factors at all of them. Used if prepares_anchors()
template <class L>
concept loss_parameters = requires(const L& l) {
  { l.temperature } -> std::convertible_to<double>;
  { l.similarity } -> std::convertible_to<similarity>;
  { l.reduction } -> std::convertible_to<reduction>;
  { l.arrangement } -> std::convertible_to<arrangement>;
  { l.pooling } -> std::convertible_to<pooling>;
};

namespace detail {

template <class L>
concept binds_shapes = requires(const L& l, const argument_shapes& shapes) {
  { l.bind(shapes) } -> pair_weights;
};

}  // namespace detail

template <class L>
concept loss_function = loss_parameters<L> &&(detail::binds_shapes<L> || pair_weights<L>);

namespace detail {

/// "nt_xent" for the library's losses, "loss" for one that has no name.
template <class L>
constexpr const char* loss_name() {
  if constexpr (requires { L::name; })
    return L::name;
  else
    return "loss";
}

/// The pair weights of a loss for arguments of these shapes.
template <loss_function L>
auto bind(const L& loss, const argument_shapes& shapes) {
  if constexpr (binds_shapes<L>)
    return loss.bind(shapes);
  else
    return loss;
}

template <class P>
constexpr bool is_symmetric() {
  if constexpr (requires { P::symmetric; }) return P::symmetric;
  return false;
}
template <class P>
constexpr bool normalizes_positives() {
  if constexpr (requires { P::normalize_positives; }) return P::normalize_positives;
  return false;
}
template <class P>
constexpr bool lists_positives() {
  if constexpr (requires { P::positives_listed; }) return P::positives_listed;
  return false;
}
template <class P>
concept has_anchor_factors = requires(P& p, const double* factors) {
  { p.prepares_anchors() } -> std::convertible_to<bool>;
  { p.prepare_anchor(index_type{}) } -> std::convertible_to<double>;
  p.anchor_factors = factors;
};
template <class P>
bool prepares_anchors(const P& p) {
  if constexpr (has_anchor_factors<P>)
    return p.prepares_anchors();
  else
    return false;
}

/// Global rows: the rows of all arguments, one argument after another. Anchors and candidates are ranges of them.
struct row_ranges {
  index_type total = 0;
  index_type anchor_begin = 0, anchor_end = 0;
  index_type candidate_begin = 0, candidate_end = 0;

  index_type num_anchors() const { return anchor_end - anchor_begin; }
  index_type num_candidates() const { return candidate_end - candidate_begin; }
};

inline row_ranges ranges_of(arrangement kind, const argument_shapes& shapes) {
  const index_type total = shapes.total_rows(), first = shapes[0].rows;
  switch (kind) {
    case arrangement::all_against_all:
      return {total, 0, total, 0, total};
    case arrangement::first_against_all:
      return {total, 0, first, 0, total};
    case arrangement::first_against_rest:
    case arrangement::both_ways:
      return {total, 0, first, first, total};
  }
  return {};
}

/// What every loss asks of its arguments: rows, columns, one dimension, a temperature, as many arguments as it takes.
inline void check_arguments(const char* who, double temperature, arrangement kind, const argument_shapes& shapes) {
  const auto argument = [](int a) { return "argument " + std::to_string(a + 1); };
  const auto rows = [](index_type n) { return std::to_string(n) + " rows"; };
  const auto columns = [](index_type n) { return std::to_string(n) + " columns"; };
  if (!(temperature > 0) || temperature > 1e30) refuse(who, "temperature", "a positive finite number", temperature);
  if (shapes.count == 0) refuse(who, "embedding arguments", "at least 1", 0);
  for (int a = 0; a < shapes.count; ++a) {
    if (shapes[a].rows <= 0) refuse(who, argument(a), "at least one row", rows(shapes[a].rows));
    if (shapes[a].cols <= 0) refuse(who, argument(a), "at least one column", columns(shapes[a].cols));
    if (shapes[a].cols != shapes[0].cols)
      refuse(who, argument(a), columns(shapes[0].cols) + " as in argument 1", columns(shapes[a].cols));
  }
  if (kind == arrangement::first_against_rest && shapes.count < 2)
    refuse(who, "embedding arguments", "at least 2", shapes.count);
  if (kind != arrangement::both_ways) return;
  if (shapes.count != 2) refuse(who, "embedding arguments", 2, shapes.count);
  if (shapes[0].rows != shapes[1].rows)
    refuse(who, argument(1), rows(shapes[0].rows) + " as in argument 1", rows(shapes[1].rows));
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
