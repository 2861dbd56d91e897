// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the front asks of the CPU engine, and what comes back.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
struct request {
  const contrastive::detail::argument<T>* arguments;
  int count;
  contrastive::detail::row_ranges ranges;
  double temperature;
  contrastive::similarity similarity;
  contrastive::pooling pooling;
  contrastive::reduction reduction;
  bool both_ways;
  const matrix_view<T>* gradients;  // one an argument; null: the value alone
  T* per_anchor;                    // (num_anchors), or null
  const bf16_kernel_table* bf16;    // where all arguments are bfloat16 and the processor multiplies these faster, else null
};

struct outcome {
  double loss = 0;
  double temperature_gradient = 0;
  index_type valid_anchors = 0;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
