// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A call of the CPU engine but for the loss's functions: what is computed of what, and where it goes.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <cstdint>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// What a call does. The problem may be a part of a larger one, whose parts the caller puts together: some of the anchors
/// against some of the candidates.
enum class call_part {
  whole,
  sums,         ///< adds the sums of the first stage to `rows`, and to `columns`
  second_sums,  ///< adds those of the second stage; those of the first are complete
  gradients     ///< all sums are complete: the gradients that these pairs give
};

/// Sums of anchors that several parts add to. Columns are candidates that are anchors of pairs in the other order.
struct part_sums {
  log_sum_exp* parts = nullptr;    // (anchors, sums of the rule); null: there are none
  double* theta_slopes = nullptr;  // likewise, of sums of the second stage
  const double* shares = nullptr;  // (anchors): how often each one's loss counts, for `gradients`
};

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
  T* per_anchor;                          // (num_anchors), or null
  const std::int64_t* classes = nullptr;  // (num_anchors), ascending, or null
  const index_type* order = nullptr;  // (num_anchors): the caller's number of each anchor; null: the engine's are the caller's

  // Of a part.
  call_part part = call_part::whole;
  part_sums rows, columns;
  double batch_log_sum = 0;

  bool is_part() const { return part != call_part::whole; }
  /// Are candidates anchors of pairs in the other order, and other rows than the anchors?
  bool both_ways() const { return is_part() ? columns.parts != nullptr : arrangement == contrastive::arrangement::both_ways; }
  bool same_rows() const { return ranges.anchor_begin == ranges.candidate_begin; }  // anchors are candidates too
  index_type callers(index_type anchor) const { return order == nullptr ? anchor : order[anchor]; }
};

struct outcome {
  double loss = 0;
  double temperature_gradient = 0;
  double bias_gradient = 0;
  index_type valid_anchors = 0;
  bool finite = true;  // of a part: no row holds NaN or infinity
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
