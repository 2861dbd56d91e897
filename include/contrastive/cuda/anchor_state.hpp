// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is known of an anchor: the sums over its pairs, its loss, and what its slopes are multiplied with.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>
#include <limits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

// Kernels may read constants, but not call what the standard library computes them by.
inline constexpr double largest_double = std::numeric_limits<double>::max();
template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();

struct anchor_sums {
  log_sum_exp z;               // Σ D e^x
  log_sum_exp positives;       // Σ P e^x, with pooling::log_sum
  double positive_weight = 0;  // Σ P
  double positive_logit = 0;   // Σ P x

  CONTRASTIVE_HOST_DEVICE void add(double x, double denominator, double positive, bool log_sum) {
    z.add(x, denominator);
    if (positive == 0) return;
    positive_weight += positive;
    positive_logit += positive * x;
    if (log_sum) positives.add(x, positive);
  }
  CONTRASTIVE_HOST_DEVICE bool valid() const { return !z.is_empty() && positive_weight != 0; }
  CONTRASTIVE_HOST_DEVICE double loss(bool log_sum, bool normalize) const {
    if (!valid()) return 0;
    if (log_sum) return z.log() - positives.log() + (normalize ? std::log(positive_weight) : 0);
    return normalize ? z.log() - positive_logit / positive_weight : positive_weight * z.log() - positive_logit;
  }
};

/// dl/dx = D gain e^(x - log_z) - P positive_gain, with log_sum times e^(x - log_positive). Logarithms are the sum of two T:
/// at low temperatures one would lose digits of e^(x - log_z).
template <class T>
struct anchor_gains {
  // Of an anchor that gives no gradient: e^(x - log_z) is 0 whatever x.
  T gain = 0, log_z = T(1e30), log_z_low = 0;
  T positive_gain = 0, log_positive = T(1e30), log_positive_low = 0;
  T shifted_gain = 0;  // gain e^(shift - log_z), for one shift that serves all

  anchor_gains() = default;
  /// Of an anchor whose loss counts `share` times.
  CONTRASTIVE_HOST_DEVICE anchor_gains(const anchor_sums& s, double share, bool log_sum, bool normalize, double shift) {
    if (!s.valid()) return;
    const double z = s.z.log(), p = log_sum ? s.positives.log() : 0, g = share * (log_sum || normalize ? 1 : s.positive_weight);
    gain = static_cast<T>(g);
    log_z = static_cast<T>(z), log_z_low = static_cast<T>(z - static_cast<double>(log_z));
    positive_gain = static_cast<T>(share * (!log_sum && normalize ? 1 / s.positive_weight : 1));
    log_positive = static_cast<T>(p), log_positive_low = static_cast<T>(p - static_cast<double>(log_positive));
    shifted_gain = static_cast<T>(g * std::exp(shift - z));
  }

  CONTRASTIVE_HOST_DEVICE T above_log_z(T x) const { return (x - log_z) - log_z_low; }
  CONTRASTIVE_HOST_DEVICE T denominator_slope(T x) const { return gain * std::exp(above_log_z(x)); }
  CONTRASTIVE_HOST_DEVICE T positive_slope(T x, bool log_sum) const {
    return log_sum ? positive_gain * std::exp((x - log_positive) - log_positive_low) : positive_gain;
  }
};

/// What is known of a call once all losses are.
struct summary {
  double loss;   // reduced, NaN where something is not finite
  double share;  // how often an anchor's loss counts, in each direction
  index_type valid_anchors;
  bool broken;  // a row holds NaN or infinity, or a loss lists a candidate that is not there
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
