// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the queue and the momentum update do to a number, and where a pushed row goes.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/cuda/device_view.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// key ← momentum · key + (1 - momentum) · query, computed in double; momentum 0 copies whatever key held.
template <class T>
struct move_towards {
  device_matrix_view<T> key;
  device_matrix_view<const T> query;
  double momentum;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    const index_type r = i / key.cols, c = i % key.cols;
    T& k = key.data[r * key.row_stride + c * key.col_stride];
    const T q = query.data[r * query.row_stride + c * query.col_stride];
    k = momentum == 0 ? q : static_cast<T>(momentum * static_cast<double>(k) + (1 - momentum) * static_cast<double>(q));
  }
};

/// The places of a ring that a batch goes to.
struct ring_places {
  index_type capacity, size, oldest;  // oldest: meant while full

  /// Rows of the batch that are left out, its first.
  CONTRASTIVE_HOST_DEVICE index_type skipped(index_type rows) const { return rows > capacity ? rows - capacity : 0; }
  /// The place of the first row that is put in.
  CONTRASTIVE_HOST_DEVICE index_type first(index_type rows) const {
    return rows >= capacity ? 0 : size == capacity ? oldest : size;
  }
  /// The ring with the batch in it. A batch of capacity or more rows starts it anew.
  CONTRASTIVE_HOST_DEVICE ring_places after(index_type rows) const {
    if (rows == 0) return *this;
    if (rows >= capacity) return {capacity, capacity, 0};
    const index_type now = size + rows < capacity ? size + rows : capacity;
    return {capacity, now, (first(rows) + rows) % capacity};
  }
};

/// Puts numbers of a batch into a ring of rows.
template <class T>
struct put_rows {
  device_matrix_view<const T> from;
  T* ring;  // (capacity, from.cols) row-major
  index_type capacity, skipped, first;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    const index_type r = i / from.cols, c = i % from.cols;
    ring[((first + r) % capacity) * from.cols + c] = from.data[(skipped + r) * from.row_stride + c * from.col_stride];
  }
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
