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
#include <cstddef>
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

  /// The value of the first lane, known to be the same in a warp.
  template <class V>
  CONTRASTIVE_HOST_DEVICE static V first_lane(V value) {
#if defined(__CUDA_ARCH__)
    return __shfl_sync(0xffffffffu, value, 0);
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
  /// The block's shared memory of the size that its launch asked for; 1024 divides the address.
  CONTRASTIVE_HOST_DEVICE static unsigned char* shared_memory() {
#if defined(__CUDA_ARCH__)
    extern __shared__ __align__(1024) unsigned char memory[];
    return memory;
#else
    return nullptr;
#endif
  }

  /// e^x of a number in the range of float, to about 2^-22 of it where |x| is small; less than the smallest normal float is 0.
  CONTRASTIVE_HOST_DEVICE static float exp([[maybe_unused]] float x) {
    float power = 0;
#if defined(__CUDA_ARCH__)
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x * 1.44269504f));
#endif
    return power;
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

  // ---- tensor cores of warpgroups: sm_90a. Four warps, the first of a number that 4 divides, multiply 64 rows; each thread's
  // sums are those that multiply_add gives the warp of its 16 rows. Shared memory is read where it lies: panels of 64 numbers
  // of 16 bits a row, rows after one another, the pieces of 16 bytes of a row in the order piece ^ (row % 8); 1024 divides the
  // address of a panel's first row, and of each eighth.

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  static constexpr bool has_warpgroups = true;
#else
  static constexpr bool has_warpgroups = false;
#endif
  /// What ordinary stores and copies of this thread brought to shared memory may be read by tensor cores, after a barrier.
  CONTRASTIVE_HOST_DEVICE static void publish_for_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
  }
  /// Before the first product after registers of it were written.
  CONTRASTIVE_HOST_DEVICE static void begin_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
  }
  /// The products since the last commit are a group.
  CONTRASTIVE_HOST_DEVICE static void commit_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
  }
  /// Until all groups but the last `Left` are computed.
  template <int Left>
  CONTRASTIVE_HOST_DEVICE static void wait_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Left) : "memory");
#endif
  }
  /// Which of the block's warpgroups this is, known to be the same in a warp.
  CONTRASTIVE_HOST_DEVICE static int warpgroup() { return first_lane(thread() / 128); }
  /// Panels for products: 1024 bytes from eight rows to the next, from panel to panel `panel_bytes`.
  struct panels {
    std::uint32_t low, high;
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    __device__ std::uint64_t descriptor() const { return static_cast<std::uint64_t>(high) << 32 | low; }
#endif
  };
  CONTRASTIVE_HOST_DEVICE static panels panels_at([[maybe_unused]] const void* first, [[maybe_unused]] int panel_bytes) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    return {first_lane((shared_address(first) & 0x3ffffu) >> 4 | static_cast<unsigned>(panel_bytes >> 4) << 16),
            1024u >> 4 | 1u << 30};
#else
    return {};
