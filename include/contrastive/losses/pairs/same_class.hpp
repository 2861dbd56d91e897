// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows against each other, positives by class: what sup_con and conditional_contrastive share.
#pragma once

#include <contrastive/losses/pairs/labelled_rows.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Every other row counts in the denominator and those of the anchor's class are positives; of the proxies only that of the
/// anchor's class counts, as both.
struct same_class_pairs : labelled_rows {
  static constexpr pair_statements says{.symmetric = true,
                                        .lists = true,
                                        .tiled_range = true,
                                        .tiles = true,
                                        .denominator_rows = true,
                                        .positive_rows = true,
                                        .row_classes = true};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return j < num_rows ? i != j : is_proxy_of(j, i);
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return j < num_rows ? i != j && label(i) == label(j) : is_proxy_of(j, i);
  }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void denominators(index_type i, index_type first, index_type count, T* out) const {
    for (index_type c = 0; c < count; ++c) out[c] = 1;
    if (first <= i && i < first + count) out[i - first] = 0;
  }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void positives(index_type i, index_type first, index_type count, T* out) const {
    compare(i, first, count, true, out);
    if (first <= i && i < first + count) out[i - first] = 0;
  }
  tile_statement of_tile(const tile& t) const {
    const pairs_of held = classes_of(t);
    return {tile_weights::ones_off_diagonal, held == pairs_of::one_class     ? tile_positives::ones_off_diagonal
                                             : held == pairs_of::two_classes ? tile_positives::none
                                                                             : tile_positives::general};
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
