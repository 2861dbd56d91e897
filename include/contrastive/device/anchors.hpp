// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is done to an anchor once its sums are known: the second stage's θ, the loss, the gains, and what all anchors come to.
#pragma once

#include <cmath>
#include <contrastive/core/types.hpp>
#include <contrastive/device/row_state.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Sets a run of numbers.
template <class V>
struct fill {
  V* out;
  V value;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { out[i] = value; }
};

/// The factor of each anchor that pair weights ask for.
template <class Pairs>
struct prepare_anchors {
  Pairs pairs;
  double* factors;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { factors[i] = static_cast<double>(pairs.prepare_anchor(i)); }
};

/// θ of an anchor, from the sums of the first stage.
template <class Rule>
struct find_theta {
  Rule rule;
  const row_values<Rule::sums.size>* sums;
  double* thetas;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { thetas[i] = contrastive::detail::theta_of(rule, sums[i]); }
};

/// Runs of rows or anchors that are summed by themselves, so that many blocks share a long sum.
struct row_parts {
  index_type count, size;

  CONTRASTIVE_HOST_DEVICE index_type begin(index_type part) const { return part * size; }
  CONTRASTIVE_HOST_DEVICE index_type end(index_type part, index_type all) const {
    return (part + 1) * size < all ? (part + 1) * size : all;
  }
};

/// log Σ e^(batch_term) over the first anchors of a direction: a part of them.
template <class Rule>
struct sum_batch {
  Rule rule;
  const row_values<Rule::sums.size>* sums;
  index_type num_anchors;
  row_parts parts;
  log_sum_exp* out;  // (parts)

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type part, const Lanes& lanes) const {
    double top = -largest_double, sum = 0;
    const index_type first = parts.begin(part) + lanes.lane(), end = parts.end(part, num_anchors);
    for (index_type i = first; i < end; i += lanes.size()) {
      const double term = static_cast<double>(rule.batch_term(sums[i]));
      top = term > top ? term : top;
    }
    top = lanes.max(top);
    for (index_type i = first; i < end; i += lanes.size()) sum += std::exp(static_cast<double>(rule.batch_term(sums[i])) - top);
    sum = lanes.sum(sum);
    if (lanes.lane() == 0) out[part] = {top, sum};
  }
};
/// The whole of it.
struct join_batch {
  const log_sum_exp* parts;
  index_type num_parts;
  double* out;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type) const {
    log_sum_exp all;
    for (index_type p = 0; p < num_parts; ++p) all.merge(parts[p]);
    *out = all.log();
  }
};

/// The anchors of one direction, once their sums are known.
template <class Rule>
struct finished_rows {
  Rule rule;
  const row_values<Rule::sums.size>* sums;
  const double* batch;  // of the direction, or null

  CONTRASTIVE_HOST_DEVICE row_result<Rule::sums.size> operator[](index_type i) const {
    auto s = sums[i];
    if (batch != nullptr) s.batch_log_sum = *batch;
    return rule.finish(s);
  }
};

struct anchor_loss {
  double loss, mass;
};
/// The loss of each anchor, under both_ways the mean of those of its two directions.
template <class Pairs, class Rule>
struct find_losses {
  Pairs pairs;
  finished_rows<Rule> rows;
  finished_rows<Rule> columns;
  bool both_ways;
  anchor_loss* losses;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    anchor_loss l = loss_of(rows, i);
    if (both_ways) {
      const anchor_loss column = loss_of(columns, i);
      l = {(l.loss + column.loss) / 2, (l.mass + column.mass) / 2};
    }
    losses[i] = l;
  }

 private:
  CONTRASTIVE_HOST_DEVICE anchor_loss loss_of(const finished_rows<Rule>& direction, index_type i) const {
    const auto row = direction[i];
    return {row.loss + (row.mass > 0 ? contrastive::detail::anchor_constant_of(pairs, i) : 0), row.mass};
  }
};

/// Sums over a part of the rows.
struct row_totals {
  double loss, mass;
  index_type valid, bad;
};
struct sum_losses {
  const anchor_loss* losses;
  weight_view weights;
  index_type num_anchors;
  const double* norms;  // (num_rows)
  index_type num_rows;
  row_parts parts;
  row_totals* out;  // (parts)

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type part, const Lanes& lanes) const {
    row_totals sums{};
    const index_type first = parts.begin(part) + lanes.lane();
    for (index_type i = first; i < parts.end(part, num_anchors); i += lanes.size()) {
      const double w = weights.or_one(i);
      sums.loss += w * losses[i].loss, sums.mass += w * losses[i].mass, sums.valid += losses[i].mass > 0;
    }
    for (index_type r = first; r < parts.end(part, num_rows); r += lanes.size()) sums.bad += !(norms[r] <= largest_double);
    sums = {lanes.sum(sums.loss), lanes.sum(sums.mass), lanes.sum(sums.valid), lanes.sum(sums.bad)};
    if (lanes.lane() == 0) out[part] = sums;
  }
};

