// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times sup_con: N rows of ten classes.
#include <contrastive/losses/sup_con.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_sup_con(bool all) {
  register_loss<classified_rows>("sup_con", all, [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(sup_con{.temperature = 0.1, .labels = problem.labels}, part(rows, 0, problem.n));
  });
}

}  // namespace contrastive::benchmarks