#endif
  }
  /// The same that begin so many bytes, which 16 divides, further.
  CONTRASTIVE_HOST_DEVICE static panels further(panels from, int bytes) {
    return {from.low + static_cast<unsigned>(bytes >> 4), from.high};
  }
  /// sums (64, N) = or, with Add, += a (64, 16) · b (N, 16)ᵀ: columns 0 to 15 of panels, or 16 · k to 16 · k + 15 where they
  /// begin 32 · k bytes further.
  template <int N, bool Add>
  CONTRASTIVE_HOST_DEVICE static void multiply_rows([[maybe_unused]] float (&sums)[std::size_t{N / 8}][4],
                                                    [[maybe_unused]] panels a, [[maybe_unused]] panels b) {
    static_assert(N == 32 || N == 64);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    if constexpr (N == 32) {
      asm volatile(
          "{.reg .pred add; setp.ne.b32 add, %18, 0; wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, "
          "%5, %6, %7, %8, %9, %10, %11, %12, %13, "
          "%14, %15}, %16, %17, add, 1, 1, 0, 0;}"
          : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]), "+f"(sums[1][1]),
            "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]), "+f"(sums[2][2]), "+f"(sums[2][3]),
            "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]), "+f"(sums[3][3])
          : "l"(a.descriptor()), "l"(b.descriptor()), "n"(Add ? 1 : 0)
          : "memory");
    } else {
      asm volatile(
          "{.reg .pred add; setp.ne.b32 add, %34, 0; wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, "
          "%5, %6, %7, %8, %9, %10, %11, %12, %13, "
          "%14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, %32, %33, add, 1, 1, 0, "
          "0;}"
          : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]), "+f"(sums[1][1]),
            "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]), "+f"(sums[2][2]), "+f"(sums[2][3]),
            "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]), "+f"(sums[3][3]), "+f"(sums[4][0]), "+f"(sums[4][1]),
            "+f"(sums[4][2]), "+f"(sums[4][3]), "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]),
            "+f"(sums[6][0]), "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]), "+f"(sums[7][0]), "+f"(sums[7][1]),
            "+f"(sums[7][2]), "+f"(sums[7][3])
          : "l"(a.descriptor()), "l"(b.descriptor()), "n"(Add ? 1 : 0)
          : "memory");
    }
#endif
  }
  /// sums (64, N) += a (64, 16) · b (16, N): b is rows of panels, 64 of N columns a panel.
  template <int N>
  CONTRASTIVE_HOST_DEVICE static void multiply_columns([[maybe_unused]] float (&sums)[std::size_t{N / 8}][4],
                                                       [[maybe_unused]] const bits (&a)[4], [[maybe_unused]] panels b) {
    static_assert(N == 64 || N == 128);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    if constexpr (N == 64) {
      asm volatile(
          "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, "
          "%14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, {%32, %33, %34, %35}, "
          "%36, 1, 1, 1, 1;"
          : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]), "+f"(sums[1][1]),
            "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]), "+f"(sums[2][2]), "+f"(sums[2][3]),
            "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]), "+f"(sums[3][3]), "+f"(sums[4][0]), "+f"(sums[4][1]),
            "+f"(sums[4][2]), "+f"(sums[4][3]), "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]),
            "+f"(sums[6][0]), "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]), "+f"(sums[7][0]), "+f"(sums[7][1]),
            "+f"(sums[7][2]), "+f"(sums[7][3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor())
          : "memory");
    } else {
      asm volatile(
          "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, "
          "%14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, "
          "%37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, "
          "%60, %61, %62, %63}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
          : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]), "+f"(sums[1][1]),
            "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]), "+f"(sums[2][2]), "+f"(sums[2][3]),
            "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]), "+f"(sums[3][3]), "+f"(sums[4][0]), "+f"(sums[4][1]),
            "+f"(sums[4][2]), "+f"(sums[4][3]), "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]),
            "+f"(sums[6][0]), "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]), "+f"(sums[7][0]), "+f"(sums[7][1]),
            "+f"(sums[7][2]), "+f"(sums[7][3]), "+f"(sums[8][0]), "+f"(sums[8][1]), "+f"(sums[8][2]), "+f"(sums[8][3]),
            "+f"(sums[9][0]), "+f"(sums[9][1]), "+f"(sums[9][2]), "+f"(sums[9][3]), "+f"(sums[10][0]), "+f"(sums[10][1]),
            "+f"(sums[10][2]), "+f"(sums[10][3]), "+f"(sums[11][0]), "+f"(sums[11][1]), "+f"(sums[11][2]), "+f"(sums[11][3]),
            "+f"(sums[12][0]), "+f"(sums[12][1]), "+f"(sums[12][2]), "+f"(sums[12][3]), "+f"(sums[13][0]), "+f"(sums[13][1]),
            "+f"(sums[13][2]), "+f"(sums[13][3]), "+f"(sums[14][0]), "+f"(sums[14][1]), "+f"(sums[14][2]), "+f"(sums[14][3]),
            "+f"(sums[15][0]), "+f"(sums[15][1]), "+f"(sums[15][2]), "+f"(sums[15][3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor())
          : "memory");
    }
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
