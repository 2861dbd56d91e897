// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times nt_xent: two views of N/2 samples.
#include <contrastive/losses/nt_xent.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_nt_xent(bool all) {
  register_loss<rows_with_themselves>("nt_xent", all, [](const auto& problem, const auto& rows, const auto& evaluate) {
    const index_type half = problem.n / 2;
    evaluate(nt_xent{.temperature = 0.5}, part(rows, 0, half), part(rows, half, half));
  });
}

}  // namespace contrastive::benchmarks
