// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The engine that defines right: every pair in turn, in double, straight from the definition. O(n m d) time, no tiles.
#pragma once

#include <cmath>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace naive {

/// What a call gives; the gradient of argument a is (rows, cols) row-major in gradients[a].
struct outcome {
  double loss = 0;
  double temperature_gradient = 0;
  index_type valid_anchors = 0;
  std::vector<double> per_anchor;
  std::vector<std::vector<double>> gradients;
};

namespace detail {

/// All rows in double, one argument after another, and their gradients.
class rows {
 public:
  template <class T>
  rows(const matrix_view<const T>* arguments, int count) : dim_(arguments[0].cols) {
    for (int a = 0; a < count; ++a)
      for (index_type r = 0; r < arguments[a].rows; ++r)
        for (index_type k = 0; k < dim_; ++k) values_.push_back(static_cast<double>(arguments[a](r, k)));
    gradient_.assign(values_.size(), 0.0);
  }

  const double* row(index_type r) const { return values_.data() + r * dim_; }
  const std::vector<double>& gradient() const { return gradient_; }
  index_type dim() const { return dim_; }

  double similarity_of(similarity kind, index_type a, index_type c) const {
    double dot = 0, aa = 0, cc = 0, distance = 0;
    for (index_type k = 0; k < dim_; ++k) {
      const double x = row(a)[k], y = row(c)[k];
      dot += x * y, aa += x * x, cc += y * y, distance += (x - y) * (x - y);
    }
    if (kind == similarity::dot) return dot;
    if (kind == similarity::negative_squared_euclidean) return -distance;
    const bool zero = std::sqrt(aa) < smallest_norm || std::sqrt(cc) < smallest_norm;
    return zero ? 0 : dot / (std::sqrt(aa) * std::sqrt(cc));
  }

  /// Adds weight · ds_ac/da to the gradient of a, and likewise for c.
  void add_gradient(similarity kind, index_type a, index_type c, double weight) {
    add_one_side(kind, a, c, weight);
    add_one_side(kind, c, a, weight);
  }

 private:
  static constexpr double smallest_norm = 1e-12;

  void add_one_side(similarity kind, index_type to, index_type other, double weight) {
    double aa = 0, cc = 0, dot = 0;
    for (index_type k = 0; k < dim_; ++k)
      aa += row(to)[k] * row(to)[k], cc += row(other)[k] * row(other)[k], dot += row(to)[k] * row(other)[k];
    const double na = std::sqrt(aa), nc = std::sqrt(cc);
    if (kind == similarity::cosine && (na < smallest_norm || nc < smallest_norm)) return;
    for (index_type k = 0; k < dim_; ++k) {
      const double x = row(to)[k], y = row(other)[k];
      double slope = 0;
      switch (kind) {
        case similarity::cosine:
          slope = (y / nc - dot / (na * nc) * x / na) / na;
          break;
        case similarity::dot:
          slope = y;
          break;
        case similarity::negative_squared_euclidean:
          slope = 2 * (y - x);
          break;
      }
      gradient_[static_cast<std::size_t>(to * dim_ + k)] += weight * slope;
    }
  }

  index_type dim_;
  std::vector<double> values_, gradient_;
};

/// The candidates of one anchor with their weights.
struct anchor_row {
  std::vector<double> logit, denominator, positive;
  double positive_sum = 0, log_z = 0, log_n = 0;
  bool valid = false;
};

}  // namespace detail

