// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// check_gradient: is a loss, one's own above all, evaluated as its definition says?
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/evaluator.hpp>
#include <contrastive/engine/check_rule.hpp>
#include <contrastive/engine/check_statements.hpp>
#include <contrastive/engine/naive.hpp>
#include <limits>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What check_gradient found. Errors are |difference| / max(1, |expected|).
struct gradient_check {
  bool passed = false;           ///< all errors are within their tolerances and no statement is false
  double value_error = 0;        ///< engine against the definition, pair by pair
  double gradient_error = 0;     ///< engine against central differences of the definition, over all embeddings
  double temperature_error = 0;  ///< likewise for the temperature
  double bias_error = 0;         ///< likewise for the bias; where a loss has none, the gradient that it gives nevertheless
  std::string false_statement;   ///< what the loss or its rule says and its definition contradicts, in words; else empty
  std::string message;           ///< in words; where it failed, where

  /// Did it pass?
  explicit operator bool() const { return passed; }
};

/// Checks a loss on these embeddings, in double: its value on the engine against the definition (each pair's
/// denominator(i, j) and positive(i, j), one by one, and of the row rule the loss alone), and the engine's gradients against
/// central differences of that. The definition is also compared with
///   - what the pair weights say of tiles, lists and symmetry, pair by pair, and that weights are finite and not negative;
///   - what the row rule returns beside the loss, at the sums of these rows, at τ and at τ = 0.005: its slopes and dl/dτ
///     against differences of the loss, the residual or `balanced` against the sum of the slopes, the derivatives of own
///     functions; that a row without mass has loss and slopes 0; and that all is finite where ±10000 is added to every logit.
/// Embeddings are those of the loss's call; those of float are widened. Time grows with (rows · cols)²: some ten rows of some
/// few columns are enough. Throws what the loss refuses. A gradient that does not flow through the batch step of a rule is
/// taken as meant.
///
///   if (auto check = contrastive::check_gradient(my_loss{.labels = labels}, z); !check) std::puts(check.message.c_str());
template <class L, class... E>
gradient_check check_gradient(const L& loss, const E&... embeddings) {
  using matrix = result<double>::matrix;
  constexpr double step = 1e-5, tolerance = 1e-6;  // central differences: error ~ step² + 1e-16 / step
  std::vector<matrix> values;
  const auto widen = [&]<class M>(const M& one) {
    const auto view = detail::argument_traits<M>::view(one);
    matrix m(view.rows, view.cols);
    for (index_type r = 0; r < view.rows; ++r)
      for (index_type c = 0; c < view.cols; ++c) m(r, c) = static_cast<double>(view(r, c));
    values.push_back(m);
  };
  const auto widen_all = [&]<class A>(const A& given) {
    if constexpr (detail::is_vector<A>)
      for (const auto& one : given) widen(one);
    else
      widen(given);
  };
  (widen_all(embeddings), ...);
  std::vector<matrix_view<const double>> views(values.begin(), values.end());
  const int count = static_cast<int>(views.size());

  evaluator<double> evaluate;
  const result<double> got = evaluate.value_and_gradient(loss, views);
  const std::vector<double> shares = naive::batch_shares(loss, views.data(), count);
  const auto define = [&](const L& l) { return naive::value(l, views.data(), count, shares); };
  const auto error = [](double expected, double came) {
    const double e = std::fabs(expected - came) / std::max(1.0, std::fabs(expected));
    return std::isnan(e) ? std::numeric_limits<double>::infinity() : e;
  };

  gradient_check check;
  check.value_error = error(define(loss), static_cast<double>(got.loss));
  std::string where = "nowhere";
  for (std::size_t a = 0; a < values.size(); ++a)
    for (index_type r = 0; r < values[a].rows(); ++r)
      for (index_type c = 0; c < values[a].cols(); ++c) {
        const double kept = values[a](r, c);
        values[a](r, c) = kept + step;
        const double above = define(loss);
        values[a](r, c) = kept - step;
        const double below = define(loss);
        values[a](r, c) = kept;
        const double e = error((above - below) / (2 * step), got.gradients[a](r, c));
        if (e > check.gradient_error) {
          check.gradient_error = e;
          where = "gradients[" + std::to_string(a) + "](" + std::to_string(r) + ", " + std::to_string(c) + ")";
        }
      }
  const auto change_by = [&](auto set, double at, double by) {
    L more = loss, less = loss;
    set(more, at + by), set(less, at - by);
    return (define(more) - define(less)) / (2 * by);
  };
  L cold = loss;
  if constexpr (requires { cold.temperature = 0.005; }) {
    const auto set = [](L& l, double t) { l.temperature = static_cast<decltype(l.temperature)>(t); };
    const double at = static_cast<double>(loss.temperature);
    check.temperature_error = error(change_by(set, at, step * at), got.temperature_gradient);
    set(cold, 0.005);
  }
  double by_bias = 0;
  if constexpr (requires { cold.bias = 0.5; })
    by_bias = change_by([](L& l, double b) { l.bias = static_cast<decltype(l.bias)>(b); }, detail::bias_of(loss), step);
  check.bias_error = error(by_bias, got.bias_gradient);

  std::vector<shape> shapes;
  for (const auto& view : views) shapes.push_back({view.rows, view.cols});
  const argument_shapes all{shapes.data(), count};
  check.false_statement = detail::false_statement(detail::bind(loss, all), detail::ranges_of(loss.arrangement, all));
  for (const L& l : {loss, cold})
    if (check.false_statement.empty()) check.false_statement = detail::false_rule(l, views.data(), count);

  check.passed = check.false_statement.empty() && check.value_error <= 1e-9 && check.gradient_error <= tolerance &&
                 check.temperature_error <= tolerance && check.bias_error <= tolerance;
  check.message = std::string(detail::loss_name<L>()) + (check.passed ? ": passed" : ": FAILED") + ": value " +
                  detail::text(got.loss) + " (error " + detail::text(check.value_error) + "), gradient error " +
                  detail::text(check.gradient_error) + " at " + where + ", temperature gradient error " +
                  detail::text(check.temperature_error) + ", bias gradient error " + detail::text(check.bias_error) +
                  (check.false_statement.empty() ? "" : "; false: " + check.false_statement);
  return check;
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
