// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is known of each anchor: the sums of the forward pass, its loss, and what the backward pass multiplies with.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// The sums over one anchor's pairs, in double.
struct anchor_sums {
  log_sum_exp z;               // Σ D e^x
  log_sum_exp positives;       // Σ P e^x, with pooling::log_sum
  double positive_weight = 0;  // Σ P
  double positive_logit = 0;   // Σ P x
};

/// dl/dx = D gain e^(x - log_z) - P positive_gain, with log_sum times e^(x - log_positive).
struct anchor_gains {
  double log_z = 0, gain = 0;
  double log_positive = 0, positive_gain = 0;
};

/// The anchors of one direction.
template <class T>
class anchor_states {
 public:
  void reserve(index_type size, index_type padding) {
    size_ = size, padded_ = size + padding;
    sums_.reserve(size);
    gains_.reserve(size);
    vectors_.reserve(num_vectors * padded_);
  }

  anchor_sums& sums(index_type i) { return sums_.data()[i]; }
  const anchor_gains& gains(index_type i) const { return gains_.data()[i]; }

  /// With one shift for all, every sum is taken relative to it from the start.
  void clear(index_type i, bool fixed, double shift) {
    const log_sum_exp none{fixed ? shift : log_sum_exp::empty, 0};
    sums(i) = {none, none, 0, 0};
  }

  /// Raises the maxima of anchors from `begin` on to those of a strip, and hands back the maxima to subtract.
  void raise(index_type begin, index_type count, const cpu::sums<T>& strip, bool log_sum) {
    for (index_type i = 0; i < count; ++i) {
      strip.max[i] = raise(sums(begin + i).z, strip.max[i]);
      if (log_sum) strip.positive_max[i] = raise(sums(begin + i).positives, strip.positive_max[i]);
    }
  }
  /// Adds the sums of a strip.
  void add(index_type begin, index_type count, const cpu::sums<T>& strip, bool positives) {
    for (index_type i = 0; i < count; ++i) {
      anchor_sums& s = sums(begin + i);
      s.z.sum += static_cast<double>(strip.sum[i]);
      if (!positives) continue;
      s.positives.sum += static_cast<double>(strip.positive_sum[i]);
      s.positive_weight += static_cast<double>(strip.positive_weight[i]);
      s.positive_logit += static_cast<double>(strip.positive_logit[i]);
    }
  }

  bool valid(index_type i) {
    const anchor_sums& s = sums(i);
    return !s.z.is_empty() && s.positive_weight != 0;
  }

  double loss(index_type i, bool log_sum, bool normalize) {
    const anchor_sums& s = sums(i);
    if (!valid(i)) return 0;
    if (log_sum) return s.z.log() - s.positives.log() + (normalize ? std::log(s.positive_weight) : 0);
    return normalize ? s.z.log() - s.positive_logit / s.positive_weight : s.positive_weight * s.z.log() - s.positive_logit;
  }

  /// Sets the gains for a loss that counts `share` times, also as the vectors that the kernels read. With one shift the
  /// kernels know e^(x - shift) only, so theirs hold the rest of the exponential.
  void set_gains(index_type i, double share, bool log_sum, bool normalize, bool fixed, double shift) {
    anchor_gains g;
    if (valid(i)) {
      const anchor_sums& s = sums(i);
      g.log_z = s.z.log();
      g.log_positive = log_sum ? s.positives.log() : 0;
      g.gain = share * (log_sum || normalize ? 1 : s.positive_weight);
      g.positive_gain = share * (!log_sum && normalize ? 1 / s.positive_weight : 1);
    }
    gains_.data()[i] = g;
    const T log_z = static_cast<T>(g.log_z), log_positive = static_cast<T>(g.log_positive);
    const T values[num_vectors] = {
        static_cast<T>(fixed ? g.gain * std::exp(shift - g.log_z) : g.gain),
        log_z,
        static_cast<T>(g.log_z - static_cast<double>(log_z)),
        static_cast<T>(fixed && log_sum ? g.positive_gain * std::exp(shift - g.log_positive) : g.positive_gain),
        log_positive,
        static_cast<T>(g.log_positive - static_cast<double>(log_positive))};
    for (int v = 0; v < num_vectors; ++v) vector(v)[i] = values[v];
  }
  void clear_padding() {
    for (int v = 0; v < num_vectors; ++v) std::fill(vector(v) + size_, vector(v) + padded_, T(0));
  }
  cpu::gains<T> vectors_from(index_type begin) const {
    return {vector(0) + begin, vector(1) + begin, vector(2) + begin, vector(3) + begin, vector(4) + begin, vector(5) + begin};
  }

 private:
  static constexpr int num_vectors = 6;

  static T raise(log_sum_exp& part, T top) {
    const double before = part.is_empty() ? static_cast<double>(no_logit<T>) : part.max,
                 now = std::max(before, static_cast<double>(top));
    if (!part.is_empty()) part.sum *= std::exp(before - now);
    part.max = now;
    return static_cast<T>(now);
  }
  T* vector(int v) const { return vectors_.data() + v * padded_; }

  index_type size_ = 0, padded_ = 0;
  aligned_buffer<anchor_sums> sums_;
  aligned_buffer<anchor_gains> gains_;
  aligned_buffer<T> vectors_;  // (num_vectors, padded): the members of cpu::gains
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
