// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a loss is: parameters, weights of pairs and a row rule; and what each call checks.
#pragma once

#include <concepts>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/temperature.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/core/weight_view.hpp>
#include <contrastive/engine/pair_weights.hpp>
#include <contrastive/engine/row/rule.hpp>
#include <string>
#include <type_traits>
#include <variant>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Rows of one embedding argument, and columns.
struct shape {
  index_type rows = 0;  ///< n
  index_type cols = 0;  ///< d
  bool spread = false;  ///< each of several ranks holds some of the rows
};

/// The shapes of the embedding arguments of a call, in order.
struct argument_shapes {
  const shape* first = nullptr;  ///< the shape of the first argument, followed by those of the others
  int count = 0;                 ///< the number of arguments
  bool on_device = false;        ///< the loss's views point to memory of a device: `bind` must not read there

  /// The shape of an argument, from 0 on.
  const shape& operator[](int argument) const { return first[argument]; }
  /// The rows of all arguments.
  index_type total_rows() const {
    index_type rows = 0;
    for (int a = 0; a < count; ++a) rows += first[a].rows;
    return rows;
  }
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

inline void check_memory(const char* who, const char* what, const void* memory) {
  if (memory == nullptr) refuse(who, what, "memory", "a null pointer");
}

/// Refuses weights of another number than the anchors', and where `look` says so what is no weight.
inline void check_anchor_weights(const char* who, const weight_view& weights, index_type num_anchors, bool look) {
  if (weights.size() == 0) return;
  check_memory(who, "anchor_weights", weights.data());
  if (weights.size() != num_anchors)
    refuse(who, "anchor_weights", std::to_string(num_anchors) + " weights, one an anchor",
           std::to_string(weights.size()) + " weights");
  for (index_type i = 0; look && i < num_anchors; ++i)
    if (const double w = weights[i]; !(w >= 0 && w <= 3.4e38) || (w != 0 && w < 2.3e-308))  // 1 / Σ w is a number
      refuse(who, "anchor_weights[" + std::to_string(i) + "]",
             w > 0 && w < 1 ? "0 or a weight of at least 2.3e-308" : "a finite weight of at least 0", w);
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
