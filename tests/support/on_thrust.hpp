// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Thrust engine behind the same kind of answer as the others. Where the system's memory is the host's, labels and weights
// of a test may stay where they are.
#pragma once

#include <thrust/copy.h>
#include <contrastive/thrust/evaluator.hpp>
#include <limits>
#include <support/any_loss.hpp>
#include <vector>

namespace contrastive::testing {

/// Embeddings copied to the device, row-major with `gap` elements of NaN after each row.
template <class T>
class on_device {
 public:
  explicit on_device(const views<T>& embeddings, index_type gap = 0) {
    held_.reserve(embeddings.size());  // a device vector that moves may be copied
    for (const auto& v : embeddings) {
      std::vector<T> packed;
      for (index_type r = 0; r < v.rows; ++r) {
        for (index_type c = 0; c < v.cols; ++c) packed.push_back(v(r, c));
        packed.insert(packed.end(), static_cast<std::size_t>(gap), std::numeric_limits<T>::quiet_NaN());
      }
      held_.emplace_back(packed.begin(), packed.end());
      rows_.emplace_back(held_.back().data(), v.rows, v.cols, v.cols + gap);
    }
  }
  on_device(const on_device&) = delete;
  on_device& operator=(const on_device&) = delete;

  const std::vector<thrust_engine::device_rows<T>>& rows() const { return rows_; }

 private:
  std::vector<thrust::device_vector<T>> held_;
  std::vector<thrust_engine::device_rows<T>> rows_;
};

/// A device vector on the host.
template <class T>
std::vector<T> fetched(const thrust::device_vector<T>& elements) {
  std::vector<T> host(elements.size());
  if (!host.empty()) thrust::copy(elements.begin(), elements.end(), host.begin());  // Thrust takes the address of *begin()
  return host;
}

template <class T>
answer widened(const thrust_engine::result<T>& r, const std::vector<thrust_engine::device_rows<T>>& rows) {
  answer a{static_cast<double>(r.loss),
           static_cast<double>(r.temperature_gradient),
           static_cast<double>(r.bias_gradient),
           r.valid_anchors,
           {},
           {}};
  for (const T l : fetched(r.per_anchor)) a.per_anchor.push_back(static_cast<double>(l));
  for (std::size_t g = 0; g < r.gradients.size(); ++g) {
    const std::vector<T> host = fetched(r.gradients[g]);
    const bool wanted = rows[g].needs_gradient;
    a.gradients.push_back(
        Eigen::Map<const matrix<T>>(host.data(), wanted ? rows[g].rows : 0, wanted ? rows[g].cols : 0).template cast<double>());
  }
  return a;
}

/// What the Thrust engine gives. Defined in on_thrust.cpp, for float.
template <class T>
answer on_thrust(const any_loss& loss, const views<T>& embeddings, thrust_engine::evaluator<T>& evaluate, index_type gap = 0);
template <class T>
answer on_thrust(const any_loss& loss, const views<T>& embeddings) {
  thrust_engine::evaluator<T> evaluate;
  return on_thrust(loss, embeddings, evaluate);
}

}  // namespace contrastive::testing
