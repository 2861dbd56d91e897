// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times conditional_contrastive: N rows of ten classes, with a proxy each.
#include <contrastive/losses/conditional_contrastive.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_conditional_contrastive(bool all) {
  register_loss<classified_rows>("conditional_contrastive", all,
                                 [](const auto& problem, const auto& rows, const auto& evaluate) {
                                   evaluate(conditional_contrastive{.temperature = 1.0, .labels = problem.labels},
                                            part(rows, 0, problem.n), part(rows, problem.n, 10));
                                 });
}

}  // namespace contrastive::benchmarks
