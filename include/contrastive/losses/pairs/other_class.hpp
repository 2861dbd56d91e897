// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows against those of other classes, the positives in no denominator: what sincere and d2d_ce share.
#pragma once

#include <contrastive/losses/pairs/labelled_rows.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Rows of other classes count in the denominator. The positive of an anchor is the proxy of its class.
struct other_class_pairs : labelled_rows {
  static constexpr pair_statements says{.symmetric = true,
                                        .lists = true,
                                        .positives_listed = true,
                                        .tiled_range = true,
                                        .tiles = true,
                                        .denominator_rows = true,
                                        .row_classes = true};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return j < num_rows && label(i) != label(j) ? 1 : 0;
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return is_proxy_of(j, i) ? 1 : 0; }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void denominators(index_type i, index_type first, index_type count, T* out) const {
    compare(i, first, count, false, out);
  }
  tile_statement of_tile(const tile& t) const {
    const pairs_of held = classes_of(t);
    return {held == pairs_of::one_class     ? tile_weights::zeros
            : held == pairs_of::two_classes ? tile_weights::ones
                                            : tile_weights::general,
            tile_positives::none};
  }
};

/// The same with the other rows of the anchor's class as positives, and without proxies.
struct class_against_others_pairs : other_class_pairs {
  static constexpr pair_statements says{.symmetric = true,
                                        .lists = true,
                                        .tiled_range = true,
                                        .tiles = true,
                                        .denominator_rows = true,
                                        .positive_rows = true,
                                        .row_classes = true};

  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return i != j && label(i) == label(j) ? 1 : 0; }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void positives(index_type i, index_type first, index_type count, T* out) const {
    compare(i, first, count, true, out);
    if (first <= i && i < first + count) out[i - first] = 0;
  }
  tile_statement of_tile(const tile& t) const {
    const pairs_of held = classes_of(t);
    if (held == pairs_of::one_class) return {tile_weights::zeros, tile_positives::ones_off_diagonal};
    if (held == pairs_of::two_classes) return {tile_weights::ones, tile_positives::none};
    return {};
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
