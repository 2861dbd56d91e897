// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// momentum_update on the device: the parameters of a slowly moving copy of an encoder.
#pragma once

#include <contrastive/cuda/copies.hpp>
#include <contrastive/cuda/machine.cuh>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// The EMA of parameters in device memory, elementwise, key ← m · key + (1 - m) · query, m = momentum in [0, 1]; m = 0 copies
/// `query`, m = 1 leaves `key` untouched. T is float or double, any strides; both may be the same memory, but must not overlap
/// otherwise. Enqueued on the stream, asynchronous, nothing is allocated. Throws std::invalid_argument as the one on the CPU
/// does, and for memory that is not the device's.
/// Source: He et al. 2020, "Momentum contrast for unsupervised visual representation learning", eq. 2.
template <class T>
void momentum_update(const device_matrix_view<T>& key, const device_matrix_view<const std::type_identity_t<T>>& query,
                     double momentum, cudaStream_t stream) {
  constexpr const char* who = "momentum_update";
  const auto say = [](index_type rows, index_type cols) {
    return '(' + std::to_string(rows) + ", " + std::to_string(cols) + ")";
  };
  if (!(momentum >= 0 && momentum <= 1)) contrastive::detail::refuse(who, "momentum", "a number from 0 to 1", momentum);
  if (query.rows != key.rows || query.cols != key.cols)
    contrastive::detail::refuse(who, "query", say(key.rows, key.cols) + " as key", say(query.rows, query.cols));
  if (key.rows <= 0 || key.cols <= 0 || momentum == 1) return;
  if (!detail::is_capturing(stream)) {
    detail::check_on_device(who, "key", key.data);
    detail::check_on_device(who, "query", query.data);
  }
  detail::each(key.rows * key.cols, move_towards<T>{key, query, momentum}, stream);
}

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
