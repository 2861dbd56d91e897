// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Ridge regression by the normal equations.
#include "common/ridge_regression.hpp"

#include <Eigen/Cholesky>
#include <stdexcept>

namespace examples {

ridge_regression::ridge_regression(const matrix& x, const matrix& targets, double strength) {
  if (x.rows() < 1 || x.rows() != targets.rows() || !(strength > 0))
    throw std::invalid_argument(
        "ridge_regression: as many rows of targets as of features, at least one, and a positive strength");
  Eigen::MatrixXd features = x.cast<double>(), wanted = targets.cast<double>();
  const auto rows = static_cast<double>(x.rows());
  mean_ = features.colwise().mean();
  features.rowwise() -= mean_;
  const Eigen::RowVectorXd deviation = (features.colwise().squaredNorm() / rows).cwiseSqrt();
  scale_ = (deviation.array() > 1e-9).select(deviation.array().inverse(), 0.0).matrix();
  features = features * scale_.asDiagonal();
  offset_ = wanted.colwise().mean();
  wanted.rowwise() -= offset_;
  Eigen::MatrixXd gram = features.transpose() * features;
  gram.diagonal().array() += strength * rows;
  weights_ = gram.ldlt().solve(features.transpose() * wanted);
}

matrix ridge_regression::predict(const matrix& x) const {
  const Eigen::MatrixXd features = (x.cast<double>().rowwise() - mean_) * scale_.asDiagonal();
  return ((features * weights_).rowwise() + offset_).cast<float>();
}

regression_quality quality_of(const matrix& predictions, const matrix& targets) {
  const Eigen::MatrixXd wanted = targets.cast<double>(), difference = predictions.cast<double>() - wanted;
  const Eigen::RowVectorXd mean = wanted.colwise().mean();
  const Eigen::RowVectorXd spread = (wanted.rowwise() - mean).colwise().squaredNorm();
  return {(1 - difference.colwise().squaredNorm().array() / spread.array()).matrix(), difference.cwiseAbs().colwise().mean()};
}

}  // namespace examples
