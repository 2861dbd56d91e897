// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times sup_con: N rows of ten classes, and of N/4.
#include <contrastive/losses/sup_con.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_sup_con(bool all) {
  const auto call = [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(sup_con{.temperature = 0.1, .labels = problem.labels}, part(rows, 0, problem.n));
  };
  register_loss<ten_classes>("sup_con", all, call);
  register_loss<classes_of_four>("sup_con_classes_of_4", all, call);
}

}  // namespace contrastive::benchmarks
