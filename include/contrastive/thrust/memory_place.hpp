// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Who can read the memory that a loss points to, on the system that Thrust is compiled for.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/thrust/machine.hpp>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include <cuda_runtime_api.h>
#endif

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {
namespace detail {

struct readers {
  bool host, device;
};
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
inline readers readers_of(const void* memory) {
  cudaPointerAttributes attributes{};
  if (cudaPointerGetAttributes(&attributes, memory) != cudaSuccess) {
    cudaGetLastError();  // an error that does not stick is reported once
    return {true, false};
  }
  return {attributes.type != cudaMemoryTypeDevice, attributes.devicePointer != nullptr};
}
#else
inline readers readers_of(const void*) { return {true, true}; }
#endif

/// Is there memory of a loss that the host may not read? Refuses what the device can not. Of memory that a loss does not name
/// nothing is known, so that on a GPU it counts as the device's.
template <class L>
bool lies_on_device(const char* who, const L& loss) {
  if constexpr (!on_gpu) return false;
  bool named = false, hidden = false;
  contrastive::detail::each_view(loss, [&](const char* what, const void* memory) {
    if (memory == nullptr) return;
    const readers can = readers_of(memory);
    if (!can.device)
      contrastive::detail::refuse(who, what,
                                  "memory that the device can read, as of a thrust::device_vector or universal_vector",
                                  "a pointer to memory of the host");
    named = true, hidden = hidden || !can.host;
  });
  return !named || hidden;
}

}  // namespace detail
}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
