// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The GPU as the tile engine sees it: a thread, a warp or a block a row, products by cuBLAS, sorting by CUB, all on one stream.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <algorithm>
#include <contrastive/cuda/runtime.cuh>
#include <contrastive/device/engine.hpp>
#include <cub/device/device_radix_sort.cuh>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

namespace detail {

constexpr int warp = 32;
constexpr int block = 128;  // threads; 32 logits of a row of 4096 each

/// The lanes of a warp. What a function here returns on the host is never asked for: nvcc compiles it beside the kernels.
struct warp_lanes {
  CONTRASTIVE_HOST_DEVICE index_type lane() const {
#if defined(__CUDA_ARCH__)
    return threadIdx.x % warp;
#else
    return 0;
#endif
  }
  CONTRASTIVE_HOST_DEVICE index_type size() const { return warp; }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V sum(V value) const {
#if defined(__CUDA_ARCH__)
    for (int step = warp / 2; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
#endif
    return value;
  }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V max(V value) const {
#if defined(__CUDA_ARCH__)
    for (int step = warp / 2; step > 0; step /= 2) {
      const V other = __shfl_xor_sync(0xffffffffu, value, step);
      value = other > value ? other : value;
    }
#endif
    return value;
  }
};

/// The lanes of a block: those of its warps, whose results meet in shared memory in the order of the warps.
struct block_lanes {
  CONTRASTIVE_HOST_DEVICE index_type lane() const {
#if defined(__CUDA_ARCH__)
    return threadIdx.x;
#else
    return 0;
#endif
  }
  CONTRASTIVE_HOST_DEVICE index_type size() const { return block; }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V sum(V value) const {
    return meet(warp_lanes{}.sum(value), [](V a, V b) { return a + b; });
  }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V max(V value) const {
    return meet(warp_lanes{}.max(value), [](V a, V b) { return b > a ? b : a; });
  }

 private:
  template <class V, class Join>
  CONTRASTIVE_HOST_DEVICE V meet(V value, [[maybe_unused]] const Join& join) const {
#if defined(__CUDA_ARCH__)
    __shared__ V of_warps[block / warp];
    if (threadIdx.x % warp == 0) of_warps[threadIdx.x / warp] = value;
    __syncthreads();
    value = of_warps[0];
    for (int w = 1; w < block / warp; ++w) value = join(value, of_warps[w]);
    __syncthreads();  // before the next use overwrites what a slower warp has not read
#endif
    return value;
  }
};

template <class Op>
__global__ void __launch_bounds__(block) run_each(Op op, index_type count) {
  for (index_type i = static_cast<index_type>(blockIdx.x) * block + threadIdx.x; i < count;
       i += static_cast<index_type>(gridDim.x) * block)
    op(i);
}
template <class Op>
__global__ void __launch_bounds__(block) run_rows(Op op, index_type count) {
  for (index_type row = blockIdx.x; row < count; row += gridDim.x) op(row, block_lanes{});
}
template <class Op>
__global__ void __launch_bounds__(block) run_short_rows(Op op, index_type count) {
  constexpr int rows = block / warp;
  for (index_type row = static_cast<index_type>(blockIdx.x) * rows + threadIdx.x / warp; row < count;
       row += static_cast<index_type>(gridDim.x) * rows)
    op(row, warp_lanes{});
}

inline unsigned blocks(index_type wanted) { return static_cast<unsigned>(std::min<index_type>(wanted, 1 << 20)); }

/// op(i) for i in [0, count), a thread each.
template <class Op>
void each(index_type count, const Op& op, cudaStream_t stream) {
  if (count <= 0) return;
  run_each<<<blocks((count + block - 1) / block), block, 0, stream>>>(op, count);
  check("a kernel's launch", cudaGetLastError());
}

template <class V>
struct blas_type;
template <>
struct blas_type<float> {
  static constexpr cudaDataType_t value = CUDA_R_32F;
};
template <>
struct blas_type<double> {
  static constexpr cudaDataType_t value = CUDA_R_64F;
};
template <>
struct blas_type<__nv_bfloat16> {
  static constexpr cudaDataType_t value = CUDA_R_16BF;
};

}  // namespace detail

class machine {
 public:
  static constexpr std::size_t product_bytes = std::size_t{32} << 20;  // what cuBLAS asks for on an H100

