// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// info_nce: one positive a query against in-batch, shared or own negatives.
#pragma once

#include <contrastive/losses/pairs/query_key.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// InfoNCE of queries q (n, d) and keys k (n, d); key i is the positive of query i:
///
///   l_i = log( e^(s(q_i, k_i)/τ) + Σ_{j ≠ i} e^(s(q_i, k_j)/τ) + Σ_m e^(s(q_i, n_m)/τ) ) - s(q_i, k_i)/τ
///
/// The second term, the other queries' keys, is present with `in_batch_negatives`, and the third with a third argument: (K, d),
/// shared by all queries (a queue, a memory bank), or with `negatives::per_anchor` (n K, d), of which rows i K … i K + K - 1
/// are query i's own. The positive is always in the denominator. Rows need not be normalised. Loss in nats; `mean` divides by
/// n. Wrap a queue in contrastive::no_gradient where its gradient is not wanted.
///
/// What is known of the rows, each if it is given; views must live through the call:
///   - `ids` y: negatives with the query's id are in no sum: duplicates, or the query's own key still in a queue
///   - `anchor_weights` w: query i counts w_i times: w_i l_i, and `mean` divides by Σ w of the valid anchors
///   - `candidate_probabilities` q of a candidate to be drawn into the batch: s/τ - log q_j instead of s/τ, of the positive
///     too, so that popular candidates are not pushed away for being popular. From 1e-15 to 1; only their ratios count.
///
/// Throws std::invalid_argument for shapes that disagree, where there is no negative at all, and for ids, weights and
/// probabilities of another number or out of range, naming the entry.
/// Source: van den Oord et al. 2018, "Representation learning with contrastive predictive coding", eq. 4; against a
/// queue He et al. 2020 (MoCo), eq. 1; probabilities: Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus
/// item recommendations", eq. 3.
///
///   auto r = contrastive::value_and_gradient(contrastive::info_nce{.temperature = 0.1}, q, k);
struct info_nce {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  bool in_batch_negatives = true;                                        ///< the keys of the other queries are negatives
  contrastive::negatives negatives = contrastive::negatives::shared;     ///< what a third argument holds
  label_view ids = {};                                                   ///< (n), or empty: of the pairs (query, key)
  label_view negative_ids = {};                                          ///< with `ids`, one a row of the third argument
  weight_view anchor_weights = {};                                       ///< (n) w ≥ 0, or empty: all 1
  weight_view candidate_probabilities = {};  ///< of keys, then further negatives, or empty: all alike

  static constexpr const char* name = "info_nce";
  static constexpr auto arrangement = contrastive::arrangement::first_against_rest;
  static constexpr mean_log rule{};

  query_key_pairs<unit_weights> bind(const argument_shapes& shapes) const {
    return detail::bind_query_key(name, shapes, in_batch_negatives, negatives, false, unit_weights{},
                                  {ids, negative_ids, candidate_probabilities});
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("negative_ids", negative_ids.data());
    visit("anchor_weights", anchor_weights.data());
    visit("candidate_probabilities", candidate_probabilities.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
