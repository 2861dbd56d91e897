// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A network that follows another one slowly.
#pragma once

#include <torch/torch.h>

#include <contrastive/memory/momentum_update.hpp>
#include <vector>

namespace examples {

/// slow ← m · slow + (1 - m) · fast, of all parameters, by contrastive::momentum_update; not of the buffers, such as the
/// statistics of batch normalisation.
inline void follow(torch::nn::Module& slow, torch::nn::Module& fast, double momentum) {
  std::vector<contrastive::matrix_view<float>> to;
  std::vector<contrastive::matrix_view<const float>> from;
  for (const auto& p : slow.parameters()) to.emplace_back(p.data_ptr<float>(), 1, p.numel());
  for (const auto& p : fast.parameters()) from.emplace_back(p.data_ptr<float>(), 1, p.numel());
  contrastive::momentum_update(to, from, momentum);
}

}  // namespace examples
