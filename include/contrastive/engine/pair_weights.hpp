// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The weights of pairs, and what they say of whole tiles of pairs.
#pragma once

#include <concepts>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <cstdint>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Anchors [anchor_begin, anchor_end) against candidates [candidate_begin, candidate_end).
struct tile {
  index_type anchor_begin;     ///< the first anchor
  index_type anchor_end;       ///< past the last anchor
  index_type candidate_begin;  ///< the first candidate
  index_type candidate_end;    ///< past the last candidate
};

/// What is true of the weights D_ij of the pairs of a tile that are not listed (of listed pairs denominator(i, j) is asked, one
/// by one). i = j means something where anchors are candidates too.
enum class tile_weights {
  zeros,              ///< D_ij = 0
  ones,               ///< D_ij = 1
  ones_off_diagonal,  ///< D_ij = 1 but where i = j, there 0
  general             ///< denominator(i, j) is asked of each pair
};

/// What is true of the weights P_ij of the pairs of a tile that are not listed.
enum class tile_positives {
  none,               ///< P_ij = 0
  ones,               ///< P_ij = 1
  ones_off_diagonal,  ///< P_ij = 1 but where i = j, there 0
  general             ///< positive(i, j) is asked of each pair
};

/// What pair weights say of a tile.
struct tile_statement {
  tile_weights denominator = tile_weights::general;   ///< of D_ij
  tile_positives positive = tile_positives::general;  ///< of P_ij
  bool leaves_out = false;  ///< pairs of which leaves_out(i, j) is true are in no sum, whatever else is said of the tile
};

/// What listed(i, t) returns where anchor i lists fewer than listed_per_anchor() candidates.
inline constexpr index_type no_candidate = -1;

/// What pair weights say of themselves: static constexpr pair_statements says{.symmetric = true}. None of it changes what is
/// computed, all of it saves an engine work; `check_gradient` finds a statement that contradicts denominator and positive. A
/// statement that names functions needs them, and functions need their statement: else it does not compile.
struct pair_statements {
  bool symmetric = false;  ///< D_ij = D_ji and P_ij = P_ji (anchors and candidates the same rows)
  bool lists = false;      ///< index_type listed_per_anchor(), listed(i, t): the t-th candidate of anchor i that is looked
                           ///< at by itself, or no_candidate; none twice for one anchor; if symmetric, in both orders
  bool positives_listed = false;  ///< each pair with P_ij > 0 is listed
  bool tiled_range = false;       ///< index_type tiled_begin(), tiled_end(): candidates that may have D_ij or P_ij > 0 for many
                                  ///< anchors; pairs with any other candidate count only if they are listed
  bool tiles = false;             ///< tile_statement of_tile(const tile&): what is true of a whole tile
  bool denominator_rows = false;  ///< void denominators(i, first, count, T* out): D_ij of `count` tiled candidates from `first`
                                  ///< on, where your own loop is faster
  bool positive_rows = false;     ///< void positives(i, first, count, T* out): likewise P_ij
  bool anchor_factors = false;  ///< double prepare_anchor(i), const double* anchor_factors: a number an anchor, computed before
                                ///< all else; engines then point anchor_factors at all of them
  bool leaves_out = false;  ///< bool leaves_out(i, j): few pairs with D_ij = P_ij = 0, whatever else of_tile says of a tile of
                            ///< which it also says that pairs are left out; void each_left_out(const tile&, visit) calls
                            ///< visit(i, j) for all of a tile (on the host). Listed pairs, which keep their weights, may be
                            ///< among both
  bool anchor_constants = false;  ///< double anchor_constant(i): added to the loss of a valid anchor
  bool row_classes = false;  ///< std::int64_t row_class(i): more can be said of tiles where rows of one class are neighbours.
                             ///< Where anchors are candidates too an engine may number all anchors anew, and calls, before it
                             ///< asks anything else, void renumber(const index_type* rows, const std::int64_t* classes): from
                             ///< then on i is the row that was rows[i] before, of class classes[i], and classes ascend.
                             ///< Candidates that are no anchors keep their numbers. The memory is there while it is asked
};

/// The weights of pairs, a small trivially copyable struct of parameters and views:
///
///   p.denominator(i, j)  D_ij ≥ 0, how much candidate j counts among those that anchor i is held against
///   p.positive(i, j)     P_ij ≥ 0, how much candidate j counts as a positive of anchor i
///
/// Anchors are numbered from 0, and so are candidates; where both are rows of the same arguments (all_against_all,
/// first_against_all), anchor i is candidate i. The functions must be pure. Beside them weights may state what saves work:
/// static constexpr pair_statements says.
template <class P>
concept pair_weights = std::is_trivially_copyable_v<P> && requires(const P& p, index_type i, index_type j) {
  { p.denominator(i, j) } -> std::convertible_to<double>;
  { p.positive(i, j) } -> std::convertible_to<double>;
};

