// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// check_gradient: is a loss, one's own above all, evaluated as its definition says?
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/evaluator.hpp>
#include <contrastive/engine/check_statements.hpp>
#include <contrastive/engine/naive.hpp>
#include <limits>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What check_gradient found. Errors are |difference| / max(1, |expected|).
struct gradient_check {
  bool passed = false;
  double value_error = 0;        ///< engine against the definition, pair by pair
  double gradient_error = 0;     ///< engine against central differences of the definition, over all embeddings
  double temperature_error = 0;  ///< likewise for the temperature
  std::string false_statement;   ///< a statement of the loss that contradicts its definition, such as `symmetric`; else empty
  std::string message;           ///< in words; where it failed, where

  explicit operator bool() const { return passed; }
};

/// Checks a loss on these embeddings, in double: its value on the engine against the definition (each pair's
/// denominator(i, j) and positive(i, j), one by one), and the engine's gradients against central differences of that.
/// What the loss says of tiles and lists is held against its definition, pair by pair.
/// Embeddings of float are widened. Time grows with (rows · cols)²: some ten rows of some few columns are enough.
///
///   if (auto check = contrastive::check_gradient(my_loss{.labels = labels}, z); !check) std::puts(check.message.c_str());
template <class L, class... E>
gradient_check check_gradient(const L& loss, const E&... embeddings) {
  using matrix = result<double>::matrix;
  constexpr double step = 1e-5, tolerance = 1e-6;  // central differences: error ~ step² + 1e-16 / step
  std::vector<matrix> values;
  const auto widen = [&](const auto& view) {
    matrix m(view.rows, view.cols);
    for (index_type r = 0; r < view.rows; ++r)
      for (index_type c = 0; c < view.cols; ++c) m(r, c) = static_cast<double>(view(r, c));
    values.push_back(m);
  };
  (widen(detail::argument_traits<E>::view(embeddings)), ...);
  std::vector<matrix_view<const double>> views(values.begin(), values.end());

  evaluator<double> evaluate;
  const result<double> got = evaluate.value_and_gradient(loss, views);
  const auto define = [&](const L& l) { return naive::evaluate(l, views.data(), static_cast<int>(views.size())).loss; };
  const auto error = [](double expected, double came) {
    const double e = std::fabs(expected - came) / std::max(1.0, std::fabs(expected));
    return std::isnan(e) ? std::numeric_limits<double>::infinity() : e;
  };

  gradient_check check;
  const double defined = define(loss);
  check.value_error = error(defined, got.loss);
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
  L warmer = loss, colder = loss;
  const double temperature_step = step * static_cast<double>(loss.temperature);
  warmer.temperature = loss.temperature + temperature_step;
  colder.temperature = loss.temperature - temperature_step;
  check.temperature_error = error((define(warmer) - define(colder)) / (2 * temperature_step), got.temperature_gradient);

  std::vector<shape> shapes;
  for (const auto& view : views) shapes.push_back({view.rows, view.cols});
  const argument_shapes all{shapes.data(), static_cast<int>(shapes.size())};
  check.false_statement = detail::false_statement(detail::bind(loss, all), detail::ranges_of(loss.arrangement, all));

  check.passed = check.false_statement.empty() && check.value_error <= 1e-9 && check.gradient_error <= tolerance &&
                 check.temperature_error <= tolerance;
  check.message = std::string(detail::loss_name<L>()) + (check.passed ? ": passed" : ": FAILED") + ": value " +
                  detail::text(got.loss) + " (error " + detail::text(check.value_error) + "), gradient error " +
                  detail::text(check.gradient_error) + " at " + where + ", temperature gradient error " +
                  detail::text(check.temperature_error) +
                  (check.false_statement.empty() ? "" : "; the loss says " + check.false_statement);
  return check;
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
