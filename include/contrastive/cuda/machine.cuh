// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The GPU as the tile engine sees it: a thread, a warp or a block a row, products by cuBLAS, sorting by CUB, all on one stream.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <algorithm>
#include <contrastive/cuda/instructions.cuh>
#include <contrastive/cuda/runtime.cuh>
#include <contrastive/device/engine.hpp>
#include <contrastive/device/kernels.hpp>
#include <cub/device/device_radix_sort.cuh>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

namespace detail {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads, Kernel::blocks_at_once) run_kernel(const __grid_constant__ Kernel kernel) {
  kernel();
}

/// Puts a kernel on the stream. The error is that of this launch: cudaGetLastError could be somebody else's.
template <class Kernel>
void launch(const Kernel& kernel, cudaStream_t stream) {
  const index_type blocks = kernel.blocks();
  if (blocks <= 0) return;
  cudaLaunchConfig_t how{};
  how.gridDim = dim3(static_cast<unsigned>(std::min<index_type>(blocks, 1 << 20)));
  how.blockDim = dim3(static_cast<unsigned>(Kernel::threads));
  how.dynamicSmemBytes = kernel.shared_bytes();
  how.stream = stream;
  if (how.dynamicSmemBytes > 48 * 1024)  // what a kernel has without asking
    check("cudaFuncSetAttribute", cudaFuncSetAttribute(run_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                       static_cast<int>(how.dynamicSmemBytes)));
  check("a kernel's launch", cudaLaunchKernelEx(&how, run_kernel<Kernel>, kernel));
}

/// op(i) for i in [0, count), a thread each.
template <class Op>
void each(index_type count, const Op& op, cudaStream_t stream) {
  launch(device::each_kernel<instructions, Op>{op, count}, stream);
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
  using gpu = instructions;
  /// Tensor cores have products of these for kernels of our own.
  template <class R>
  static constexpr bool has_products_of = std::is_same_v<R, __nv_bfloat16>;
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

  template <class Kernel>
  void run(const Kernel& kernel) const {
    detail::launch(kernel, stream_);
  }
  template <class Op>
  void each(index_type count, const Op& op) const {
    detail::each(count, op, stream_);
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    run(device::row_kernel<instructions, Op>{op, count});
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    run(device::short_row_kernel<instructions, Op>{op, count});
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
