// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a thread of a GPU can do, as kernels ask for it: the one header of the device with PTX in it.
//
// Kernels are templates over this class, so that the tests run them on a class of their own (tests/emulated_gpu). nvcc compiles
// a host's version of each function beside the kernels, which is never called.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <cstdint>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

struct instructions {
  CONTRASTIVE_HOST_DEVICE static int thread() {
#if defined(__CUDA_ARCH__)
    return static_cast<int>(threadIdx.x);
#else
    return 0;
#endif
  }
  CONTRASTIVE_HOST_DEVICE static index_type block() {
#if defined(__CUDA_ARCH__)
    return blockIdx.x;
#else
    return 0;
#endif
  }
  CONTRASTIVE_HOST_DEVICE static index_type num_blocks() {
#if defined(__CUDA_ARCH__)
    return gridDim.x;
#else
    return 1;
#endif
  }

  /// All threads of the block meet; what each wrote to shared memory before is there for all.
  CONTRASTIVE_HOST_DEVICE static void sync_threads() {
#if defined(__CUDA_ARCH__)
    __syncthreads();
#endif
  }
  /// The same, and whether `any` is true of one of them.
  CONTRASTIVE_HOST_DEVICE static bool sync_threads_or(bool any) {
#if defined(__CUDA_ARCH__)
    return __syncthreads_or(any) != 0;
#else
    return any;
#endif
  }
  /// The lanes of a warp meet, as they must before the instructions of a whole warp if their ways may have parted.
  CONTRASTIVE_HOST_DEVICE static void sync_warp() {
#if defined(__CUDA_ARCH__)
    __syncwarp();
#endif
  }
  /// The value of the lane whose number differs in the bits of `step`; all lanes of the warp meet.
  template <class V>
  CONTRASTIVE_HOST_DEVICE static V exchange(V value, [[maybe_unused]] int step) {
#if defined(__CUDA_ARCH__)
    return __shfl_xor_sync(0xffffffffu, value, step);
#else
    return value;
#endif
  }

  /// Shared memory for N values, the block's own: the same for the same V and N.
  template <class V, int N>
  CONTRASTIVE_HOST_DEVICE static V* shared_array() {
#if defined(__CUDA_ARCH__)
    __shared__ V values[N];
    return values;
#else
    return nullptr;
#endif
  }
  /// The block's shared memory of the size that its launch asked for; 128 divides the address.
  CONTRASTIVE_HOST_DEVICE static unsigned char* shared_memory() {
#if defined(__CUDA_ARCH__)
    extern __shared__ __align__(128) unsigned char memory[];
    return memory;
#else
    return nullptr;
#endif
  }

  // ---- tensor cores: sm_80 and later. `bits` are two numbers of 16 bits, the first in the low half.

  using bits = std::uint32_t;

  /// Rounded to the nearest.
  template <class R>
  CONTRASTIVE_HOST_DEVICE static bits pack([[maybe_unused]] float first, [[maybe_unused]] float second) {
    static_assert(std::is_same_v<R, __nv_bfloat16>);
    bits both = 0;
#if defined(__CUDA_ARCH__)
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
#endif
    return both;
  }
  /// sums (16, 8) += a (16, 16) · b (16, 8), in a warp. Lane l has of a and sums the rows l / 4 and l / 4 + 8, of b the column
  /// l / 4; the columns of a, the rows of b, and the columns of sums l % 4 · 2 and the next, and for a and b those 8 further
  /// on.
  template <class R>
  CONTRASTIVE_HOST_DEVICE static void multiply_add([[maybe_unused]] float (&sums)[4], [[maybe_unused]] const bits (&a)[4],
                                                   [[maybe_unused]] bits b_first, [[maybe_unused]] bits b_second) {
    static_assert(std::is_same_v<R, __nv_bfloat16>);
#if defined(__CUDA_ARCH__)
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_first), "r"(b_second));
#endif
  }
  /// Four matrices (8, 8) of 16 bits from shared memory: lane l gives the address of row l % 8 of matrix l / 8, which 16
  /// divides, and gets of each matrix m in out[m] row l / 4, columns l % 4 · 2 and the next.
  CONTRASTIVE_HOST_DEVICE static void load_matrices([[maybe_unused]] bits (&out)[4], [[maybe_unused]] const void* row) {
#if defined(__CUDA_ARCH__)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
  }
  /// The same with each matrix transposed.
  CONTRASTIVE_HOST_DEVICE static void load_transposed([[maybe_unused]] bits (&out)[4], [[maybe_unused]] const void* row) {
#if defined(__CUDA_ARCH__)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
  }

  // ---- copies from global to shared memory that a thread starts and, group by group, waits for

  /// 16 or 4 bytes, which divide both addresses.
  template <int Bytes>
  CONTRASTIVE_HOST_DEVICE static void copy([[maybe_unused]] void* to, [[maybe_unused]] const void* from) {
    static_assert(Bytes == 16 || Bytes == 4);
#if defined(__CUDA_ARCH__)
    if constexpr (Bytes == 16)
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from) : "memory");
    else
      asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(shared_address(to)), "l"(from) : "memory");
#endif
  }
  /// The copies since the last commit are a group.
  CONTRASTIVE_HOST_DEVICE static void commit_copies() {
#if defined(__CUDA_ARCH__)
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
  }
  /// Until all of this thread's groups but the last `Left` have arrived.
  template <int Left>
  CONTRASTIVE_HOST_DEVICE static void wait_copies() {
#if defined(__CUDA_ARCH__)
    asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
#endif
  }

 private:
#if defined(__CUDA_ARCH__)
  __device__ static unsigned shared_address(const void* p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }
#endif
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
