// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a loss is: the weights of a pair, and what is true of whole tiles of pairs.
#pragma once

#include <concepts>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/temperature.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/core/weight_view.hpp>
#include <contrastive/engine/row/rule.hpp>
#include <string>
#include <type_traits>
#include <variant>

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
  tile_weights denominator = tile_weights::general;
  tile_positives positive = tile_positives::general;
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
                                  ///< on, where a loop of one's own is faster
  bool positive_rows = false;     ///< void positives(i, first, count, T* out): likewise P_ij
  bool anchor_factors = false;  ///< double prepare_anchor(i), const double* anchor_factors: a number an anchor, computed before
                                ///< all else; engines then point anchor_factors at all of them
  bool leaves_out = false;  ///< bool leaves_out(i, j): few pairs that have D_ij = P_ij = 0 in tiles of which of_tile says so
                            ///< beside what is true of all others; void each_left_out(const tile&, visit) calls
                            ///< visit(i, j) for all of a tile (on the host; listed pairs may be among both)
  bool anchor_constants = false;  ///< double anchor_constant(i): added to the loss of a valid anchor
};

/// The weights of pairs, a small trivially copyable struct of parameters and views:
///   p.denominator(i, j)  D_ij ≥ 0, how much candidate j counts among those that anchor i is held against
///   p.positive(i, j)     P_ij ≥ 0, how much candidate j counts as a positive of anchor i
/// Anchors are numbered from 0, and so are candidates; where both are rows of the same arguments (all_against_all,
/// first_against_all), anchor i is candidate i. The functions must be pure. Beside them weights may state what saves work:
/// static constexpr pair_statements says.
template <class P>
concept pair_weights = std::is_trivially_copyable_v<P> && requires(const P& p, index_type i, index_type j) {
  { p.denominator(i, j) } -> std::convertible_to<double>;
  { p.positive(i, j) } -> std::convertible_to<double>;
};

/// What every loss has: temperature, similarity, reduction and an arrangement. A learned offset of the logits is `bias`.
template <class L>
concept loss_parameters = requires(const L& l) {
  { l.temperature } -> std::convertible_to<double>;
  { l.similarity } -> std::convertible_to<similarity>;
  { l.reduction } -> std::convertible_to<reduction>;
  { l.arrangement } -> std::convertible_to<arrangement>;
};

namespace detail {

template <class L>
concept binds_shapes = requires(const L& l, const argument_shapes& shapes) {
  { l.bind(shapes) } -> pair_weights;
};

template <class R>
inline constexpr bool is_rule_choice = false;
template <class... R>
inline constexpr bool is_rule_choice<std::variant<R...>> = (row_rule<R> && ...);

template <class R>
concept rule_or_choice = row_rule<std::remove_cvref_t<R>> || is_rule_choice<std::remove_cvref_t<R>>;
template <class L>
concept makes_rule = requires(const L& l, const argument_shapes& shapes) {
  { l.rule(shapes) } -> rule_or_choice;
};
template <class L>
concept has_rule = makes_rule<L> || requires(const L& l) {
  { l.rule } -> rule_or_choice;
};

}  // namespace detail

/// A loss: its parameters (loss_parameters); pair weights, either its own members or those of what bind(argument_shapes)
/// returns (which may also refuse shapes, by std::invalid_argument); and a row rule, either a member `rule` or what
/// rule(argument_shapes) returns. A rule that is chosen when the program runs is a std::variant of rules.
/// Beside these a loss may have a number `bias`, added to every logit, whose gradient the result has; a weight_view
/// `anchor_weights`, empty or a number an anchor, which multiplies its loss, its mass and its gradients; and template
/// each_view(visit) const, which calls visit(name, pointer) for each memory that it holds, so that fronts can check where it
/// lies. What a function throws reaches the caller of the CPU's evaluator; on devices none may throw.
template <class L>
concept loss_function = loss_parameters<L> &&(detail::binds_shapes<L> || pair_weights<L>)&&detail::has_rule<L>;

