// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the tile engine of a machine of loops.
#include <device/call_on.hpp>
#include <device/host_machine.hpp>
#include <stdexcept>

namespace contrastive::testing {
namespace {

/// The losses that stand for all in bfloat16.
template <class L>
constexpr bool is_rounded = std::is_same_v<L, nt_xent> || std::is_same_v<L, clip> || std::is_same_v<L, siglip> ||
                            std::is_same_v<L, sincere> || std::is_same_v<L, sup_con>;

}  // namespace

template <class S>
answer on_machine(host_machine& machine, const any_loss& loss, const views<S>& embeddings, const device::tile_size& tiles,
                  const std::vector<bool>& fixed) {
  return std::visit(
      [&](const auto& l) -> answer {
        if constexpr (!std::is_same_v<S, Eigen::bfloat16> || is_rounded<std::remove_cvref_t<decltype(l)>>)
          return call_on(machine, l, embeddings, tiles, fixed);
        throw std::logic_error("on_machine: not compiled for this loss in bfloat16");
      },
      loss);
}

template answer on_machine(host_machine&, const any_loss&, const views<CONTRASTIVE_SCALAR>&, const device::tile_size&,
                           const std::vector<bool>&);
#if defined(CONTRASTIVE_WITH_BFLOAT16)
template answer on_machine(host_machine&, const any_loss&, const views<Eigen::bfloat16>&, const device::tile_size&,
                           const std::vector<bool>&);
#endif

}  // namespace contrastive::testing
