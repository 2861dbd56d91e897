// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Distances by differences, row by row: two equal rows are at distance 0, which products would round.
#include "common/variety.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace examples {
namespace {

Eigen::VectorXf squared_distances(const matrix& rows, const Eigen::RowVectorXf& to) {
  return (rows.rowwise() - to).rowwise().squaredNorm();
}

}  // namespace

manifold manifold_of(matrix points, index k) {
  if (k < 1 || k >= points.rows())
    throw std::invalid_argument("manifold_of: k must be from 1 to " + std::to_string(points.rows() - 1) + ", got " +
                                std::to_string(k));
  if (!points.allFinite()) throw std::invalid_argument("manifold_of: a feature is not finite");
  manifold made{std::move(points), {}};
  made.squared_radii.resize(made.points.rows());
  for (index i = 0; i < made.points.rows(); ++i) {
    Eigen::VectorXf distances = squared_distances(made.points, made.points.row(i));
    std::swap(distances[i], distances[distances.size() - 1]);  // a point is no neighbour of itself
    std::nth_element(distances.begin(), distances.begin() + (k - 1), distances.end() - 1);
    made.squared_radii[i] = distances[k - 1];
  }
  return made;
}

double part_within(const manifold& around, const matrix& rows) {
  if (rows.rows() < 1 || rows.cols() != around.points.cols())
    throw std::invalid_argument("part_within: " + std::to_string(rows.rows()) + " rows of " + std::to_string(rows.cols()) +
                                " features, the points have " + std::to_string(around.points.cols()));
  index within = 0;
  for (index i = 0; i < rows.rows(); ++i)
    within += (squared_distances(around.points, rows.row(i)).array() <= around.squared_radii.array()).any();
  return static_cast<double>(within) / static_cast<double>(rows.rows());
}

double mean_distance_within_classes(const matrix& rows, const std::vector<int>& labels) {
  if (static_cast<index>(labels.size()) != rows.rows())
    throw std::invalid_argument("mean_distance_within_classes: " + std::to_string(labels.size()) + " labels for " +
                                std::to_string(rows.rows()) + " rows");
  double sum = 0;
  index pairs = 0;
  for (index i = 0; i < rows.rows(); ++i)
    for (index j = 0; j < i; ++j)
      if (labels[static_cast<std::size_t>(i)] == labels[static_cast<std::size_t>(j)]) {
        sum += static_cast<double>((rows.row(i) - rows.row(j)).norm());
        ++pairs;
      }
  if (pairs == 0) throw std::invalid_argument("mean_distance_within_classes: no two rows have the same label");
  return sum / static_cast<double>(pairs);
}

}  // namespace examples
