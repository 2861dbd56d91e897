// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The ranks of an NCCL communicator. With CMake: contrastive::nccl. For the host's compiler.
#pragma once

#include <cuda_runtime.h>
#include <nccl.h>

#include <contrastive/cuda/runtime.cuh>
#include <contrastive/distributed/evaluator.hpp>
#include <cstddef>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// The ranks of an NCCL communicator, for programs whose ranks have a GPU each and no MPI. The loss is computed by the CPU:
/// what ranks send each other goes through memory of the device that the communicator belongs to, which must be the current
/// one, on `stream`. All ranks make it together; communicator and stream must outlive it. Nobody else may use the communicator
/// meanwhile. What CUDA or NCCL report becomes cuda_error. It has not run on a GPU yet.
///
///   ncclComm_t comm = ...;
///   contrastive::distributed::nccl_communicator ranks{comm, stream};
class nccl_communicator {
 public:
  /// The ranks of `comm`.
  explicit nccl_communicator(ncclComm_t comm, cudaStream_t stream = nullptr) : comm_(comm), stream_(stream) {
    check("ncclCommUserRank", ncclCommUserRank(comm, &rank_));
    check("ncclCommCount", ncclCommCount(comm, &size_));
  }
  nccl_communicator(const nccl_communicator&) = delete;
  nccl_communicator& operator=(const nccl_communicator&) = delete;

  int rank() const { return rank_; }  ///< this rank
  int size() const { return size_; }  ///< how many there are

  /// See communicator.
  void all_gather(const void* own, std::size_t bytes, void* all) {
    if (bytes == 0) return;
    own_.reserve(static_cast<index_type>(bytes));
    all_.reserve(static_cast<index_type>(bytes) * size_);
    copy(own_.data(), own, bytes, cudaMemcpyHostToDevice);
    check("ncclAllGather", ncclAllGather(own_.data(), all_.data(), bytes, ncclInt8, comm_, stream_));
    copy(all, all_.data(), bytes * static_cast<std::size_t>(size_), cudaMemcpyDeviceToHost);
    synchronize();
  }
  /// See communicator.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    if (num_shifts_ == shifts_.size()) shifts_.emplace_back();
    shift& s = shifts_[num_shifts_];
    s.sent.reserve(static_cast<index_type>(bytes)), s.received.reserve(static_cast<index_type>(previous_bytes));
    s.to = from_previous, s.bytes = previous_bytes;
    if (bytes > 0) copy(s.sent.data(), to_next, bytes, cudaMemcpyHostToDevice);
    check("ncclGroupStart", ncclGroupStart());
    if (bytes > 0) check("ncclSend", ncclSend(s.sent.data(), bytes, ncclInt8, (rank_ + 1) % size_, comm_, stream_));
    if (previous_bytes > 0)
      check("ncclRecv", ncclRecv(s.received.data(), previous_bytes, ncclInt8, (rank_ + size_ - 1) % size_, comm_, stream_));
    check("ncclGroupEnd", ncclGroupEnd());
    ++num_shifts_;
  }
  /// See communicator.
  void wait() {
    const std::size_t count = num_shifts_;
    num_shifts_ = 0;
    for (std::size_t k = 0; k < count; ++k)
      if (const shift& s = shifts_[k]; s.bytes > 0) copy(s.to, s.received.data(), s.bytes, cudaMemcpyDeviceToHost);
    synchronize();
  }

 private:
  /// One that is under way, and its memory on the device, which is kept.
  struct shift {
    cuda::device_buffer<std::byte> sent, received;
    void* to = nullptr;
    std::size_t bytes = 0;
  };

  static void check(const char* call, ncclResult_t code) {
    if (code != ncclSuccess) detail::fail<cuda_error>(call, static_cast<int>(code), ncclGetErrorString(code));
  }
  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    cuda::detail::check("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, kind, stream_));
  }
  void synchronize() { cuda::detail::check("cudaStreamSynchronize", cudaStreamSynchronize(stream_)); }

  ncclComm_t comm_;
  cudaStream_t stream_;
  int rank_ = 0, size_ = 1;
  cuda::device_buffer<std::byte> own_, all_;
  std::vector<shift> shifts_;
  std::size_t num_shifts_ = 0;
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
