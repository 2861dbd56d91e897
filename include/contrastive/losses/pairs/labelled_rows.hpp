// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows with a class label each, and one proxy a class: what the labelled losses share.
#pragma once

#include <contrastive/core/label_view.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Candidates: the n rows, then one proxy a class (num_classes may be 0).
struct labelled_rows {
  label_view labels;  // of the rows; fewer labels than rows repeat, one round a view
  index_type num_rows;
  index_type num_classes;
  bool labels_on_host;
  bool ascending = false;  // the labels, one a row

  CONTRASTIVE_HOST_DEVICE std::int64_t label(index_type i) const { return labels[i < labels.size() ? i : i % labels.size()]; }
  CONTRASTIVE_HOST_DEVICE bool is_proxy_of(index_type j, index_type i) const {
    return j >= num_rows && label(i) == j - num_rows;
  }
  /// out[c] = `same` where row first + c has the label of row i, else 1 - `same`.
  template <class T>
  CONTRASTIVE_HOST_DEVICE void compare(index_type i, index_type first, index_type count, bool same, T* out) const {
    const std::int64_t mine = label(i);
    if (ascending) {  // one run of this label at most
      const index_type begin = num_below(mine, false, first, count), end = num_below(mine, true, first, count);
      for (index_type c = 0; c < count; ++c) out[c] = same ? 0 : 1;
      for (index_type c = begin; c < end; ++c) out[c] = same ? 1 : 0;
      return;
    }
    for (index_type done = 0; done < count;) {  // runs in which labels do not repeat
      const index_type at = (first + done) % labels.size(),
                       here = labels.size() - at < count - done ? labels.size() - at : count - done;
      labels.equal(at, here, mine, out + done);
      done += here;
    }
    if (!same)
      for (index_type c = 0; c < count; ++c) out[c] = 1 - out[c];
  }

  CONTRASTIVE_HOST_DEVICE index_type tiled_begin() const { return 0; }
  CONTRASTIVE_HOST_DEVICE index_type tiled_end() const { return num_rows; }
  CONTRASTIVE_HOST_DEVICE bool is_one_pair() const { return num_rows == 2 && num_classes == 0; }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return num_classes > 0 || is_one_pair() ? 1 : 0; }
  /// The anchor's proxy, or no candidate there is: labels in device memory can not be refused beforehand. Of two rows the other
  /// one: where it is the positive, the loss is exactly 0.
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type) const {
    if (is_one_pair()) return 1 - i;
    const std::int64_t own = label(i);
    return own >= 0 && own < num_classes ? num_rows + static_cast<index_type>(own) : num_rows + num_classes;
  }

  std::int64_t row_class(index_type i) const { return label(i); }
  void renumber(const index_type*, const std::int64_t* classes) { labels = {classes, num_rows}, ascending = true; }

  /// The classes of the pairs of a tile, as far as its labels can be read: both rows always of one class, never, or either.
  enum class pairs_of { some_class, one_class, two_classes };
  pairs_of classes_of(const tile& t) const {
    if (!labels_on_host) return pairs_of::some_class;
    if (ascending && (label(t.anchor_end - 1) < label(t.candidate_begin) || label(t.candidate_end - 1) < label(t.anchor_begin)))
      return pairs_of::two_classes;
    if (!one_class(t.anchor_begin, t.anchor_end) || !one_class(t.candidate_begin, t.candidate_end)) return pairs_of::some_class;
    return label(t.anchor_begin) == label(t.candidate_begin) ? pairs_of::one_class : pairs_of::two_classes;
  }

 private:
  /// Where labels ascend: how many of `count` rows from `first` on have a label below this one, or, `too`, this one.
  CONTRASTIVE_HOST_DEVICE index_type num_below(std::int64_t this_one, bool too, index_type first, index_type count) const {
    index_type begin = 0;
    while (begin < count) {
      const index_type middle = (begin + count) / 2;
      const std::int64_t l = label(first + middle);
      if (l < this_one || (too && l == this_one))
        begin = middle + 1;
      else
        count = middle;
    }
    return begin;
  }
  bool one_class(index_type begin, index_type end) const {
    if (ascending) return label(begin) == label(end - 1);
    for (index_type i = begin + 1; i < end; ++i)
      if (label(i) != label(begin)) return false;
    return true;
  }
};

namespace detail {

/// The rows of one argument or of several: a label each, or one a sample that views of equal size share.
inline labelled_rows bind_labelled_rows(const char* who, const label_view& labels, const argument_shapes& shapes) {
  const index_type rows = shapes.total_rows();
  bool views = labels.size() == shapes[0].rows;
  for (int a = 1; a < shapes.count; ++a) views = views && shapes[a].rows == shapes[0].rows;
  if (labels.size() != rows && !views)
    refuse(who, "labels", std::to_string(rows) + " labels, one a row (or one a sample shared by views of equal size)",
           std::to_string(labels.size()) + " labels");
  return {labels, rows, 0, !shapes.on_device};
}

/// The rows of argument 1, and the class proxies of argument 2 if there is one.
inline labelled_rows bind_rows_and_proxies(const char* who, const label_view& labels, const argument_shapes& shapes) {
  const index_type rows = shapes[0].rows, num_classes = shapes.count == 2 ? shapes[1].rows : 0;
  if (labels.size() != rows)
    refuse(who, "labels", std::to_string(rows) + " labels, one a row of argument 1", std::to_string(labels.size()) + " labels");
  if (num_classes > 0 && shapes[1].spread)
    refuse(who, "argument 2 (class proxies)", "replicated(proxies), the same ones on every rank", "rows of ranks of their own");
  if (num_classes > 0 && !shapes.on_device)
    for (index_type i = 0; i < rows; ++i)
      if (labels[i] < 0 || labels[i] >= num_classes)
        refuse(who, "labels[" + std::to_string(i) + "]", "a row of the proxies, 0 to " + std::to_string(num_classes - 1),
               labels[i]);
  return {labels, rows, num_classes, !shapes.on_device};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
