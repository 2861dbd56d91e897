// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The machine of the tile engine made of loops: what the kernels do to a row, in the order of the rows or against it.
#pragma once

#include <algorithm>
#include <contrastive/cuda/engine.hpp>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <support/answer.hpp>
#include <type_traits>
#include <vector>

namespace contrastive::testing {

struct host_machine {
  bool backwards = false;  // rows do not depend on each other: any order gives the same bits

  template <class Op>
  void each(index_type count, const Op& op) const {
    for (index_type i = 0; i < count; ++i) op(backwards ? count - 1 - i : i);
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    for (index_type i = 0; i < count; ++i) op(backwards ? count - 1 - i : i, cuda::one_lane{});
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    each_row(count, op);
  }
  template <class In, class Out>
  void multiply(const cuda::product<In, Out>& p) const {
    for (index_type r = 0; r < p.rows; ++r)
      for (index_type c = 0; c < p.columns; ++c) {
        Out sum = 0;
        for (index_type k = 0; k < p.depth; ++k)
          sum += static_cast<Out>(p.left[p.left_turned ? k * p.left_stride + r : r * p.left_stride + k]) *
                 static_cast<Out>(p.right[p.right_turned ? c * p.right_stride + k : k * p.right_stride + c]);
        Out& out = p.out[r * p.out_stride + c];
        out = static_cast<Out>(p.scale) * sum + (p.add ? out : Out(0));
      }
  }
  static std::size_t sort_bytes(index_type, index_type) { return 8; }
  void sort(const index_type* keys, const index_type* values, index_type* sorted_keys, index_type* sorted_values,
            index_type count, index_type, void*, std::size_t) const {
    std::vector<index_type> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), index_type{0});
    std::stable_sort(order.begin(), order.end(), [&](index_type a, index_type b) { return keys[a] < keys[b]; });
    for (index_type p = 0; p < count; ++p) {
      const index_type from = order[static_cast<std::size_t>(p)];
      sorted_keys[p] = keys[from], sorted_values[p] = values[from];
    }
  }
};

/// A call of the tile engine on a machine in this process, in memory that starts as NaN. S are the embeddings; R the rows of
/// products.
template <class R, class S, class Machine, class L>
answer on_machine(Machine& machine, const L& loss, const views<S>& embeddings, const cuda::tile_size& tiles,
                  const std::vector<bool>& fixed = {}) {
  using T = typename contrastive::detail::computed_in<S>::type;
  std::vector<shape> given;
  for (const auto& e : embeddings) given.push_back({e.rows, e.cols});
  const argument_shapes shapes{given.data(), static_cast<int>(given.size()), true};
  const auto pairs = contrastive::detail::bind(loss, shapes);
  std::vector<matrix<T>> gradients;
  for (const auto& e : embeddings) gradients.emplace_back(e.rows, e.cols);
  std::vector<cuda::device_argument<S, T>> arguments;
  for (std::size_t a = 0; a < embeddings.size(); ++a)
    arguments.push_back({embeddings[a], fixed.empty() || !fixed[a], matrix_view<T>(gradients[a])});
  const auto ranges = contrastive::detail::ranges_of(loss.arrangement, shapes);
  T value = 0, temperature_gradient = 0;
  index_type valid = 0;
  std::vector<T> per_anchor(static_cast<std::size_t>(ranges.num_anchors()));
  const cuda::device_request<S, T, T> request{
      arguments.data(), shapes.count,          ranges,         loss.temperature,
      loss.similarity,  loss.pooling,          loss.reduction, loss.arrangement == arrangement::both_ways,
      &value,           &temperature_gradient, &valid,         per_anchor.data()};
  cuda::tile_engine<Machine, T, R> engine;
  const std::size_t bytes = engine.plan(machine, pairs, request, tiles);
  std::vector<std::max_align_t> memory(bytes / sizeof(std::max_align_t) + 1);
  std::memset(memory.data(), 0xff, memory.size() * sizeof(std::max_align_t));
  engine.run(machine, memory.data(), pairs, request, [](const double*) {});
  answer a{static_cast<double>(value), static_cast<double>(temperature_gradient), valid, {}, {}};
  if (loss.reduction == reduction::none)
    for (const T l : per_anchor) a.per_anchor.push_back(static_cast<double>(l));
  for (std::size_t e = 0; e < gradients.size(); ++e)
    a.gradients.push_back(fixed.empty() || !fixed[e] ? matrix<double>(gradients[e].template cast<double>()) : matrix<double>());
  return a;
}

}  // namespace contrastive::testing
