// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Views of samples against each other: what nt_xent, decoupled and hard_negative share.
#pragma once

#include <contrastive/losses/pairs/row_ids.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// M views of N samples: row i shows sample i mod N. The other views of a sample are its positives; rows of other samples
/// count in every denominator, unless they have the sample's id.
struct sample_view_pairs {
  index_type num_samples;
  index_type num_views;
  bool with_self;       // the pair (i, i) counts in the denominator
  bool with_positives;  // so do the other views of the sample
  row_ids ids;

  static constexpr pair_statements says{
      .symmetric = true, .lists = true, .positives_listed = true, .tiles = true, .leaves_out = true};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    if (i == j) return with_self ? 1 : 0;
    if (i % num_samples == j % num_samples) return with_positives ? 1 : 0;
    return ids.same(i, j) ? 0 : 1;
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return i != j && i % num_samples == j % num_samples ? 1 : 0;
  }

  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile&) const {
    return {with_self ? tile_weights::ones : tile_weights::ones_off_diagonal, tile_positives::none, ids.given()};
  }
  CONTRASTIVE_HOST_DEVICE bool leaves_out(index_type i, index_type j) const { return ids.same(i, j); }
  template <class Visit>
  void each_left_out(const tile& t, Visit visit) const {
    ids.each_same(t, visit);
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return num_views - 1; }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    const index_type j = i + (t + 1) * num_samples, total = num_samples * num_views;
    return j < total ? j : j - total;
  }
};

namespace detail {

/// Two or more views of the same samples.
inline sample_view_pairs bind_sample_views(const char* who, const argument_shapes& shapes, bool with_self, bool with_positives,
                                           const label_view& ids) {
  if (shapes.count < 2) refuse(who, "embedding arguments", "two or more views", shapes.count);
  for (int a = 1; a < shapes.count; ++a)
    if (shapes[a].rows != shapes[0].rows)
      refuse(who, "argument " + std::to_string(a + 1), std::to_string(shapes[0].rows) + " rows as in argument 1",
             std::to_string(shapes[a].rows) + " rows");
  const index_type samples = shapes[0].rows;
  return {samples, shapes.count, with_self, with_positives, bind_ids(who, ids, samples, samples * shapes.count, "sample")};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
