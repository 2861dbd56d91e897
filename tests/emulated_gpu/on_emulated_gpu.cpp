// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the emulated GPU, compiled once.
#include <device/call_on.hpp>
#include <emulated_gpu/machine.hpp>
#include <emulated_gpu/on_emulated_gpu.hpp>
#include <stdexcept>
#include <type_traits>

namespace contrastive::testing {

namespace {

template <class L>
constexpr bool is_compiled =
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
    std::is_same_v<L, nt_xent> || std::is_same_v<L, info_nce> || std::is_same_v<L, clip> || std::is_same_v<L, siglip> ||
    std::is_same_v<L, sup_con> || std::is_same_v<L, sincere> || std::is_same_v<L, mixed>;
#else
    true;
#endif

}  // namespace

bool is_on_emulated_gpu(const any_loss& loss) {
  return std::visit([](const auto& l) { return is_compiled<std::remove_cvref_t<decltype(l)>>; }, loss);
}

answer on_emulated_gpu(const any_loss& loss, const views<Eigen::bfloat16>& embeddings, const std::vector<bool>& fixed) {
  emulated_machine machine;
  return std::visit(
      [&](const auto& l) -> answer {
        if constexpr (is_compiled<std::remove_cvref_t<decltype(l)>>)
          return call_on(machine, l, embeddings, {}, fixed);
        else
          throw std::logic_error("on_emulated_gpu: not compiled for this loss");
      },
      loss);
}

}  // namespace contrastive::testing
