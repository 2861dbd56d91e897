// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Eigenvalues of a symmetric matrix, compiled once: Eigen's solver takes the compiler longer than what calls it.
#pragma once

#include <Eigen/Core>

namespace examples {

struct eigen_decomposition {
  Eigen::VectorXd values;   // ascending
  Eigen::MatrixXd vectors;  // a column each, of length 1
};
eigen_decomposition symmetric_eigen(const Eigen::MatrixXd& symmetric);
/// The values alone, which is less work.
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& symmetric);

}  // namespace examples
