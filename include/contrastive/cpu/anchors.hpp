// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is known of the anchors of one direction: their sums, what the rule made of them, and what slopes are multiplied with.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/plan.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// What a rule made of a row, but for the slopes by its sums.
struct anchor_end {
  double loss, mass, reference, residual, temperature;
};

/// Adds one sum of an anchor to another.
inline void add_sum(pair_function g, const log_sum_exp& sum, log_sum_exp& to) {
  if (is_exponential(g))
    to.merge(sum);
  else
    to.sum += sum.sum;
}

template <class T>
class anchor_states {
 public:
  /// For `size` anchors; vectors can be read `padding` numbers further.
  void reserve(index_type size, index_type padding, const loss_functions<T>& f, const term_plans<T>& terms) {
    f_ = &f, terms_ = &terms, size_ = size, padded_ = size + padding, sums_ = f.num_terms;
    parts_.reserve(size * sums_);
    gains_.reserve(size * sums_);
    ends_.reserve(size);
    if (f.theta != nullptr) theta_slopes_.reserve(size * sums_), thetas_.reserve(size);
    vectors_.reserve((2 + 3 * terms.num_slots) * padded_);
  }

  /// With one shift for all, exponential sums are taken relative to it from the start.
  void clear(index_type i) {
    for (int k = 0; k < sums_; ++k) {
      const bool exponential = is_exponential(f_->terms[k].g);
      part(i, k) = {!exponential ? 0 : terms_->fixed ? terms_->shifts[k] : log_sum_exp::empty, 0};
      if (f_->theta != nullptr) theta_slopes_.data()[i * sums_ + k] = 0;
    }
  }

  /// Raises the maxima of exponential sum k of `count` anchors from `begin` on to those of a strip's logits, and hands back
  /// what the strip's terms are to be relative to.
  void raise(index_type begin, index_type count, int k, const T* tops, T* levels) {
    const pair_term& t = f_->terms[k];
    for (index_type i = 0; i < count; ++i) {
      log_sum_exp& of = part(begin + i, k);
      const double top = contrastive::detail::argument_of(t.g, t.scale, t.offset, static_cast<double>(tops[i]));
      const double before = of.is_empty() ? static_cast<double>(no_logit<T>) : of.max,
                   now = static_cast<double>(static_cast<T>(std::max(before, top)));
      if (!of.is_empty()) of.sum *= std::exp(before - now);
      of.max = now;
      levels[i] = static_cast<T>(now);
    }
  }
  /// Adds sum k of a strip.
  void add(index_type begin, index_type count, int k, const T* sums, const T* theta_slopes) {
    for (index_type i = 0; i < count; ++i) {
      part(begin + i, k).sum += static_cast<double>(sums[i]);
      if (theta_slopes != nullptr) theta_slopes_.data()[(begin + i) * sums_ + k] += static_cast<double>(theta_slopes[i]);
    }
  }
  /// Adds one pair to the sums of the first stage or to those of the second.
  void add_pair(index_type i, bool second_stage, double arm, double denominator, double positive) {
    double unused = 0;
    for (int k = 0; k < sums_; ++k) {
      const pair_term& t = f_->terms[k];
      if (t.second_stage != second_stage) continue;
      contrastive::detail::add_pair(t, k, arm, t.of == weight::D ? denominator : positive, second_stage ? thetas_.data()[i] : 0,
                                    part(i, k), second_stage ? theta_slopes_.data()[i * sums_ + k] : unused, own());
    }
  }

  /// Takes the sums of anchor i from what parts have added up; those of the second stage only if `second_too`.
  void take(index_type i, const part_sums& from, bool second_too) {
    for (int k = 0; k < sums_; ++k) {
      if (f_->terms[k].second_stage && !second_too) continue;
      part(i, k) = from.parts[i * sums_ + k];
      if (f_->terms[k].second_stage) theta_slopes_.data()[i * sums_ + k] = from.theta_slopes[i * sums_ + k];
    }
  }
  /// Adds the sums of one stage of anchor i to what parts add up.
  void give(index_type i, const part_sums& to, bool second_stage) {
    for (int k = 0; k < sums_; ++k) {
      if (f_->terms[k].second_stage != second_stage) continue;
      add_sum(f_->terms[k].g, part(i, k), to.parts[i * sums_ + k]);
      if (second_stage) to.theta_slopes[i * sums_ + k] += theta_slopes_.data()[i * sums_ + k];
    }
  }

