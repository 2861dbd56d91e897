// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times conditional_contrastive: N rows of ten classes, and of N/4, with a proxy each.
#include <contrastive/losses/conditional_contrastive.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_conditional_contrastive(bool all) {
  const auto call = [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(conditional_contrastive{.temperature = 1.0, .labels = problem.labels}, part(rows, 0, problem.n),
             part(rows, problem.n, problem.classes));
  };
  register_loss<ten_classes>("conditional_contrastive", all, call);
  register_loss<classes_of_four>("conditional_contrastive_classes_of_4", all, call);
}

}  // namespace contrastive::benchmarks
