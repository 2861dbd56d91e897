// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// clip: the symmetric cross entropy of image-text pairs, both directions from one similarity matrix.
#pragma once

#include <contrastive/losses/pairs/query_key.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// The symmetric loss of CLIP over pairs (a_i, b_i):
///
///   l_i = 1/2 ( log Σ_j e^(s(a_i, b_j)/τ) + log Σ_j e^(s(a_j, b_i)/τ) ) - s(a_i, b_i)/τ
///
/// Arguments: a (n, d) and b (n, d). It is the mean of info_nce(a, b) and info_nce(b, a), computed together.
/// The denominators leave nothing out. Rows need not be normalised. Loss in nats; `mean` divides by n; `per_anchor` has
/// n entries, one a pair. CLIP learns log(1/τ): its gradient is -τ · temperature_gradient.
/// Throws std::invalid_argument where a and b have different shapes.
/// Source: Radford et al. 2021, "Learning transferable visual models from natural language supervision", fig. 3.
///
///   auto r = contrastive::value_and_gradient(contrastive::clip{.temperature = 0.07}, images, texts);
struct clip {
  double temperature = 0.07;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;

  static constexpr const char* name = "clip";
  static constexpr auto arrangement = contrastive::arrangement::both_ways;
  static constexpr mean_log rule{};

  query_key_pairs<unit_weights> bind(const argument_shapes& shapes) const {
    return detail::bind_query_key(name, shapes, true, negatives::shared, false, unit_weights{});
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
