// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: a call on the device without a stream.
#include <contrastive/cuda.cuh>

void call(float* memory) {
  const contrastive::cuda::device_matrix_view<const float> z(memory, 4, 4);
  contrastive::cuda::evaluator<float>{}.enqueue(contrastive::nt_xent{}, contrastive::cuda::outputs<float>{}, z, z);
}
