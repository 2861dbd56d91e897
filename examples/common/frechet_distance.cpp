// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Fréchet distance by two symmetric eigenproblems.
#include "common/frechet_distance.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "common/symmetric_eigen.hpp"

namespace examples {
namespace {

void check(const gaussian& g, const std::string& which) {
  const auto d = g.mean.size();
  if (d < 1 || g.covariance.rows() != d || g.covariance.cols() != d)
    throw std::invalid_argument("frechet_distance: the " + which + " covariance is " + std::to_string(g.covariance.rows()) +
                                " x " + std::to_string(g.covariance.cols()) + ", its mean has " + std::to_string(d) +
                                " numbers");
}

}  // namespace

gaussian gaussian_of(const matrix& rows) {
  if (rows.rows() < 2)
    throw std::invalid_argument("gaussian_of: " + std::to_string(rows.rows()) + " rows, at least 2 are needed");
  if (!rows.allFinite()) throw std::invalid_argument("gaussian_of: a feature is not finite");
  const Eigen::MatrixXd x = rows.cast<double>();
  gaussian g;
  g.mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - g.mean.transpose();
  g.covariance = centred.transpose() * centred / static_cast<double>(x.rows() - 1);
  return g;
}

double frechet_distance(const gaussian& a, const gaussian& b) {
  check(a, "first"), check(b, "second");
  if (a.mean.size() != b.mean.size())
    throw std::invalid_argument("frechet_distance: " + std::to_string(a.mean.size()) + " features against " +
                                std::to_string(b.mean.size()));
  const eigen_decomposition of_a = symmetric_eigen(a.covariance);
  const Eigen::VectorXd roots = of_a.values.cwiseMax(0).cwiseSqrt();
  const Eigen::MatrixXd root = of_a.vectors * roots.asDiagonal() * of_a.vectors.transpose();
  const Eigen::MatrixXd product = root * b.covariance * root;
  const double overlap = symmetric_eigenvalues((product + product.transpose()) / 2).cwiseMax(0).cwiseSqrt().sum();
  const double distance = (a.mean - b.mean).squaredNorm() + a.covariance.trace() + b.covariance.trace() - 2 * overlap;
  return std::max(distance, 0.0);
}

}  // namespace examples
