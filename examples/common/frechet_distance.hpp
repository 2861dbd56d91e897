// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Fréchet distance between two clouds of features: how far generated pictures are from real ones.
#pragma once

#include "common/matrix.hpp"

namespace examples {

/// Mean and covariance, in double: what the distance knows of a cloud.
struct gaussian {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

/// Of rows of features (n, d); the covariance is divided by n - 1. Throws std::invalid_argument below two rows or where a
/// number is not finite.
gaussian gaussian_of(const matrix& rows);

/// Squared distance of Fréchet (2-Wasserstein) between two normal distributions,
///
///   |μ_a - μ_b|² + tr(A + B - 2 (A^½ B A^½)^½),
///
/// by the eigenvalues of symmetric matrices; what rounding makes negative counts as 0. Throws std::invalid_argument where the
/// sizes differ. Sources: Dowson & Landau 1982; Heusel et al. 2017 ("FID", in the features of another network).
double frechet_distance(const gaussian& a, const gaussian& b);

}  // namespace examples