/// Evaluates a loss for arguments whose shapes have been checked.
template <loss_function L, class T>
outcome evaluate(const L& loss, const matrix_view<const T>* arguments, int count) {
  std::vector<shape> shapes;
  for (int a = 0; a < count; ++a) shapes.push_back({arguments[a].rows, arguments[a].cols});
  const argument_shapes given{shapes.data(), count};
  auto pairs = contrastive::detail::bind(loss, given);
  using P = decltype(pairs);
  const auto range = contrastive::detail::ranges_of(loss.arrangement, given);
  const double tau = loss.temperature;
  const pooling pool = loss.pooling;
  const similarity kind = loss.similarity;
  const reduction reduce = loss.reduction;
  const bool both_ways = loss.arrangement == arrangement::both_ways;

  std::vector<double> factors;
  if (contrastive::detail::prepares_anchors(pairs))
    if constexpr (contrastive::detail::has_anchor_factors<P>) {
      for (index_type i = 0; i < range.num_anchors(); ++i) factors.push_back(pairs.prepare_anchor(i));
      pairs.anchor_factors = factors.data();
    }

  detail::rows rows(arguments, count);
  const index_type n = range.num_anchors(), m = range.num_candidates();
  // Anchor i of the first direction; with `turned`, candidate i as an anchor against the anchors.
  const auto look = [&](index_type i, bool turned) {
    detail::anchor_row row;
    log_sum_exp z, positives;
    bool any_denominator = false, any_positive = false;
    const index_type others = turned ? n : m;
    for (index_type j = 0; j < others; ++j) {
      const index_type a = turned ? j : i, c = turned ? i : j;
      const double d = static_cast<double>(pairs.denominator(a, c)), p = static_cast<double>(pairs.positive(a, c));
      const double x = d > 0 || p > 0 ? rows.similarity_of(kind, range.anchor_begin + a, range.candidate_begin + c) / tau : 0;
      row.logit.push_back(x), row.denominator.push_back(d), row.positive.push_back(p);
      any_denominator |= d > 0, any_positive |= p > 0;
      z.add(x, d), positives.add(x, p);
      row.positive_sum += p;
    }
    row.valid = any_denominator && any_positive;
    if (row.valid) {
      if (contrastive::detail::normalizes_positives<P>())
        for (double& p : row.positive) p /= row.positive_sum;
      row.log_z = z.log();
      row.log_n = positives.log() - (contrastive::detail::normalizes_positives<P>() ? std::log(row.positive_sum) : 0);
      if (contrastive::detail::normalizes_positives<P>()) row.positive_sum = 1;
    }
    return row;
  };
  const auto loss_of = [&](const detail::anchor_row& row) {
    if (!row.valid) return 0.0;
    if (pool == pooling::log_sum) return row.log_z - row.log_n;
    double value = row.positive_sum * row.log_z;
    for (std::size_t j = 0; j < row.logit.size(); ++j)
      if (row.positive[j] > 0) value -= row.positive[j] * row.logit[j];
    return value;
  };

  outcome out;
  out.per_anchor.assign(static_cast<std::size_t>(n), 0.0);
  const int directions = both_ways ? 2 : 1;
  for (int direction = 0; direction < directions; ++direction)
    for (index_type i = 0; i < n; ++i) {
      const auto row = look(i, direction == 1);
      out.per_anchor[static_cast<std::size_t>(i)] += loss_of(row) / directions;
      if (direction == 0) out.valid_anchors += row.valid;
    }
  const double share =
      (reduce == reduction::mean ? (out.valid_anchors > 0 ? 1.0 / static_cast<double>(out.valid_anchors) : 0.0) : 1.0);
  for (const double value : out.per_anchor) out.loss += value * share;

  for (int direction = 0; direction < directions; ++direction)
    for (index_type i = 0; i < n; ++i) {
      const auto row = look(i, direction == 1);
      if (!row.valid) continue;
      for (std::size_t j = 0; j < row.logit.size(); ++j) {
        const double x = row.logit[j], d = row.denominator[j], p = row.positive[j];
        double slope = 0;  // dl_i/dx_ij
        if (d > 0) slope += (pool == pooling::mean_log ? row.positive_sum : 1) * d * std::exp(x - row.log_z);
        if (p > 0) slope -= pool == pooling::mean_log ? p : p * std::exp(x - row.log_n);
        slope *= share / directions;
        if (slope == 0) continue;
        const index_type other = static_cast<index_type>(j), a = direction == 1 ? other : i, c = direction == 1 ? i : other;
        rows.add_gradient(kind, range.anchor_begin + a, range.candidate_begin + c, slope / tau);
        out.temperature_gradient -= slope * x / tau;
      }
    }
  auto first = rows.gradient().begin();
  for (int a = 0; a < count; ++a) {
    const auto last = first + arguments[a].rows * arguments[a].cols;
    out.gradients.emplace_back(first, last);
    first = last;
  }
  return out;
}

}  // namespace naive
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
