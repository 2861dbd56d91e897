// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss of nothing.
#include <contrastive/contrastive.hpp>

auto fault() {
  contrastive::evaluator<float> evaluate;
  return evaluate.value(contrastive::nt_xent{});
}
