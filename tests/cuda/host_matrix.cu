// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: memory of the host in a call on the device.
#include <contrastive/cuda.cuh>

void call(cudaStream_t stream, float* memory) {
  const contrastive::matrix_view<const float> host(memory, 4, 4);
  contrastive::cuda::evaluator<float>{}.enqueue(contrastive::nt_xent{}, contrastive::cuda::outputs<float>{}, host, host,
                                                stream);
}
