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
///
/// `ids`, `anchor_weights` and `candidate_probabilities` say what is known of the pairs, as those of info_nce do, in both
/// directions: pairs of one id are no negatives of each other, pair i counts w_i times, and the logits of a_j and b_j as
/// candidates are s/τ - log q_j.
/// Throws std::invalid_argument where a and b have different shapes, and as info_nce for what is known of the pairs.
/// Source: Radford et al. 2021, "Learning transferable visual models from natural language supervision", fig. 3.
///
///   auto r = contrastive::value_and_gradient(contrastive::clip{.temperature = 0.07}, images, texts);
struct clip {
  double temperature = 0.07;                                             ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  label_view ids = {};                                                   ///< (n), or empty: of the pairs
  weight_view anchor_weights = {};                                       ///< (n) w ≥ 0 of the pairs, or empty: all 1
  weight_view candidate_probabilities = {};                              ///< (n) of the pairs, or empty: all alike

  static constexpr const char* name = "clip";
  static constexpr auto arrangement = contrastive::arrangement::both_ways;
  static constexpr mean_log rule{};

  query_key_pairs<unit_weights> bind(const argument_shapes& shapes) const {
    return detail::bind_query_key(name, shapes, true, negatives::shared, false, unit_weights{},
                                  {ids, {}, candidate_probabilities}, true);
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("anchor_weights", anchor_weights.data());
    visit("candidate_probabilities", candidate_probabilities.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
