// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// feature_queue on the device: the embeddings of earlier batches, first in first out, as negatives for later ones.
#pragma once

#include <contrastive/core/label_view.hpp>
#include <contrastive/cuda/copies.hpp>
#include <contrastive/cuda/machine.cuh>
#include <cstdint>
#include <limits>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// The last `capacity` rows that were pushed, in device memory, and a label beside each if the queue is made with labels; where
/// ids are wanted, these are they: info_nce{.ids = …, .negative_ids = queue.labels()}.
///
/// As in contrastive::feature_queue the rows that are in lie in (size(), dim) row-major memory, in the order of their age until
/// the queue is full; then a new row takes the place of the oldest. push is enqueued on the stream and allocates nothing. What
/// the host knows, size() and oldest(), changes at once: read the rows on the same stream. For the same reason a push in a CUDA
/// graph would write the same places at each launch, and is refused while a stream is captured. Throws std::invalid_argument
/// where arguments do not fit. Source: He et al. 2020, "Momentum contrast for unsupervised visual representation learning",
/// section 3.2.
template <class T>
class feature_queue {
 public:
  /// An empty queue of at most `capacity` rows of `dim` numbers; takes the device memory of a full one.
  feature_queue(index_type capacity, index_type dim, bool with_labels = false) : dim_(dim) {
    if (capacity <= 0) contrastive::detail::refuse(name, "capacity", "at least 1 row", capacity);
    if (dim <= 0) contrastive::detail::refuse(name, "dim", "at least 1 column", dim);
    if (capacity > std::numeric_limits<index_type>::max() / static_cast<index_type>(sizeof(T)) / dim)
      contrastive::detail::refuse(name, "capacity", "a number of rows that memory can hold", capacity);
    ring_ = {capacity, 0, 0};
    features_ = device_buffer<T>(capacity * dim);
    if (with_labels) labels_ = device_buffer<std::int64_t>(capacity);
  }

  /// The number of rows that are in.
  index_type size() const { return ring_.size; }
  /// The most rows that it holds.
  index_type capacity() const { return ring_.capacity; }
  /// The numbers of a row.
  index_type dim() const { return dim_; }
  /// Does a further row take the place of the oldest?
  bool full() const { return ring_.size == ring_.capacity; }
  /// The row that a further push overwrites first; 0 until the queue is full.
  index_type oldest() const { return full() ? ring_.oldest : 0; }

  /// (size(), dim): the rows that are in.
  device_matrix_view<const T> features() const { return {features_.data(), size(), dim_}; }
  /// Their labels, in device memory; none where the queue was made without.
  label_view labels() const { return {labels_.data(), labels_.size() > 0 ? size() : 0}; }

  /// Takes all rows out.
  void clear() { ring_ = {ring_.capacity, 0, 0}; }

  /// Puts in a batch: rows (n, dim) and, exactly if the queue was made with labels, n labels (n, 1), all in device memory
  /// outside the queue. Of a batch with more rows than the capacity the last `capacity` stay.
  void push(const device_matrix_view<const T>& rows, cudaStream_t stream) { push(rows, {}, stream); }
  /// The same with labels.
  void push(const device_matrix_view<const T>& rows, const device_matrix_view<const std::int64_t>& labels,
            cudaStream_t stream) {
    if (rows.cols != dim_ || rows.rows < 0)
      contrastive::detail::refuse(name, "rows", std::string("(n, ") + std::to_string(dim_) + ")",
                                  '(' + std::to_string(rows.rows) + ", " + std::to_string(rows.cols) + ")");
    const bool labelled = labels_.size() > 0;
    if (labels.rows != (labelled ? rows.rows : 0) || (labelled && labels.cols != 1))
      contrastive::detail::refuse(
          name, "labels", labelled ? std::to_string(rows.rows) + " labels, one a row" : "none: the queue was made without",
          std::to_string(labels.rows) + " labels");
    if (rows.rows == 0) return;
    if (detail::is_capturing(stream))
      contrastive::detail::refuse(name, "push", "a stream that is not captured", "a stream under capture");
    detail::check_on_device(name, "rows", rows.data);
    if (labelled) detail::check_on_device(name, "labels", labels.data);
    const index_type skipped = ring_.skipped(rows.rows), first = ring_.first(rows.rows), count = rows.rows - skipped;
    detail::each(count * dim_, put_rows<T>{rows, features_.data(), ring_.capacity, skipped, first}, stream);
    if (labelled) detail::each(count, put_rows<std::int64_t>{labels, labels_.data(), ring_.capacity, skipped, first}, stream);
    ring_ = ring_.after(rows.rows);
  }

 private:
  static constexpr const char* name = "feature_queue";

  index_type dim_;
  ring_places ring_{};
  device_buffer<T> features_;           // (capacity, dim) row-major
  device_buffer<std::int64_t> labels_;  // (capacity), or none
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
