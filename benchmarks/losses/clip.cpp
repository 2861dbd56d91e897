// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times clip: N pairs.
#include <contrastive/losses/clip.hpp>

#include "benchmarks/losses/all.hpp"
#include "benchmarks/support/loss_benchmark.hpp"

namespace contrastive::benchmarks {

void register_clip(bool all) {
  register_loss<queries_with_keys>("clip", all, [](const auto& problem, const auto& rows, const auto& evaluate) {
    evaluate(clip{.temperature = 0.07}, part(rows, 0, problem.n), part(rows, problem.n, problem.n));
  });
}

}  // namespace contrastive::benchmarks
