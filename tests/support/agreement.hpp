// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How far two results are apart, and how far they may be. Whatever is not finite is infinitely far.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <support/answer.hpp>
#include <type_traits>

namespace contrastive::testing {

constexpr double infinitely_far = std::numeric_limits<double>::infinity();

/// What an engine of scalar T may be off by. Logits are similarities over the temperature, and so are their errors:
/// below 0.1 the float bound grows with 0.1 / temperature.
template <class T>
double tolerance(double temperature) {
  return std::is_same_v<T, float> ? 3e-5 * std::max(1.0, 0.1 / temperature) : 1e-9;
}

/// |came - expected| / max(1, |expected|).
inline double error_of(double expected, double came) {
  const double e = std::fabs(came - expected) / std::max(1.0, std::fabs(expected));
  return std::isfinite(e) ? e : infinitely_far;
}

inline double error_of(const std::vector<double>& expected, const std::vector<double>& came) {
  if (expected.size() != came.size()) return infinitely_far;
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) worst = std::max(worst, error_of(expected[i], came[i]));
  return worst;
}

/// The largest |came - expected| / max(1, largest |expected| of the row): a row's gradient is a difference of vectors of
/// about that size, so the small entries of a row are not known better than the large ones.
inline double error_of(const matrix<double>& expected, const matrix<double>& came) {
  if (expected.rows() != came.rows() || expected.cols() != came.cols()) return infinitely_far;
  double worst = 0;
  for (index_type r = 0; r < expected.rows(); ++r) {
    const double scale = std::max(1.0, expected.row(r).cwiseAbs().maxCoeff());
    for (index_type c = 0; c < expected.cols(); ++c) {
      const double e = std::fabs(came(r, c) - expected(r, c)) / scale;
      worst = std::max(worst, std::isfinite(e) ? e : infinitely_far);
    }
  }
  return worst;
}

/// |came - expected| / max(|expected|, floor) in the Frobenius norm: sees errors in gradients far below 1 as well.
inline double relative_error(const matrix<double>& expected, const matrix<double>& came, double floor) {
  if (expected.rows() != came.rows() || expected.cols() != came.cols()) return infinitely_far;
  const double e = (came - expected).norm() / std::max(expected.norm(), floor);
  return std::isfinite(e) ? e : infinitely_far;
}

/// The largest relative error of anything in `came`. What rounding leaves of a difference is measured against its terms, on
/// rows of norm 1: one anchor's gradient in the mean is about 1 / (valid anchors · temperature), and in the temperature's
/// gradient, -(1 / temperature) Σ G_ij x_ij, an error of a logit counts 1 / temperature times.
inline double error_of(const answer& expected, const answer& came, double temperature, bool mean) {
  if (expected.valid_anchors != came.valid_anchors || expected.gradients.size() != came.gradients.size()) return infinitely_far;
  const double share = mean ? 1 / std::max(1.0, static_cast<double>(expected.valid_anchors)) : 1;
  double worst =
      std::max({error_of(expected.loss, came.loss),
                error_of(expected.temperature_gradient, came.temperature_gradient) * std::min(1.0, temperature),
                error_of(expected.bias_gradient, came.bias_gradient), error_of(expected.per_anchor, came.per_anchor)});
  for (std::size_t e = 0; e < expected.gradients.size(); ++e)
    if (came.gradients[e].size() > 0 || expected.gradients[e].size() == 0)  // empty: no gradient was wanted
      worst = std::max(worst, relative_error(expected.gradients[e], came.gradients[e], share / temperature));
  return worst;
}

}  // namespace contrastive::testing
