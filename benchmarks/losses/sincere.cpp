// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times sincere: N rows of ten classes, and of N/4.
#include <contrastive/losses/sincere.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_sincere(bool all) {
  const auto call = [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(sincere{.temperature = 0.1, .labels = problem.labels}, part(rows, 0, problem.n));
  };
  register_loss<ten_classes>("sincere", all, call);
  register_loss<classes_of_four>("sincere_classes_of_4", all, call);
}

}  // namespace contrastive::benchmarks
