// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is summed over the pairs of one anchor, its loss, and the slope of the loss in each logit. All in double.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

/// How the positives of an anchor are put together.
struct positive_rule {
  bool log_sum;    // pooling::log_sum
  bool normalize;  // P_ij is divided by Σ_j P_ij
};

/// dl/dx = D gain e^(x - log_z) - P positive_gain, under log_sum times e^(x - log_positive). All 0 for an anchor without a
/// positive.
struct anchor_slopes {
  double log_z = 0, gain = 0;
  double log_positive = 0, positive_gain = 0;

  CONTRASTIVE_HOST_DEVICE double at(double x, double d, double p, bool log_sum) const {
    if (positive_gain == 0) return 0;
    double slope = d == 0 ? 0 : d * gain * std::exp(x - log_z);
    if (p != 0) slope -= log_sum ? p * positive_gain * std::exp(x - log_positive) : p * positive_gain;
    return slope;
  }
};

/// The sums over one anchor's pairs.
struct anchor_sums {
  log_sum_exp z;               // Σ D e^x
  log_sum_exp positives;       // Σ P e^x
  double positive_weight = 0;  // Σ P
  double positive_logit = 0;   // Σ P x

  CONTRASTIVE_HOST_DEVICE void add(double x, double d, double p, bool log_sum) {
    z.add(x, d);
    if (p == 0) return;
    positive_weight += p;
    if (log_sum)
      positives.add(x, p);
    else
      positive_logit += p * x;
  }

  CONTRASTIVE_HOST_DEVICE bool valid() const { return !z.is_empty() && positive_weight != 0; }

  CONTRASTIVE_HOST_DEVICE double loss(positive_rule rule) const {
    if (!valid()) return 0;
    if (rule.log_sum) return z.log() - positives.log() + (rule.normalize ? std::log(positive_weight) : 0);
    if (rule.normalize) return z.log() - positive_logit / positive_weight;
    return positive_weight * z.log() - positive_logit;
  }

  CONTRASTIVE_HOST_DEVICE anchor_slopes slopes(positive_rule rule) const {
    if (!valid()) return {};
    if (rule.log_sum) return {z.log(), 1, positives.log(), 1};
    return {z.log(), rule.normalize ? 1 : positive_weight, 0, rule.normalize ? 1 / positive_weight : 1};
  }
};

/// What is added up over the anchors.
struct anchor_terms {
  double loss = 0;
  double temperature = 0;  // Σ_j dl/dx · (x - log Z)
  index_type valid = 0;

  CONTRASTIVE_HOST_DEVICE void add(const anchor_terms& other) {
    loss += other.loss, temperature += other.temperature, valid += other.valid;
  }
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
