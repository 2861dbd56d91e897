// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The rows of a call in double, their similarities, and the chain rule through these.
#pragma once

#include <cmath>
#include <contrastive/core/matrix_view.hpp>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace naive {
namespace detail {

/// All rows in double, one argument after another, and their gradients.
class rows {
 public:
  template <class T>
  rows(const matrix_view<const T>* arguments, int count) : dim_(arguments[0].cols) {
    for (int a = 0; a < count; ++a)
      for (index_type r = 0; r < arguments[a].rows; ++r) {
        double squares = 0;
        for (index_type k = 0; k < dim_; ++k) {
          const double v = static_cast<double>(arguments[a](r, k));
          values_.push_back(v), squares += v * v;
        }
        norms_.push_back(std::sqrt(squares));
      }
    gradient_.assign(values_.size(), 0.0);
  }

  const std::vector<double>& gradient() const { return gradient_; }

  double similarity_of(similarity kind, index_type a, index_type c) const {
    const double *const x = row(a), *const y = row(c);
    double part[4] = {};  // sums that do not wait for each other
    if (kind == similarity::negative_squared_euclidean) {
      for (index_type k = 0, end = dim_; k < end; ++k) part[k % 4] += (x[k] - y[k]) * (x[k] - y[k]);
      return -((part[0] + part[1]) + (part[2] + part[3]));
    }
    for (index_type k = 0, end = dim_; k < end; ++k) part[k % 4] += x[k] * y[k];
    const double dot = (part[0] + part[1]) + (part[2] + part[3]);
    if (kind == similarity::dot) return dot;
    return norm(a) < smallest_norm || norm(c) < smallest_norm ? 0 : dot / (norm(a) * norm(c));
  }

  /// Adds weight · ds_ac/da to the gradient of a, and likewise for c; s = s_ac.
  void add_gradient(similarity kind, index_type a, index_type c, double s, double weight) {
    add_one_side(kind, a, c, s, weight);
    add_one_side(kind, c, a, s, weight);
  }

 private:
  static constexpr double smallest_norm = 1e-12;

  const double* row(index_type r) const { return values_.data() + r * dim_; }
  double norm(index_type r) const { return norms_[static_cast<std::size_t>(r)]; }

  /// ds/dx of x the row `to`, y the row `other`: (y / |y| - s x / |x|) / |x| of the cosine, y of the dot product, 2 (y - x) of
  /// the distance.
  void add_one_side(similarity kind, index_type to, index_type other, double s, double weight) {
    double of_other = 1, of_own = 0;
    if (kind == similarity::negative_squared_euclidean) of_other = 2, of_own = -2;
    if (kind == similarity::cosine) {
      const double x = norm(to), y = norm(other);
      if (x < smallest_norm || y < smallest_norm) return;
      of_other = 1 / (x * y), of_own = -s / (x * x);
    }
    const double of_y = weight * of_other, of_x = weight * of_own;
    const double *const x = row(to), *const y = row(other);
    double* const gradient = gradient_.data() + to * dim_;
    for (index_type k = 0, end = dim_; k < end; ++k) gradient[k] += of_y * y[k] + of_x * x[k];
  }

  index_type dim_;
  std::vector<double> values_, norms_, gradient_;
};

}  // namespace detail
}  // namespace naive
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
