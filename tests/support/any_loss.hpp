// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss of the library, and those of the tests' own, as one type: what a test asks of an engine is compiled once an
// engine, not once a test.
#pragma once

#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/d2d_ce.hpp>
#include <contrastive/losses/decoupled.hpp>
#include <contrastive/losses/hard_negative.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sincere.hpp>
#include <contrastive/losses/soft_targets.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>
#include <support/answer.hpp>
#include <support/own_losses.hpp>
#include <type_traits>
#include <variant>

namespace contrastive::testing {

using weighted_by_prior = basic_weighted_info_nce<parameter_weights<degradation_prior>>;

/// A loss converts to it by itself.
using any_loss = std::variant<info_nce, clip, nt_xent, conditional_contrastive, sup_con, decoupled, hard_negative, sincere,
                              siglip, soft_targets, basic_soft_targets<targets_by_distance>, d2d_ce, weighted_info_nce,
                              weighted_by_prior, basic_weighted_info_nce<weight_by_distance>, scattered, scattered_normalized,
                              scattered_symmetric, bounded, two_wells, outspoken, mixed, blocks>;

/// Is it of the library, and not of the tests' own?
template <class L>
constexpr bool is_of_the_library = requires {
  L::name;
};

inline bool has_bias(const any_loss& loss) {
  return std::visit(
      [](const auto& l) {
        return requires { l.bias; };
      },
      loss);
}

/// What the definition gives. Defined in definition.cpp.
answer by_definition(const any_loss& loss, const views<double>& embeddings);
answer by_definition(const any_loss& loss, const views<float>& embeddings);

}  // namespace contrastive::testing
