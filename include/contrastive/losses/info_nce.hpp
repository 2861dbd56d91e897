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
/// The second term, the other queries' keys, is there with `in_batch_negatives`; the third with a third argument:
/// (K, d), shared by all queries (a queue, a memory bank), or with `negatives::per_anchor` (n K, d), of which rows
/// i K … i K + K - 1 are query i's own. The positive is always in the denominator. Rows need not be normalised.
/// Loss in nats; `mean` divides by n. Wrap a queue in contrastive::no_gradient where its gradient is not wanted.
/// Throws std::invalid_argument for shapes that disagree, and where there is no negative at all.
/// Source: van den Oord et al. 2018, "Representation learning with contrastive predictive coding", eq. 4; against a
/// queue He et al. 2020 (MoCo), eq. 1.
///
///   auto r = contrastive::value_and_gradient(contrastive::info_nce{.temperature = 0.1}, q, k);
struct info_nce {
  double temperature = 0.1;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  bool in_batch_negatives = true;                                     ///< the keys of the other queries are negatives
  contrastive::negatives negatives = contrastive::negatives::shared;  ///< what a third argument holds

  static constexpr const char* name = "info_nce";
  static constexpr auto arrangement = contrastive::arrangement::first_against_rest;
  static constexpr mean_log rule{};

  query_key_pairs<unit_weights> bind(const argument_shapes& shapes) const {
    return detail::bind_query_key(name, shapes, in_batch_negatives, negatives, false, unit_weights{});
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
