// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The threads that work on one row together, loops without a loop, and the memory that a call lies in.
//
// What the engine does to a row is a function object called as op(row, lanes): each of the lanes takes every lanes.size()-th
// element from lanes.lane() on, and all of them meet in sum and max. On the GPU the lanes are a warp or a block, on the host
// one, or the threads of a test.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/one_lane.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

using contrastive::detail::one_lane;

/// work(i) for i in [0, N), on a GPU without a loop, or with one that takes `Together` at once: what i indexes stays in
/// registers only without.
template <int N, int Together = N != 0 ? N : 1, class Work>
CONTRASTIVE_HOST_DEVICE void unrolled(const Work& work) {
#if defined(__CUDA_ARCH__)
#pragma unroll Together
#endif
  for (int i = 0; i < N; ++i) work(i);
}

/// Parts of one piece of memory, each at a multiple of 256 bytes. Without memory it counts the bytes.
class arena {
 public:
  explicit arena(void* memory = nullptr) : memory_(static_cast<std::byte*>(memory)) {}

  template <class V>
  V* take(index_type count) {
    used_ = (used_ + 255) / 256 * 256;
    V* const part = memory_ == nullptr ? nullptr : reinterpret_cast<V*>(memory_ + used_);
    used_ += static_cast<std::size_t>(count) * sizeof(V);
    return part;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