  /// θ of the second stage, once the first is complete.
  void find_theta(index_type i) {
    const double theta = std::max(f_->theta(f_->rule, &part(i, 0)), contrastive::detail::no_theta);
    thetas_.data()[i] = theta;
    for (int k = 0; k < sums_; ++k)
      if (f_->terms[k].second_stage && terms_->slots[k] >= 0) split(theta, vector(k, 1)[i], vector(k, 2)[i]);
  }
  const T* thetas_from(int k, index_type begin) const { return vector(k, 1) + begin; }

  /// log e^(batch_term) of an anchor.
  double batch_term(index_type i) { return f_->batch_term(f_->rule, &part(i, 0)); }

  /// Lets the rule make of sums what it makes of them.
  void finish(index_type begin, index_type end, double batch_log_sum) {
    constexpr index_type together = 32;
    row_outcome made[together];
    for (; begin < end; begin += together) {
      const index_type count = std::min(together, end - begin);
      f_->finish(f_->rule,
                 {count, &part(begin, 0), f_->theta == nullptr ? nullptr : theta_slopes_.data() + begin * sums_, batch_log_sum},
                 made);
      for (index_type i = 0; i < count; ++i) {
        if (f_->anchor_constant != nullptr && made[i].mass > 0)
          made[i].loss += f_->anchor_constant(f_->pairs, f_->first_anchor + begin + i);
        ends_.data()[begin + i] = {made[i].loss, made[i].mass, made[i].reference, made[i].residual, made[i].temperature};
        for (int k = 0; k < sums_; ++k)
          gains_.data()[(begin + i) * sums_ + k] =
              contrastive::detail::gain_of(f_->terms[k], part(begin + i, k), made[i].slopes[k],
                                           f_->terms[k].second_stage ? thetas_.data()[begin + i] : 0, 1);
      }
    }
  }
  const anchor_end& end(index_type i) const { return ends_.data()[i]; }
  const contrastive::detail::row_gain& gain(index_type i, int k) const { return gains_.data()[i * sums_ + k]; }

  /// Sets the gains for a loss that counts `share` times, also as the vectors that the kernels read. With one shift the
  /// kernels know e^(y - shift) only, so theirs hold the rest of the exponential.
  void set_gains(index_type i, double share) {
    split(end(i).reference, vector(0)[i], vector(1)[i]);
    for (int k = 0; k < sums_; ++k) {
      auto& of = gains_.data()[i * sums_ + k];
      of.gain *= share;
      if (terms_->slots[k] < 0) continue;
      const bool shifted = terms_->fixed && is_exponential(f_->terms[k].g) && of.gain != 0;
      vector(k, 0)[i] = static_cast<T>(shifted ? of.gain * std::exp(terms_->shifts[k] - of.level) : of.gain);
      split(of.level, vector(k, 1)[i], vector(k, 2)[i]);
    }
  }
  void clear_padding() {
    for (int v = 0; v < 2 + 3 * terms_->num_slots; ++v) std::fill(vector(v) + size_, vector(v) + padded_, T(0));
  }
  strip_gains<T> gains_from(int k, index_type begin) const {
    return {vector(k, 0) + begin, vector(k, 1) + begin, vector(k, 2) + begin, vector(0) + begin, vector(1) + begin};
  }

  /// dl/dx of one pair, once the gains are set; adds what the pair gives the temperature.
  double slope(index_type i, double arm, double denominator, double positive, double& temperature) const {
    double slope = 0;
    for (int k = 0; k < sums_; ++k) {
      const pair_term& t = f_->terms[k];
      const double g =
          contrastive::detail::pair_slope(t, k, arm, t.of == weight::D ? denominator : positive, gain(i, k), own());
      temperature += g == 0 ? 0 : g * (arm - t.margin - end(i).reference);
      slope += g;
    }
    return slope;
  }

 private:
  own_functions own() const { return {f_->rule, f_->own}; }
  log_sum_exp& part(index_type i, int k) { return parts_.data()[i * sums_ + k]; }
  static void split(double value, T& first, T& rest) {
    first = static_cast<T>(value), rest = static_cast<T>(value - static_cast<double>(first));
  }
  T* vector(index_type v) const { return vectors_.data() + v * padded_; }
  T* vector(int k, int which) const { return vector(2 + 3 * terms_->slots[k] + which); }

  const loss_functions<T>* f_ = nullptr;
  const term_plans<T>* terms_ = nullptr;
  index_type size_ = 0, padded_ = 0;
  int sums_ = 0;
  aligned_buffer<log_sum_exp> parts_;                    // (size, sums)
  aligned_buffer<contrastive::detail::row_gain> gains_;  // (size, sums)
  aligned_buffer<double> theta_slopes_, thetas_;         // (size, sums), (size)
  aligned_buffer<anchor_end> ends_;
  aligned_buffer<T> vectors_;  // references in two parts; gain and level in two parts of each sum that tiles have: (…, padded)
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
