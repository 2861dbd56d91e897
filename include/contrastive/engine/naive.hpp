// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The engine that defines right: every pair in turn, in double, straight from the definition. O(n m d) time, no tiles. Of a
// row rule it believes the loss and the mass alone.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <contrastive/engine/naive/definition.hpp>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace naive {
namespace detail {

/// Calls visit(definition, rows) for a loss on these rows.
template <loss_function L, class T, class Visit>
auto on_rows(const L& loss, const matrix_view<const T>* arguments, int count, Visit visit) {
  std::vector<shape> shapes;
  for (int a = 0; a < count; ++a) shapes.push_back({arguments[a].rows, arguments[a].cols});
  rows z(arguments, count);
  return with_definition(loss, {shapes.data(), count}, [&](const definition& d) { return visit(d, z); });
}

}  // namespace detail

/// Value and gradients of a loss for arguments whose shapes have been checked.
template <loss_function L, class T>
outcome evaluate(const L& loss, const matrix_view<const T>* arguments, int count) {
  return detail::on_rows(loss, arguments, count, [&](const detail::definition& d, detail::rows& z) {
    outcome out = d.evaluate(z);
    if constexpr (!contrastive::detail::has_bias<L>) out.bias_gradient = 0;
    auto first = z.gradient().begin();
    for (int a = 0; a < count; ++a) {
      const auto last = first + arguments[a].rows * arguments[a].cols;
      out.gradients.emplace_back(first, last);
      first = last;
    }
    return out;
  });
}

/// The share of each anchor in the batch, batch_term - log Σ e^batch_term; empty for a rule without a batch step.
template <loss_function L, class T>
std::vector<double> batch_shares(const L& loss, const matrix_view<const T>* arguments, int count) {
  return detail::on_rows(loss, arguments, count,
                         [](const detail::definition& d, const detail::rows& z) { return d.shares_of(d.all_sums(z)); });
}

/// The value alone; with `held` for given shares in the batch, through which no gradient flows.
template <loss_function L, class T>
double value(const L& loss, const matrix_view<const T>* arguments, int count, const std::vector<double>& held = {}) {
  return detail::on_rows(loss, arguments, count, [&](const detail::definition& d, const detail::rows& z) {
    std::vector<detail::sums> all = d.all_sums(z);
    d.hold_shares(held, all);
    outcome out;
    d.reduce_losses(all, out);
    return out.loss;
  });
}

}  // namespace naive
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
