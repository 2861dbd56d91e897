// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One positive a query and the sets that negatives come from: what info_nce, weighted_info_nce and clip share.
#pragma once

#include <cmath>
#include <contrastive/losses/pairs/row_ids.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What a third argument of info_nce and weighted_info_nce holds.
enum class negatives {
  shared,     ///< (K, d): the same K negatives for every query (a queue, a memory bank)
  per_anchor  ///< (n K, d): rows i K … i K + K - 1 are query i's own
};

/// Every negative counts once.
struct unit_weights {
  /// 1.
  CONTRASTIVE_HOST_DEVICE double operator()(index_type, index_type) const { return 1; }
};

/// Candidates: the n keys, then the further negatives. The positive of query i is key i, with weight 1 in the denominator.
/// weight(i, c) weighs negative c of query i; c counts the keys (if they take part), then the K negatives.
///
/// With probabilities q of the candidates every logit is x_ij - log q_j. The weights take it in, so that the logits stay as
/// they are: l_i = log Σ_j (q_i / q_j) e^x_ij - x_ii. In both directions, which share D_ij, it is divided by q_i q_j instead;
/// what is then too much in log Σ_j D_ij e^x_ij is log D_ii.
template <class Weight>
struct query_key_pairs {
  index_type num_queries;
  index_type num_negatives;  // K, further ones a query
  bool in_batch;             // the keys of other queries are negatives
  bool per_anchor;           // the further negatives are each query's own
  bool mean_one;             // each query's weights are scaled to mean 1
  bool both_ways;            // keys are held against queries too
  Weight weight;
  row_ids ids;
  weight_view probabilities;    // (candidates), or empty
  double mean_probability = 1;  // of candidates that are drawn alike: the unit of q_i q_j
  const double* anchor_factors = nullptr;

  static constexpr pair_statements says{.lists = true,
                                        .positives_listed = true,
                                        .tiled_range = true,
                                        .tiles = true,
                                        .denominator_rows = true,
                                        .anchor_factors = true,
                                        .leaves_out = true,
                                        .anchor_constants = true};

  /// The column of `weight` that candidate j has for query i, or -1 where j is no negative of i.
  CONTRASTIVE_HOST_DEVICE index_type weight_column(index_type i, index_type j) const {
    if (ids.same(i, j)) return -1;
    if (j < num_queries) return in_batch && i != j ? j : -1;
    const index_type first = in_batch ? num_queries : 0;
    if (!per_anchor) return first + j - num_queries;
    const index_type own = j - num_queries - i * num_negatives;
    return own >= 0 && own < num_negatives ? first + own : -1;
  }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    const double drawn = drawn_weight(i, j);
    if (i == j) return drawn;
    const index_type column = weight_column(i, j);
    if (column < 0) return 0;
    const double w = static_cast<double>(weight(i, column));
    return mean_one ? w * anchor_factors[i] * drawn : w * drawn;
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return i == j ? 1 : 0; }

  template <class T>
  CONTRASTIVE_HOST_DEVICE void denominators(index_type i, index_type first, index_type count, T* out) const {
    const index_type column = in_batch ? first : first - num_queries;
    const double factor = mean_one ? anchor_factors[i] : 1;
    if constexpr (requires { weight.row(i, column, count, factor, out); })
      weight.row(i, column, count, factor, out);
    else
      for (index_type c = 0; c < count; ++c) out[c] = static_cast<T>(static_cast<double>(weight(i, column + c)) * factor);
    if (first <= i && i < first + count) out[i - first] = 1;
    if (probabilities.size() == 0) return;
    for (index_type c = 0; c < count; ++c) out[c] = static_cast<T>(static_cast<double>(out[c]) * drawn_weight(i, first + c));
  }
  CONTRASTIVE_HOST_DEVICE double anchor_constant(index_type i) const {
    return both_ways ? -std::log(drawn_weight(i, i)) : 0;  // in one direction D_ii is 1
  }

  CONTRASTIVE_HOST_DEVICE index_type tiled_begin() const { return in_batch ? 0 : num_queries; }
  CONTRASTIVE_HOST_DEVICE index_type tiled_end() const { return num_queries + (per_anchor ? 0 : num_negatives); }
  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile&) const {
    const bool ones = std::is_same_v<Weight, unit_weights> && probabilities.size() == 0;
    return {ones ? tile_weights::ones : tile_weights::general, tile_positives::none, ids.given()};
  }
  CONTRASTIVE_HOST_DEVICE bool leaves_out(index_type i, index_type j) const { return ids.same(i, j); }
  template <class Visit>
  void each_left_out(const tile& t, Visit visit) const {
    ids.each_same(t, visit);
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return 1 + (per_anchor ? num_negatives : 0); }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    return t == 0 ? i : num_queries + i * num_negatives + t - 1;
  }

  CONTRASTIVE_HOST_DEVICE bool prepares_anchors() const { return mean_one; }
  /// The factor that scales the weights of query i's negatives to mean 1; 1 where they are all 0.
  CONTRASTIVE_HOST_DEVICE double prepare_anchor(index_type i) const {
    const index_type further = num_queries + (per_anchor ? i * num_negatives : 0);
    double total = 0, count = 0;
    const auto add = [&](index_type first, index_type last) {
      for (index_type j = first; j < last; ++j)
        if (const index_type column = weight_column(i, j); column >= 0)
          total += static_cast<double>(weight(i, column)), count += 1;
    };
    if (in_batch) add(0, num_queries);
    add(further, further + num_negatives);
    return total > 0 ? count / total : 1;
  }

 private:
  /// What the probabilities make of D_ij.
  CONTRASTIVE_HOST_DEVICE double drawn_weight(index_type i, index_type j) const {
    if (probabilities.size() == 0) return 1;
    const double q_i = probabilities[i], q_j = probabilities[j];
    return both_ways ? mean_probability / q_i * (mean_probability / q_j) : q_i / q_j;
  }
};

