// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A call of the tile engine, with memory for what it gives.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/device/engine.hpp>
#include <cstddef>
#include <cstring>
#include <support/answer.hpp>
#include <vector>

namespace contrastive::testing {

/// Loss and gradients of a call of the tile engine on a machine in this process, in memory that starts as NaN.
template <class Machine, class L, class S>
answer call_on(Machine& machine, const L& loss, const views<S>& embeddings, const device::tile_size& tiles,
               const std::vector<bool>& fixed = {}) {
  using T = typename contrastive::detail::computed_in<S>::type;
  std::vector<shape> given;
  for (const auto& e : embeddings) given.push_back({e.rows, e.cols});
  const argument_shapes shapes{given.data(), static_cast<int>(given.size()), true};
  const auto pairs = contrastive::detail::bind(loss, shapes);
  std::vector<matrix<T>> gradients;
  for (const auto& e : embeddings) gradients.emplace_back(e.rows, e.cols);
  std::vector<device::argument<S, T>> arguments;
  for (std::size_t a = 0; a < embeddings.size(); ++a)
    arguments.push_back({embeddings[a], fixed.empty() || !fixed[a], matrix_view<T>(gradients[a])});
  const auto ranges = contrastive::detail::ranges_of(loss.arrangement, shapes);
  T value = 0, temperature_gradient = 0, bias_gradient = 0;
  index_type valid = 0;
  std::vector<T> per_anchor(static_cast<std::size_t>(ranges.num_anchors()));
  auto request = device::request_of<S, T, T>(loss, arguments.data(), shapes.count, ranges);
  request.loss = &value, request.temperature_gradient = &temperature_gradient, request.bias_gradient = &bias_gradient;
  request.valid_anchors = &valid, request.per_anchor = per_anchor.data();
  contrastive::detail::with_rule(loss, shapes, [&](const auto& rule) {
    auto engine = device::engine_for<S>(machine, pairs, rule, request, tiles);
    std::vector<std::max_align_t> memory(engine.bytes() / sizeof(std::max_align_t) + 1);
    std::memset(memory.data(), 0xff, memory.size() * sizeof(std::max_align_t));
    engine.run(memory.data(), [](const double*) {});
  });
  answer a;
  a.loss = static_cast<double>(value), a.temperature_gradient = static_cast<double>(temperature_gradient);
  a.bias_gradient = static_cast<double>(bias_gradient), a.valid_anchors = valid;
  if (loss.reduction == reduction::none)
    for (const T l : per_anchor) a.per_anchor.push_back(static_cast<double>(l));
  for (std::size_t e = 0; e < gradients.size(); ++e)
    a.gradients.push_back(fixed.empty() || !fixed[e] ? matrix<double>(gradients[e].template cast<double>()) : matrix<double>());
  return a;
}

}  // namespace contrastive::testing
