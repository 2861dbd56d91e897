// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows against each other, positives by class: what sup_con and conditional_contrastive share.
#pragma once

#include <contrastive/core/label_view.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Candidates: the n rows, then one proxy a class (num_classes may be 0). Every other row counts in the denominator and
/// those of the anchor's class are positives; of the proxies only that of the anchor's class counts, as both.
template <bool NormalizePositives>
struct same_class_pairs {
  label_view labels;  // of the rows; fewer labels than rows repeat, one round a view
  index_type num_rows;
  index_type num_classes;

  static constexpr bool symmetric = true;
  static constexpr bool normalize_positives = NormalizePositives;

  CONTRASTIVE_HOST_DEVICE std::int64_t label(index_type i) const { return labels[i < labels.size() ? i : i % labels.size()]; }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return j < num_rows ? i != j : label(i) == j - num_rows;
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return j < num_rows ? i != j && label(i) == label(j) : label(i) == j - num_rows;
  }

  template <class T>
  CONTRASTIVE_HOST_DEVICE void denominators(index_type i, index_type first, index_type count, T* out) const {
    for (index_type c = 0; c < count; ++c) out[c] = 1;
    if (first <= i && i < first + count) out[i - first] = 0;
  }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void positives(index_type i, index_type first, index_type count, T* out) const {
    const std::int64_t mine = label(i);
    for (index_type done = 0; done < count;) {  // runs in which labels do not repeat
      const index_type at = (first + done) % labels.size(),
                       here = labels.size() - at < count - done ? labels.size() - at : count - done;
      labels.equal(at, here, mine, out + done);
      done += here;
    }
    if (first <= i && i < first + count) out[i - first] = 0;
  }

  CONTRASTIVE_HOST_DEVICE index_type tiled_begin() const { return 0; }
  CONTRASTIVE_HOST_DEVICE index_type tiled_end() const { return num_rows; }
  CONTRASTIVE_HOST_DEVICE tile_weights weights_of(const tile&) const { return tile_weights::ones_off_diagonal; }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return num_classes > 0 ? 1 : 0; }
  /// The anchor's proxy, or -1 where its label is none: labels in device memory can not be refused beforehand.
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type) const {
    const std::int64_t own = label(i);
    return own >= 0 && own < num_classes ? num_rows + static_cast<index_type>(own) : -1;
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
