// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Numbers predicted from features by a linear function: what the features hold without further training.
#pragma once

#include "common/matrix.hpp"

namespace examples {

/// y = W x + b with the least Σ |y - target|² + strength · rows · |W|² over the training rows, each column of x first shifted
/// to mean 0 and scaled to variance 1 (a constant column counts nothing). `x` is (rows, features), `targets` (rows, outputs).
class ridge_regression {
 public:
  ridge_regression(const matrix& x, const matrix& targets, double strength = 1e-3);
  matrix predict(const matrix& x) const;

 private:
  Eigen::RowVectorXd mean_, scale_, offset_;
  Eigen::MatrixXd weights_;
};

/// How good predictions are, column by column.
struct regression_quality {
  Eigen::RowVectorXd r_squared;       // 1 - Σ (p - t)² / Σ (t - mean t)²: 1 is perfect, 0 as good as always saying the mean
  Eigen::RowVectorXd mean_abs_error;  // in the unit of the targets
};

regression_quality quality_of(const matrix& predictions, const matrix& targets);

}  // namespace examples
