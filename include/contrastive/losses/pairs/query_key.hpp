// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One positive a query and the sets that negatives come from: what info_nce, weighted_info_nce and clip share.
#pragma once

#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What a third argument of info_nce and weighted_info_nce holds.
enum class negatives {
  shared,     ///< (K, d): the same K negatives for every query (a queue, a memory bank)
  per_anchor  ///< (n K, d): rows i K … i K + K - 1 are query i's own
};

/// Every negative counts once.
struct unit_weights {
  CONTRASTIVE_HOST_DEVICE double operator()(index_type, index_type) const { return 1; }
};

/// Candidates: the n keys, then the further negatives. The positive of query i is key i, with weight 1 in the denominator.
/// weight(i, c) weighs negative c of query i; c counts the keys (if they take part), then the K negatives.
template <class Weight>
struct query_key_pairs {
  index_type num_queries;
  index_type num_negatives;  // K, further ones a query
  bool in_batch;             // the keys of other queries are negatives
  bool per_anchor;           // the further negatives are each query's own
  bool mean_one;             // each query's weights are scaled to mean 1
  Weight weight;
  const double* anchor_factors = nullptr;

  static constexpr pair_statements says{.lists = true,
                                        .positives_listed = true,
                                        .tiled_range = true,
                                        .tiles = true,
                                        .denominator_rows = true,
                                        .anchor_factors = true};

  /// The column of `weight` that candidate j has for query i, or -1 where j is no negative of i.
  CONTRASTIVE_HOST_DEVICE index_type weight_column(index_type i, index_type j) const {
    if (j < num_queries) return in_batch && i != j ? j : -1;
    const index_type first = in_batch ? num_queries : 0;
    if (!per_anchor) return first + j - num_queries;
    const index_type own = j - num_queries - i * num_negatives;
    return own >= 0 && own < num_negatives ? first + own : -1;
  }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    if (i == j) return 1;
    const index_type column = weight_column(i, j);
    if (column < 0) return 0;
    const double w = static_cast<double>(weight(i, column));
    return mean_one ? w * anchor_factors[i] : w;
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
  }

  CONTRASTIVE_HOST_DEVICE index_type tiled_begin() const { return in_batch ? 0 : num_queries; }
  CONTRASTIVE_HOST_DEVICE index_type tiled_end() const { return num_queries + (per_anchor ? 0 : num_negatives); }
  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile&) const {
    return {std::is_same_v<Weight, unit_weights> ? tile_weights::ones : tile_weights::general, tile_positives::none};
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return 1 + (per_anchor ? num_negatives : 0); }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    return t == 0 ? i : num_queries + i * num_negatives + t - 1;
  }

  CONTRASTIVE_HOST_DEVICE bool prepares_anchors() const { return mean_one; }
  /// The factor that scales query i's weights to mean 1; 1 where they are all 0.
  CONTRASTIVE_HOST_DEVICE double prepare_anchor(index_type i) const {
    const index_type columns = (in_batch ? num_queries : 0) + num_negatives;
    double total = 0;
    for (index_type c = 0; c < columns; ++c)
      if (!in_batch || c != i) total += static_cast<double>(weight(i, c));
    const index_type count = columns - (in_batch ? 1 : 0);
    return total > 0 ? static_cast<double>(count) / total : 1;
  }
};

namespace detail {

/// The pairs for queries, keys and possibly further negatives of these shapes; refuses what does not fit.
template <class Weight>
query_key_pairs<Weight> bind_query_key(const char* who, const argument_shapes& shapes, bool in_batch, negatives kind,
                                       bool mean_one, const Weight& weight) {
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
  return {queries, own ? further / queries : further, in_batch, own, mean_one, weight};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