  machine() { detail::check("cublasCreate", cublasCreate(&blas_)); }
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;
  ~machine() { cublasDestroy(blas_); }

  /// What follows runs on this stream, and products in this memory of product_bytes. Setting the stream takes the memory away.
  void use(cudaStream_t stream, void* memory) {
    stream_ = stream;
    detail::check("cublasSetStream", cublasSetStream(blas_, stream));
    detail::check("cublasSetWorkspace", cublasSetWorkspace(blas_, memory, product_bytes));
    // Without TF32 for float, which has to be asked for, and with tensor cores for bfloat16, whose sums stay in float.
    detail::check("cublasSetMathMode",
                  cublasSetMathMode(blas_, static_cast<cublasMath_t>(CUBLAS_DEFAULT_MATH |
                                                                     CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)));
  }
  cudaStream_t stream() const { return stream_; }

  template <class Op>
  void each(index_type count, const Op& op) const {
    detail::each(count, op, stream_);
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    if (count <= 0) return;
    detail::run_rows<<<detail::blocks(count), detail::block, 0, stream_>>>(op, count);
    detail::check("a kernel's launch", cudaGetLastError());
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    if (count <= 0) return;
    constexpr index_type rows = detail::block / detail::warp;
    detail::run_short_rows<<<detail::blocks((count + rows - 1) / rows), detail::block, 0, stream_>>>(op, count);
    detail::check("a kernel's launch", cudaGetLastError());
  }

  /// cuBLAS reads memory by columns: a row-major matrix is its transpose there, and (L R)ᵀ = Rᵀ Lᵀ.
  template <class In, class Out>
  void multiply(const device::product<In, Out>& p) const {
    const Out scale = static_cast<Out>(p.scale), keep = p.add ? Out(1) : Out(0);
    const auto how = [](bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
    constexpr cublasComputeType_t sums = std::is_same_v<Out, double> ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F;
    detail::check(
        "cublasGemmEx",
        cublasGemmEx(blas_, how(p.right_transposed), how(p.left_transposed), static_cast<int>(p.columns),
                     static_cast<int>(p.rows), static_cast<int>(p.depth), &scale, p.right, detail::blas_type<In>::value,
                     static_cast<int>(p.right_stride), p.left, detail::blas_type<In>::value, static_cast<int>(p.left_stride),
                     &keep, p.out, detail::blas_type<Out>::value, static_cast<int>(p.out_stride), sums, CUBLAS_GEMM_DEFAULT));
  }

  std::size_t sort_bytes(index_type count, index_type num_keys) const {
    std::size_t bytes = 0;
    sort_in(nullptr, nullptr, nullptr, nullptr, count, num_keys, nullptr, bytes);
    return bytes;
  }
  void sort(const index_type* keys, const index_type* values, index_type* sorted_keys, index_type* sorted_values,
            index_type count, index_type num_keys, void* memory, std::size_t bytes_given) const {
    std::size_t bytes = bytes_given;
    sort_in(keys, values, sorted_keys, sorted_values, count, num_keys, memory, bytes);
  }

 private:
  void sort_in(const index_type* keys, const index_type* values, index_type* sorted_keys, index_type* sorted_values,
               index_type count, index_type num_keys, void* memory, std::size_t& bytes) const {
    int bits = 1;
    while (bits < 63 && (index_type{1} << bits) < num_keys) ++bits;
    detail::check("cub::DeviceRadixSort::SortPairs", cub::DeviceRadixSort::SortPairs(memory, bytes, keys, sorted_keys, values,
                                                                                     sorted_values, count, 0, bits, stream_));
  }

  cublasHandle_t blas_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
