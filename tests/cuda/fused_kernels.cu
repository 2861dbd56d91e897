// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The fused kernels of nt_xent in each width, for scripts/kernel_resources.sh.
#include <contrastive/cuda.cuh>

void call(cudaStream_t stream, __nv_bfloat16* memory) {
  const contrastive::cuda::device_matrix_view<const __nv_bfloat16> z(memory, 4, 4);
  contrastive::cuda::evaluator<__nv_bfloat16>{}.enqueue(contrastive::nt_xent{}, contrastive::cuda::outputs<__nv_bfloat16>{}, z,
                                                        z, stream);
}