namespace detail {

/// "nt_xent" for the library's losses, "loss" for one that has no name.
template <class L>
constexpr const char* loss_name() {
  if constexpr (requires { L::name; })
    return L::name;
  else
    return "loss";
}

/// False, and an error that says what is missing, where L is no loss.
template <class L>
constexpr bool check_loss() {
  static_assert(std::is_trivially_copyable_v<L>,
                "contrastive: a loss must be trivially copyable: hold views of memory (label_view, matrix_view), no vectors");
  static_assert(
      requires(const L& l) {
        { l.temperature } -> std::convertible_to<double>;
      },
      "contrastive: the first argument is no loss: it has no member `temperature`");
  static_assert(
      requires(const L& l) {
        { l.similarity } -> std::convertible_to<similarity>;
      },
      "contrastive: the first argument is no loss: it has no member `similarity`");
  static_assert(
      requires(const L& l) {
        { l.reduction } -> std::convertible_to<reduction>;
      },
      "contrastive: the first argument is no loss: it has no member `reduction`");
  static_assert(
      requires(const L& l) {
        { l.arrangement } -> std::convertible_to<arrangement>;
      },
      "contrastive: the first argument is no loss: it has no member `arrangement`");
  static_assert(has_rule<L>,
                "contrastive: the first argument is no loss: it has no row rule, neither a member `rule` such as "
                "contrastive::mean_log nor rule(argument_shapes) const; see contrastive::row_rule");
  static_assert(
      binds_shapes<L> ||
          requires(const L& l, index_type i) {
            { l.denominator(i, i) } -> std::convertible_to<double>;
          },
      "contrastive: the first argument is no loss: it has no `double denominator(index_type i, index_type j) const`, "
      "and no bind(argument_shapes) const that returns pair weights");
  static_assert(
      binds_shapes<L> ||
          requires(const L& l, index_type i) {
            { l.positive(i, i) } -> std::convertible_to<double>;
          },
      "contrastive: the first argument is no loss: it has no `double positive(index_type i, index_type j) const`, "
      "and no bind(argument_shapes) const that returns pair weights");
  return loss_function<L>;
}

/// The pair weights of a loss for arguments of these shapes.
template <loss_function L>
auto bind(const L& loss, const argument_shapes& shapes) {
  if constexpr (binds_shapes<L>)
    return loss.bind(shapes);
  else
    return loss;
}

/// visit(rule) with the row rule of a loss for arguments of these shapes.
template <loss_function L, class Visit>
decltype(auto) with_rule(const L& loss, const argument_shapes& shapes, Visit&& visit) {
  const auto one = [&](const auto& rule) -> decltype(auto) {
    if constexpr (row_rule<std::remove_cvref_t<decltype(rule)>>)
      return visit(rule);
    else
      return std::visit(visit, rule);
  };
  if constexpr (makes_rule<L>)
    return one(loss.rule(shapes));
  else
    return one(loss.rule);
}

/// visit(name, memory) for each view that a loss holds, where it says so: template each_view(visit) const.
template <class L, class Visit>
void each_view(const L& loss, Visit visit) {
  if constexpr (requires { loss.each_view(visit); }) loss.each_view(visit);
}

template <class L>
concept has_bias = requires(const L& l) {
  { l.bias } -> std::convertible_to<double>;
};
/// The learned offset b of the logits, 0 where a loss has none.
template <class L>
double bias_of(const L& loss) {
  if constexpr (has_bias<L>)
    return loss.bias;
  else
    return 0;
}

/// The weight of each anchor: empty where a loss has none or was given none.
template <class L>
weight_view anchor_weights_of(const L& loss) {
  if constexpr (requires { weight_view(loss.anchor_weights); })
    return loss.anchor_weights;
  else
    return {};
}

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

/// What every loss asks of its arguments: rows, columns, one dimension, a temperature that T can compute with, as many
/// arguments as it takes.
template <class T>
void check_arguments(const char* who, double temperature, arrangement kind, const argument_shapes& shapes) {
  const auto argument = [](int a) { return "argument " + std::to_string(a + 1); };
  const auto rows = [](index_type n) { return std::to_string(n) + " rows"; };
  const auto columns = [](index_type n) { return std::to_string(n) + " columns"; };
  check_temperature<T>(who, temperature);
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

/// Refuses weights of another number than the anchors', and where `look` says so what is no weight.
inline void check_anchor_weights(const char* who, const weight_view& weights, index_type num_anchors, bool look) {
  if (weights.data() == nullptr && weights.size() == 0) return;
  if (weights.size() != num_anchors)
    refuse(who, "anchor_weights", std::to_string(num_anchors) + " weights, one an anchor",
           std::to_string(weights.size()) + " weights");
  for (index_type i = 0; look && i < num_anchors; ++i)
    if (const double w = weights[i]; !(w >= 0 && w <= 3.4e38))
      refuse(who, "anchor_weights[" + std::to_string(i) + "]", "a finite weight of at least 0", w);
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
