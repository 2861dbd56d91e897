// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// log Σ w e^x, term by term and part by part, without overflow and without a term lost.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Σ_j w_j e^x_j as sum · e^max, where max is taken over the terms with w_j > 0 only: a term that does not count can not
/// push those that do below the smallest number.
///
/// `max` starts at the most negative finite number: a stand-in for -∞ that can be subtracted.
struct log_sum_exp {
  static constexpr double empty = -1.7976931348623157e308;

  double max = empty;
  double sum = 0;

  /// Adds w e^x; w ≥ 0. A NaN stays.
  CONTRASTIVE_HOST_DEVICE void add(double x, double w = 1) {
    if (!(w == 0)) merge({x, w});
  }

  /// Adds other.sum · e^other.max.
  CONTRASTIVE_HOST_DEVICE void merge(const log_sum_exp& other) {
    if (other.sum == 0) return;
    if (sum == 0) {
      *this = other;
    } else if (other.max > max) {
      sum = sum * std::exp(max - other.max) + other.sum;
      max = other.max;
    } else {
      sum += other.sum * std::exp(other.max - max);
    }
  }

  CONTRASTIVE_HOST_DEVICE bool is_empty() const { return sum == 0; }

  /// log Σ w e^x; only if not empty.
  CONTRASTIVE_HOST_DEVICE double log() const { return max + std::log(sum); }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
