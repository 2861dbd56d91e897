// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The machine of the tile engine made of loops: what the kernels do to a row, in the order of the rows or against it, by one
// thread or by several.
#pragma once

#include <algorithm>
#include <barrier>
#include <contrastive/core/arguments.hpp>
#include <contrastive/device/engine.hpp>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <support/any_loss.hpp>
#include <thread>
#include <type_traits>
#include <vector>

namespace contrastive::testing {

/// What the threads of a block share: they take turns with the elements of a row, and meet where the lanes sum.
class team {
 public:
  explicit team(int count) : size(count), meeting(count), slots(static_cast<std::size_t>(count)) {}

  const int size;
  std::barrier<> meeting;
  std::vector<double> slots;
};
struct team_lanes {
  team* all;  // null: a lane alone
  int number;

  index_type lane() const { return number; }
  index_type size() const { return all == nullptr ? 1 : all->size; }
  template <class V>
  V sum(V value) const {
    return join(value, [](V a, V b) { return a + b; });
  }
  template <class V>
  V max(V value) const {
    return join(value, [](V a, V b) { return b > a ? b : a; });
  }

 private:
  template <class V, class Join>
  V join(V value, Join how) const {
    if (all == nullptr) return value;
    all->slots[static_cast<std::size_t>(number)] = static_cast<double>(value);
    all->meeting.arrive_and_wait();
    V result = static_cast<V>(all->slots[0]);
    for (int t = 1; t < all->size; ++t) result = how(result, static_cast<V>(all->slots[static_cast<std::size_t>(t)]));
    all->meeting.arrive_and_wait();
    return result;
  }
};

/// An operation on a row by its address: what runs it is compiled once, not once an operation.
struct row_operation {
  const void* op;
  void (*run)(const void* op, index_type row, const team_lanes& lanes);
};

struct host_machine {
  bool backwards = false;  // rows do not depend on each other: any order gives the same bits
  int lanes = 1;           // threads that share each row, as a block does on the GPU

  template <class Op>
  void each(index_type count, const Op& op) const {
    run_each(count, {&op, [](const void* o, index_type row, const team_lanes&) { (*static_cast<const Op*>(o))(row); }},
             {nullptr, 0});
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    run_each_row(count,
                 {&op, [](const void* o, index_type row, const team_lanes& all) { (*static_cast<const Op*>(o))(row, all); }});
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    each_row(count, op);
  }
  template <class In, class Out>
  void multiply(const device::product<In, Out>& p) const {
    for (index_type r = 0; r < p.rows; ++r)
      for (index_type c = 0; c < p.columns; ++c) {
        Out sum = 0;
        for (index_type k = 0; k < p.depth; ++k)
          sum += static_cast<Out>(p.left[p.left_transposed ? k * p.left_stride + r : r * p.left_stride + k]) *
                 static_cast<Out>(p.right[p.right_transposed ? c * p.right_stride + k : k * p.right_stride + c]);
        Out& out = p.out[r * p.out_stride + c];
        out = static_cast<Out>(p.scale) * sum + (p.add ? out : Out(0));
      }
  }
  void run_each(index_type count, const row_operation& what, const team_lanes& all) const {
    for (index_type i = 0; i < count; ++i) what.run(what.op, backwards ? count - 1 - i : i, all);
  }
  void run_each_row(index_type count, const row_operation& what) const {
    if (lanes == 1) return run_each(count, what, {nullptr, 0});
    team all(lanes);
    std::vector<std::thread> threads;
    for (int number = 0; number < lanes; ++number) threads.emplace_back([&, number] { run_each(count, what, {&all, number}); });
    for (auto& thread : threads) thread.join();
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

/// A call of the tile engine on a machine in this process, in memory that starts as NaN. S are the embeddings; products take
/// them as they are. Defined in on_machine.cpp, for CONTRASTIVE_SCALAR; with float for bfloat16 too, where five losses stand
/// for all.
template <class S>
answer on_machine(host_machine& machine, const any_loss& loss, const views<S>& embeddings, const device::tile_size& tiles,
                  const std::vector<bool>& fixed = {});

}  // namespace contrastive::testing