namespace detail {

/// What a caller may know of the rows, beside the anchors' weights.
struct known_candidates {
  label_view ids, negative_ids;
  weight_view probabilities;
};

/// A probability for each candidate; below the least the quotient of two would leave what float can hold.
inline void check_probabilities(const char* who, const weight_view& q, index_type num_candidates, bool look) {
  constexpr double least = 1e-15;
  check_memory(who, "candidate_probabilities", q.data());
  if (q.size() != num_candidates)
    refuse(who, "candidate_probabilities", std::to_string(num_candidates) + " probabilities, one a candidate",
           std::to_string(q.size()) + " probabilities");
  for (index_type j = 0; look && j < num_candidates; ++j)
    if (!(q[j] >= least && q[j] <= 1))
      refuse(who, "candidate_probabilities[" + std::to_string(j) + "]", "a probability of at least 1e-15 and at most 1", q[j]);
}

/// The pairs for queries, keys and possibly further negatives of these shapes; refuses what does not fit.
template <class Weight>
query_key_pairs<Weight> bind_query_key(const char* who, const argument_shapes& shapes, bool in_batch, negatives kind,
                                       bool mean_one, const Weight& weight, const known_candidates& known,
                                       bool both_ways = false) {
  if (shapes.count < 2 || shapes.count > 3)
    refuse(who, "embedding arguments", "2 (queries, keys) or 3 (queries, keys, negatives)", shapes.count);
  const index_type queries = shapes[0].rows;
  if (shapes[1].rows != queries)
    refuse(who, "argument 2 (keys)", std::to_string(queries) + " rows as in argument 1",
           std::to_string(shapes[1].rows) + " rows");
  if (shapes.count == 2 && !in_batch) refuse(who, "in_batch_negatives = false", "negatives as a third argument", "none");
  const bool own = shapes.count == 3 && kind == negatives::per_anchor;
  const index_type further = shapes.count == 3 ? shapes[2].rows : 0;
  if (own && further % queries != 0)
    refuse(who, "argument 3 (each query's own negatives)", "a multiple of " + std::to_string(queries) + " rows",
           std::to_string(further) + " rows");
  row_ids ids = bind_ids(who, known.ids, queries, queries, "query");
  if (!ids.given() && known.negative_ids.size() > 0) refuse(who, "negative_ids", "ids of the queries beside them", "no ids");
  if (ids.given())
    check_ids(who, "negative_ids", known.negative_ids, further, "row of argument 3"), ids.negatives = known.negative_ids;
  if (known.probabilities.size() > 0) check_probabilities(who, known.probabilities, queries + further, !shapes.on_device);
  return {queries,
          own ? further / queries : further,
          in_batch,
          own,
          mean_one,
          both_ways,
          weight,
          ids,
          known.probabilities,
          1 / static_cast<double>(queries + further)};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
