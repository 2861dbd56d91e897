// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A function object over rows as a kernel: a thread, a warp or a block a row.
//
// Gpu is what a thread can do: cuda/instructions.cuh, or the tests' own. A kernel has `threads` of a block, blocks(), and
// shared_bytes() of shared memory; all threads call it. At least `blocks_at_once` are to share the registers of a
// multiprocessor.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

constexpr int warp_size = 32;
constexpr int row_threads = 128;  // of a block; 32 logits of a row of 4096 each

template <class Gpu>
struct warp_lanes {
  CONTRASTIVE_HOST_DEVICE index_type lane() const { return Gpu::thread() % warp_size; }
  CONTRASTIVE_HOST_DEVICE index_type size() const { return warp_size; }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V sum(V value) const {
    for (int step = warp_size / 2; step > 0; step /= 2) value += Gpu::exchange(value, step);
    return value;
  }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V max(V value) const {
    for (int step = warp_size / 2; step > 0; step /= 2) {
      const V other = Gpu::exchange(value, step);
      value = other > value ? other : value;
    }
    return value;
  }
};

/// The lanes of a block: those of its warps, whose results meet in shared memory in the order of the warps.
template <class Gpu>
struct block_lanes {
  CONTRASTIVE_HOST_DEVICE index_type lane() const { return Gpu::thread(); }
  CONTRASTIVE_HOST_DEVICE index_type size() const { return row_threads; }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V sum(V value) const {
    return meet(warp_lanes<Gpu>{}.sum(value), [](V a, V b) { return a + b; });
  }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V max(V value) const {
    return meet(warp_lanes<Gpu>{}.max(value), [](V a, V b) { return b > a ? b : a; });
  }

 private:
  template <class V, class Join>
  CONTRASTIVE_HOST_DEVICE V meet(V value, const Join& join) const {
    constexpr int num_warps = row_threads / warp_size;
    V* const of_warps = Gpu::template shared_array<V, num_warps>();
    if (Gpu::thread() % warp_size == 0) of_warps[Gpu::thread() / warp_size] = value;
    Gpu::sync_threads();
    value = of_warps[0];
    for (int w = 1; w < num_warps; ++w) value = join(value, of_warps[w]);
    Gpu::sync_threads();  // before the next use overwrites what a slower warp has not read
    return value;
  }
};

/// op(i) for i in [0, count), a thread each.
template <class Gpu, class Op>
struct each_kernel {
  static constexpr int threads = row_threads, blocks_at_once = 1;
  Op op;
  index_type count;

  index_type blocks() const { return (count + threads - 1) / threads; }
  static constexpr std::size_t shared_bytes() { return 0; }
  CONTRASTIVE_HOST_DEVICE void operator()() const {
    for (index_type i = Gpu::block() * threads + Gpu::thread(); i < count; i += Gpu::num_blocks() * threads) op(i);
  }
};
/// op(row, lanes) with a block a row.
template <class Gpu, class Op>
struct row_kernel {
  static constexpr int threads = row_threads, blocks_at_once = 1;
  Op op;
  index_type count;

  index_type blocks() const { return count; }
  static constexpr std::size_t shared_bytes() { return 0; }
  CONTRASTIVE_HOST_DEVICE void operator()() const {
    for (index_type row = Gpu::block(); row < count; row += Gpu::num_blocks()) op(row, block_lanes<Gpu>{});
  }
};
/// The same with a warp a row.
template <class Gpu, class Op>
struct short_row_kernel {
  static constexpr int threads = row_threads, blocks_at_once = 1, rows = threads / warp_size;
  Op op;
  index_type count;

  index_type blocks() const { return (count + rows - 1) / rows; }
  static constexpr std::size_t shared_bytes() { return 0; }
  CONTRASTIVE_HOST_DEVICE void operator()() const {
    for (index_type row = Gpu::block() * rows + Gpu::thread() / warp_size; row < count; row += Gpu::num_blocks() * rows)
      op(row, warp_lanes<Gpu>{});
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