namespace detail {

template <class P>
concept has_lists = requires(const P& p, index_type i) {
  { p.listed_per_anchor() } -> std::convertible_to<index_type>;
  { p.listed(i, i) } -> std::convertible_to<index_type>;
};
template <class P>
concept has_tiled_range = requires(const P& p) {
  { p.tiled_begin() } -> std::convertible_to<index_type>;
  { p.tiled_end() } -> std::convertible_to<index_type>;
};
template <class P>
concept has_tiles = requires(const P& p, const tile& t) {
  { p.of_tile(t) } -> std::same_as<tile_statement>;
};
template <class P>
concept has_denominator_rows = requires(const P& p, index_type i, float* out) {
  p.denominators(i, i, i, out);
};
template <class P>
concept has_positive_rows = requires(const P& p, index_type i, float* out) {
  p.positives(i, i, i, out);
};
template <class P>
concept has_anchor_factors = requires(P& p, const double* factors) {
  { p.prepare_anchor(index_type{}) } -> std::convertible_to<double>;
  p.anchor_factors = factors;
};
template <class P>
concept has_left_out = requires(const P& p, index_type i, const tile& t, void (*visit)(index_type, index_type)) {
  { p.leaves_out(i, i) } -> std::convertible_to<bool>;
  p.each_left_out(t, visit);
};
template <class P>
concept has_anchor_constants = requires(const P& p, index_type i) {
  { p.anchor_constant(i) } -> std::convertible_to<double>;
};
template <class P>
concept has_row_classes = requires(P& p, const index_type* rows, const std::int64_t* classes) {
  { p.row_class(index_type{}) } -> std::convertible_to<std::int64_t>;
  p.renumber(rows, classes);
};

/// What pair weights say of themselves, once it is sure that the functions which they name are there.
template <pair_weights P>
constexpr pair_statements statements_of() {
  constexpr pair_statements says = [] {
    if constexpr (requires { P::says; })
      return pair_statements{P::says};
    else
      return pair_statements{};
  }();
  static_assert(says.lists == has_lists<P>, "contrastive: .lists goes with listed_per_anchor() const and listed(i, t) const");
  static_assert(!says.positives_listed || says.lists, "contrastive: .positives_listed needs .lists");
  static_assert(says.tiled_range == has_tiled_range<P>,
                "contrastive: .tiled_range goes with tiled_begin() const and tiled_end() const");
  static_assert(says.tiles == has_tiles<P>, "contrastive: .tiles goes with tile_statement of_tile(const tile&) const");
  static_assert(says.denominator_rows == has_denominator_rows<P>,
                "contrastive: .denominator_rows goes with a template denominators(i, first, count, out) const");
  static_assert(says.positive_rows == has_positive_rows<P>,
                "contrastive: .positive_rows goes with a template positives(i, first, count, out) const");
  static_assert(says.anchor_factors == has_anchor_factors<P>,
                "contrastive: .anchor_factors goes with prepare_anchor(i) const and a member const double* anchor_factors");
  static_assert(says.leaves_out == has_left_out<P>,
                "contrastive: .leaves_out goes with leaves_out(i, j) const and a template each_left_out(tile, visit) const");
  static_assert(!says.leaves_out || says.tiles, "contrastive: .leaves_out needs .tiles, which says where it counts");
  static_assert(says.anchor_constants == has_anchor_constants<P>,
                "contrastive: .anchor_constants goes with anchor_constant(i) const");
  static_assert(says.row_classes == has_row_classes<P>,
                "contrastive: .row_classes goes with row_class(i) const and renumber(rows, classes)");
  return says;
}

/// Whether this loss, with its parameters, wants a factor an anchor.
template <class P>
CONTRASTIVE_HOST_DEVICE bool prepares_anchors(const P& p) {
  if constexpr (requires {
                  { p.prepares_anchors() } -> std::convertible_to<bool>;
                })
    return p.prepares_anchors();
  else
    return has_anchor_factors<P>;
}

/// What is added to the loss of a valid anchor.
template <class P>
CONTRASTIVE_HOST_DEVICE double anchor_constant_of(const P& p, index_type i) {
  if constexpr (has_anchor_constants<P>)
    return static_cast<double>(p.anchor_constant(i));
  else
    return 0;
}

/// What is true of the unlisted pairs of a tile. Engines ask on the host.
template <class P>
tile_statement statement_of(const P& pairs, const tile& t) {
  tile_statement said;
  if constexpr (has_tiles<P>) said = pairs.of_tile(t);
  if constexpr (statements_of<P>().positives_listed) said.positive = tile_positives::none;
  return said;
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
