// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How to run, as opposed to what to compute (that is the loss).
#pragma once

#include <contrastive/core/instruction_flags.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Options of an evaluator. None of them changes a result by a bit.
struct options {
  int threads = 0;  ///< at most this many threads, the caller's among them; 0: as many as the machine has
  std::size_t memory_budget = std::size_t{64} << 20;  ///< bytes for logits that are kept for the gradient where all of them
                                                      ///< fit, which saves a quarter of the work or more; else none are kept
  bool check_finite = false;                          ///< look for NaN and infinity first and throw, naming argument and row
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
