// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Principal components by an eigendecomposition; t-SNE by plain gradient descent with momentum.
#include "common/projection.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "common/symmetric_eigen.hpp"

namespace examples {
namespace {

struct edge {
  int row;
  float affinity;
};
using graph = std::vector<std::vector<edge>>;

/// p_(j|i) over i's neighbours, a Gaussian whose width gives the wanted perplexity, found by bisection.
std::vector<double> conditional_affinities(const Eigen::RowVectorXf& similarities, double perplexity) {
  std::vector<double> p(static_cast<std::size_t>(similarities.size()));
  double low = 0, high = 1e6, beta = 10;
  for (int round = 0; round < 60; ++round, beta = std::sqrt(std::max(low, 1e-6) * high)) {
    double sum = 0, mean = 0;
    for (std::size_t n = 0; n < p.size(); ++n) {
      // |a - b|² = 2 - 2 a·b; the nearest one's distance is taken off, which the quotient does not notice.
      const double distance = 2.0 * static_cast<double>(similarities[0] - similarities[static_cast<index>(n)]);
      p[n] = std::exp(-beta * distance);
      sum += p[n];
      mean += p[n] * distance;
    }
    const double entropy = std::log(sum) + beta * mean / sum;
    for (double& value : p) value /= sum;
    (entropy > std::log(perplexity) ? low : high) = beta;
  }
  return p;
}

/// p_ij = (p_(j|i) + p_(i|j)) / 2N.
graph affinities(const neighbours& near, double perplexity) {
  const auto n = static_cast<std::size_t>(near.rows.rows());
  std::vector<std::map<int, double>> sums(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto p = conditional_affinities(near.similarities.row(static_cast<index>(i)), perplexity);
    for (std::size_t k = 0; k < p.size(); ++k) {
      const int j = near.rows(static_cast<index>(i), static_cast<index>(k));
      const double half = p[k] / (2.0 * static_cast<double>(n));
      sums[i][j] += half;
      sums[static_cast<std::size_t>(j)][static_cast<int>(i)] += half;
    }
  }
  graph all(n);
  for (std::size_t i = 0; i < n; ++i)
    for (const auto& [j, p] : sums[i]) all[i].push_back({j, static_cast<float>(p)});
  return all;
}

}  // namespace

matrix principal_components(const matrix& rows) {
  const Eigen::MatrixXf centred = rows.rowwise() - rows.colwise().mean();
  const Eigen::MatrixXd covariance = (centred.transpose() * centred).cast<double>();
  Eigen::MatrixXd axes = symmetric_eigen(covariance).vectors.rightCols(std::min<index>(2, rows.cols())).rowwise().reverse();
  for (index c = 0; c < axes.cols(); ++c) {  // an eigenvector's sign is open; this fixes it
    index largest = 0;
    axes.col(c).cwiseAbs().maxCoeff(&largest);
    if (axes(largest, c) < 0) axes.col(c) *= -1;
  }
  matrix plane = matrix::Zero(rows.rows(), 2);
  plane.leftCols(axes.cols()) = centred * axes.cast<float>();
  return plane;
}

matrix t_sne(thread_team& team, const matrix& unit_rows, const t_sne_options& how, const std::function<void(int)>& progress) {
  const index n = unit_rows.rows();
  const matrix start = principal_components(unit_rows);
  const int k = static_cast<int>(std::min<double>(3 * how.perplexity, static_cast<double>(n - 1)));
  if (k < 2) return start;
  const graph attraction =
      affinities(nearest_neighbours(team, unit_rows, unit_rows, k, true), std::min(how.perplexity, k / 2.0));

  // Coordinates as two arrays: the repulsion of a row is then a few array operations over all others.
  const float spread = std::max(std::sqrt(start.col(0).squaredNorm() / static_cast<float>(n)), 1e-12F);
  Eigen::ArrayXf x = start.col(0) / spread * 1e-4F, y = start.col(1) / spread * 1e-4F;
  Eigen::ArrayXf step_x = Eigen::ArrayXf::Zero(n), step_y = step_x, pull_x(n), pull_y(n), push_x(n), push_y(n);
  Eigen::ArrayXd sums(n);
  const float rate = std::max(static_cast<float>(n) / static_cast<float>(how.exaggeration), 50.0F);  // Belkina et al. 2019
  for (int iteration = 0; iteration < how.iterations; ++iteration) {
    team.for_blocks(n, 128, [&](index first, index length) {
      constexpr index part = 1024;  // 4 KiB an array: all of them stay in the first cache
      Eigen::ArrayXf q(part), squared(part);
      for (index i = first; i < first + length; ++i) {
        double sum = -1;  // without the row itself
        float sum_squared = 0, sum_x = 0, sum_y = 0;
        for (index p = 0; p < n; p += part) {
          const index m = std::min(part, n - p);
          q.head(m) = 1 / (1 + (x.segment(p, m) - x[i]).square() + (y.segment(p, m) - y[i]).square());
          squared.head(m) = q.head(m).square();
          sum += static_cast<double>(q.head(m).sum());
          sum_squared += squared.head(m).sum();
          sum_x += (squared.head(m) * x.segment(p, m)).sum();
          sum_y += (squared.head(m) * y.segment(p, m)).sum();
        }
        sums[i] = sum;
        push_x[i] = x[i] * sum_squared - sum_x;
        push_y[i] = y[i] * sum_squared - sum_y;
        pull_x[i] = pull_y[i] = 0;
        for (const edge& e : attraction[static_cast<std::size_t>(i)]) {
          const float dx = x[i] - x[e.row], dy = y[i] - y[e.row];
          const float weight = e.affinity / (1 + dx * dx + dy * dy);
          pull_x[i] += weight * dx;
          pull_y[i] += weight * dy;
        }
      }
    });
    const bool early = iteration < how.exaggerated_iterations;
    const float pull = 4 * (early ? static_cast<float>(how.exaggeration) : 1.0F), momentum = early ? 0.5F : 0.8F;
    const auto push = static_cast<float>(4 / sums.sum());
    step_x = momentum * step_x - rate * (pull * pull_x - push * push_x);
    step_y = momentum * step_y - rate * (pull * pull_y - push * push_y);
    x += step_x;
    y += step_y;
    x -= x.mean();
    y -= y.mean();
    if (progress) progress(iteration + 1);
  }
  matrix plane(n, 2);
  plane.col(0) = x;
  plane.col(1) = y;
  return plane;
}

}  // namespace examples
