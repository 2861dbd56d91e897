// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Thrust's system as the tile engine sees it: a thread a row, products by blocks, all on the system's default queue.
#pragma once

#include <thrust/copy.h>
#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>

#include <contrastive/device/lanes.hpp>
#include <contrastive/device/request.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

/// Is the system's memory that of a GPU?
inline constexpr bool on_gpu = THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA;

/// op(row, lanes) with one lane.
template <class Op>
struct with_one_lane {
  Op op;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type row) const { op(row, device::one_lane{}); }
};

/// A block of a product. Both factors are copied to where the innermost loop finds them side by side, with zeros beyond their
/// edges. Each entry is summed in the order of the depth, so that left · leftᵀ is symmetric to the last bit.
template <class In, class Out>
struct multiply_block {
  static constexpr int side = on_gpu ? 4 : 32;  // the sums of a block: registers of a GPU's thread, a CPU's first cache
  static constexpr int step = on_gpu ? side : 2 * side;  // of the depth

  device::product<In, Out> p;

  CONTRASTIVE_HOST_DEVICE static index_type blocks(index_type count) { return (count + side - 1) / side; }

  CONTRASTIVE_HOST_DEVICE void operator()(index_type block) const {
    const index_type first_row = block / blocks(p.columns) * side, first_column = block % blocks(p.columns) * side;
    Out left[side][step], right[step][side], sums[side][side] = {};
    for (index_type depth = 0; depth < p.depth; depth += step) {
      copy(p.left, p.left_stride, p.left_transposed, first_row, p.rows, depth,
           [&](int r, int k) -> Out& { return left[r][k]; });
      copy(p.right, p.right_stride, !p.right_transposed, first_column, p.columns, depth,
           [&](int c, int k) -> Out& { return right[k][c]; });
      for (int r = 0; r < side; ++r)
        for (int k = 0; k < step; k += 4) {
          const Out a = left[r][k], b = left[r][k + 1], c = left[r][k + 2], d = left[r][k + 3];
          for (int s = 0; s < side; ++s)
            sums[r][s] += (a * right[k][s] + b * right[k + 1][s]) + (c * right[k + 2][s] + d * right[k + 3][s]);
        }
    }
    const Out scale = static_cast<Out>(p.scale);
    for (int r = 0; r < side && first_row + r < p.rows; ++r)
      for (int s = 0; s < side && first_column + s < p.columns; ++s) {
        Out& out = p.out[(first_row + r) * p.out_stride + first_column + s];
        out = scale * sums[r][s] + (p.add ? out : Out(0));
      }
  }

 private:
  /// to(i, k) = element (first + i, depth + k) of a factor, 0 where it has none. Deep first, (depth, count) lies in memory.
  template <class To>
  CONTRASTIVE_HOST_DEVICE void copy(const In* from, index_type stride, bool deep_first, index_type first, index_type count,
                                    index_type depth, const To& to) const {
    const int there = static_cast<int>(count - first < side ? count - first : side),
              deep = static_cast<int>(p.depth - depth < step ? p.depth - depth : step);
    if (there < side || deep < step)
      for (int i = 0; i < side; ++i)
        for (int k = 0; k < step; ++k) to(i, k) = 0;
    if (deep_first)
      for (int k = 0; k < deep; ++k)
        for (int i = 0; i < there; ++i) to(i, k) = static_cast<Out>(from[(depth + k) * stride + first + i]);
    else
      for (int i = 0; i < there; ++i)
        for (int k = 0; k < deep; ++k) to(i, k) = static_cast<Out>(from[(first + i) * stride + depth + k]);
  }
};

struct machine {
  template <class Op>
  void each(index_type count, const Op& op) const {
    if (count > 0) ::thrust::for_each_n(::thrust::device, ::thrust::counting_iterator<index_type>(0), count, op);
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    each(count, with_one_lane<Op>{op});
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    each_row(count, op);
  }
  template <class In, class Out>
  void multiply(const device::product<In, Out>& p) const {
    using block = multiply_block<In, Out>;
    each(block::blocks(p.rows) * block::blocks(p.columns), block{p});
  }
  static std::size_t sort_bytes(index_type, index_type) { return 0; }  // Thrust takes its own
  void sort(const index_type* keys, const index_type* values, index_type* sorted_keys, index_type* sorted_values,
            index_type count, index_type, void*, std::size_t) const {
    ::thrust::copy_n(::thrust::device, keys, count, sorted_keys);
    ::thrust::copy_n(::thrust::device, values, count, sorted_values);
    ::thrust::stable_sort_by_key(::thrust::device, sorted_keys, sorted_keys + count, sorted_values);
  }
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
