// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// CONTRASTIVE_HOST_DEVICE marks the scalar functions that run on the CPU and, compiled by nvcc, on the GPU.
#pragma once

#if defined(__CUDACC__)
#define CONTRASTIVE_HOST_DEVICE __host__ __device__
#else
#define CONTRASTIVE_HOST_DEVICE
#endif
