// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A call of the CPU engine but for the loss's functions: what is computed of what, and where it goes.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
struct problem {
  const char* who;  // the loss's name, for errors
  double temperature;
  contrastive::similarity similarity;
  contrastive::reduction reduction;
  contrastive::arrangement arrangement;
  const contrastive::detail::argument<T>* arguments;
  int count;
  const bf16_kernel_table* bf16;  // where all arguments are bfloat16 and the processor multiplies these faster, else null
  bool with_gradients;
  bool wants_bias;                  // the gradient of an offset of all logits
  const matrix_view<T>* gradients;  // one an argument; null: the value alone, or memory of the result
  int num_gradients;
  weight_view anchor_weights;  // empty: all 1
  contrastive::detail::row_ranges ranges;
  T* per_anchor;  // (num_anchors), or null

  bool both_ways() const { return arrangement == contrastive::arrangement::both_ways; }
  bool same_rows() const { return ranges.anchor_begin == ranges.candidate_begin; }  // anchors are candidates too
};

struct outcome {
  double loss = 0;
  double temperature_gradient = 0;
  double bias_gradient = 0;
  index_type valid_anchors = 0;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
