// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the emulated GPU, compiled once.
#include <device/call_on.hpp>
#include <emulated_gpu/machine.hpp>
#include <emulated_gpu/on_emulated_gpu.hpp>

namespace contrastive::testing {

answer on_emulated_gpu(const any_loss& loss, const views<Eigen::bfloat16>& embeddings, const std::vector<bool>& fixed) {
  emulated_machine machine;
  return std::visit([&](const auto& l) { return call_on(machine, l, embeddings, {}, fixed); }, loss);
}

}  // namespace contrastive::testing
