// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How many generated pictures look real, how many real ones are reached, and how much pictures of one class differ.
#pragma once

#include <vector>

#include "common/matrix.hpp"

namespace examples {

/// The space around points that counts as theirs: about each a ball that reaches to its k-th nearest neighbour among the
/// others.
struct manifold {
  matrix points;                  // (n, d)
  Eigen::VectorXf squared_radii;  // (n)
};

/// Of rows of features (n, d), by all distances. Throws std::invalid_argument where k is not from 1 to n - 1 or a number is not
/// finite.
manifold manifold_of(matrix points, index k);

/// The part of the rows (m, d) that lie in a ball of the manifold, its surface included. Of generated rows in the real manifold
/// it is the precision, of real rows in the generated manifold the recall. Throws std::invalid_argument where there are no rows
/// or their length differs. Source: Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative
/// models".
double part_within(const manifold& around, const matrix& rows);

/// The mean Euclidean distance of two different rows (n, d) with the same label (n), over all such pairs. Throws
/// std::invalid_argument where no label occurs twice or there is not one label a row.
double mean_distance_within_classes(const matrix& rows, const std::vector<int>& labels);

}  // namespace examples
