// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Calls of CUDA with errors as exceptions, device memory with an owner, and whose memory a pointer points to.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/cuda/error.hpp>
#include <new>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

namespace detail {

inline void check(const char* call, cudaError_t code) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // an error that does not stick is reported once
  if (code == cudaErrorMemoryAllocation) contrastive::detail::fail<std::bad_alloc>();
  contrastive::detail::fail<cuda_error>(call, static_cast<int>(code), cudaGetErrorString(code));
}
inline void check(const char* call, cublasStatus_t code) {
  if (code != CUBLAS_STATUS_SUCCESS)
    contrastive::detail::fail<cuda_error>(call, static_cast<int>(code), cublasGetStatusString(code));
}

inline bool is_capturing(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check("cudaStreamIsCapturing", cudaStreamIsCapturing(stream, &status));
  return status != cudaStreamCaptureStatusNone;
}

/// Refuses what is not in device or managed memory.
inline void check_on_device(const char* who, const char* argument, const void* memory) {
  cudaPointerAttributes attributes{};
  check("cudaPointerGetAttributes", cudaPointerGetAttributes(&attributes, memory));
  if (attributes.type != cudaMemoryTypeDevice && attributes.type != cudaMemoryTypeManaged)
    contrastive::detail::refuse(who, argument, "device or managed memory", "a pointer to memory of the host");
}

}  // namespace detail

/// Memory on the device for `size()` numbers, freed with its owner.
template <class V>
class device_buffer {
 public:
  device_buffer() = default;
  explicit device_buffer(index_type size) : size_(size) {
    if (size > 0)
      detail::check("cudaMalloc", cudaMalloc(reinterpret_cast<void**>(&data_), static_cast<std::size_t>(size) * sizeof(V)));
  }
  device_buffer(device_buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  device_buffer& operator=(device_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~device_buffer() { cudaFree(data_); }

  V* data() const { return data_; }
  index_type size() const { return size_; }

  /// Makes room for at least `size` numbers; what was in is lost.
  void reserve(index_type size) {
    if (size > size_) *this = device_buffer(size);
  }

 private:
  V* data_ = nullptr;
  index_type size_ = 0;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