/// What the losses of all anchors come to.
struct conclude {
  const row_totals* parts;
  index_type num_parts;
  contrastive::reduction reduction;
  bool both_ways;
  const int* broken;
  summary* known;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type, const Lanes& lanes) const {
    row_totals all{};
    for (index_type p = lanes.lane(); p < num_parts; p += lanes.size()) {
      all.loss += parts[p].loss, all.mass += parts[p].mass;
      all.valid += parts[p].valid, all.bad += parts[p].bad;
    }
    all = {lanes.sum(all.loss), lanes.sum(all.mass), lanes.sum(all.valid), lanes.sum(all.bad)};
    if (lanes.lane() != 0) return;
    const double share = share_of(reduction, all.mass);
    const bool is_broken = all.bad != 0 || *broken != 0;
    *known = {is_broken ? not_a_number<double> : all.loss * share, both_ways ? share / 2 : share, all.valid, is_broken};
  }
};

/// The gains of an anchor of one direction, and what its sums give the temperature beyond the pairs' slopes.
template <class Rule, class T>
struct find_gains {
  finished_rows<Rule> rows;
  row_terms<Rule, T> terms;
  const double* thetas;
  weight_view weights;
  const summary* known;
  double tau;
  gain_planes<Rule, T> gains;
  double* temperature;
  bool first;  // of the directions: temperature holds nothing yet

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    const auto result = rows[i];
    const double theta = thetas != nullptr ? thetas[i] : 0, share = known->share * weights.or_one(i);
    each_sum<Rule>([&]<int k>() {
      gains.set(k, i, is_exponential(Rule::sums[k].g),
                contrastive::detail::gain_of(terms.exact[k], rows.sums[i].parts[k], result.slopes[k], theta, share));
    });
    const T reference = static_cast<T>(result.reference);
    gains.reference(i) = reference;
    // Σ_j G (arm - r) is summed of the pairs; the rest of -τ dL/dτ is r Σ_j G, with the same rounded r, and -τ dl/dτ.
    const double rest = share * (static_cast<double>(reference) * result.residual - tau * result.temperature);
    temperature[i] = first ? rest : temperature[i] + rest;
  }
};

/// The loss of each anchor, as the caller gets it.
template <class T>
struct report_losses {
  const anchor_loss* losses;
  weight_view weights;
  const summary* known;
  T* per_anchor;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    per_anchor[i] = known->broken ? not_a_number<T> : static_cast<T>(weights.or_one(i) * losses[i].loss);
  }
};

/// Sums over a part of the anchors.
struct sum_numbers {
  const double* numbers;  // (num_anchors)
  index_type num_anchors;
  row_parts parts;
  double* out;  // (parts)

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type part, const Lanes& lanes) const {
    double sum = 0;
    for (index_type i = parts.begin(part) + lanes.lane(); i < parts.end(part, num_anchors); i += lanes.size())
      sum += numbers[i];
    sum = lanes.sum(sum);
    if (lanes.lane() == 0) out[part] = sum;
  }
};

/// What is left for the end: the numbers that a call is asked for, each pointer may be null.
template <class T>
struct report {
  const summary* known;
  const double* temperature;  // (num_parts), or null: no gradient was taken
  const double* bias;         // (num_parts), or null: it has no gradient
  index_type num_parts;
  double tau;
  T* loss;
  T* temperature_gradient;
  T* bias_gradient;
  index_type* valid_anchors;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type, const Lanes& lanes) const {
    const double of_temperature = total(temperature, lanes), of_bias = total(bias, lanes);
    if (lanes.lane() != 0) return;
    if (loss != nullptr) *loss = static_cast<T>(known->loss);
    if (temperature_gradient != nullptr) *temperature_gradient = number(-of_temperature / tau);
    if (bias_gradient != nullptr) *bias_gradient = number(of_bias);
    if (valid_anchors != nullptr) *valid_anchors = known->valid_anchors;
  }

 private:
  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE double total(const double* of_parts, const Lanes& lanes) const {
    double sum = 0;
    for (index_type p = lanes.lane(); of_parts != nullptr && p < num_parts; p += lanes.size()) sum += of_parts[p];
    return lanes.sum(sum);
  }
  CONTRASTIVE_HOST_DEVICE T number(double exact) const { return known->broken ? not_a_number<T> : static_cast<T>(exact); }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
