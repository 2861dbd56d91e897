// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Nearest neighbours, the linear probe and the projections, on sets whose answer is known.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/linear_probe.hpp"
#include "common/nearest_neighbours.hpp"
#include "common/projection.hpp"
#include "common/random_stream.hpp"
#include "support/catch.hpp"

using namespace examples;

namespace {

matrix random_matrix(Eigen::Index n, Eigen::Index d, std::uint64_t seed) {
  random_stream random{seed};
  matrix m(n, d);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = random.normal();
  return m;
}

/// Points around `classes` far corners, their labels in turn.
matrix clusters(Eigen::Index n, Eigen::Index d, int classes, std::uint64_t seed, std::vector<int>& labels) {
  matrix m = 0.3F * random_matrix(n, d, seed);
  labels.clear();
  for (Eigen::Index i = 0; i < n; ++i) {
    labels.push_back(static_cast<int>(i) % classes);
    m(i, labels.back()) += 3;
  }
  return m;
}

}  // namespace

TEST_CASE("nearest neighbours: of five directions in the plane the two nearest, nearest first") {
  thread_team team(2);
  matrix base(5, 2), query(1, 2);
  base << 1, 0, 0, 2, -3, 0, 0.9F, 0.1F, 0.5F, 0.5F;
  query << 5, 0.2F;
  normalize_rows(base);
  normalize_rows(query);
  const neighbours found = nearest_neighbours(team, query, base, 3);
  CHECK(found.rows(0, 0) == 0);
  CHECK(found.rows(0, 1) == 3);
  CHECK(found.rows(0, 2) == 4);
  CHECK(std::abs(found.similarities(0, 0) - 5 / std::sqrt(25.04F)) < 1e-6F);
  // Two of three votes, then one each where the nearer counts.
  CHECK(neighbour_accuracy(found, {1, 0, 0, 0, 0}, {0}) == 1);
  CHECK(neighbour_accuracy(nearest_neighbours(team, query, base, 2), {1, 0, 0, 0, 0}, {1}) == 1);
}

TEST_CASE("nearest neighbours: the same as sorting all similarities, across blocks and without the row itself") {
  thread_team team(2);
  matrix base = random_matrix(2500, 8, 1);
  normalize_rows(base);
  const int k = 7;
  const neighbours found = nearest_neighbours(team, base, base, k, true);
  for (const Eigen::Index q : {0, 127, 128, 1023, 1024, 2499}) {
    std::vector<int> order(2500);
    std::iota(order.begin(), order.end(), 0);
    order.erase(order.begin() + q);
    const auto cosine = [&](int r) { return base.row(q).cast<double>().dot(base.row(r).cast<double>()); };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int a, int b) { return cosine(a) > cosine(b); });
    for (int n = 0; n < k; ++n) CHECK(std::abs(cosine(found.rows(q, n)) - cosine(order[static_cast<std::size_t>(n)])) < 1e-6);
  }
}

TEST_CASE("nearest neighbours: a k that cannot be and a row that is not a number are refused") {
  thread_team team(1);
  matrix base = random_matrix(4, 2, 1);
  CHECK_THROWS_AS(nearest_neighbours(team, base, base, 5), std::invalid_argument);
  CHECK_THROWS_AS(nearest_neighbours(team, base, base, 4, true), std::invalid_argument);
  matrix broken = base;
  broken(0, 0) = std::nanf("");
  CHECK_THROWS_AS(nearest_neighbours(team, broken, base, 2), std::runtime_error);
}

TEST_CASE("linear probe: learns classes that a plane separates, no better than chance where there are none") {
  thread_team team(2);
  std::vector<int> train_labels, test_labels;
  const matrix train = clusters(2000, 20, 4, 1, train_labels), test = clusters(500, 20, 4, 2, test_labels);
  CHECK(linear_probe_accuracy(team, train, train_labels, test, test_labels, 4) > 0.99);
  const matrix noise = random_matrix(2000, 20, 3), noise_test = random_matrix(500, 20, 4);
  const double chance = linear_probe_accuracy(team, noise, train_labels, noise_test, test_labels, 4);
  CHECK(chance > 0.15);
  CHECK(chance < 0.35);
}

TEST_CASE("linear probe: the same number for any number of threads, also when features have another scale") {
  std::vector<int> train_labels, test_labels;
  const matrix train = 2.0F * random_matrix(900, 30, 1) + 0.5F * clusters(900, 30, 3, 1, train_labels);
  const matrix test = 2.0F * random_matrix(300, 30, 2) + 0.5F * clusters(300, 30, 3, 2, test_labels);
  thread_team one(1), three(3);
  const double accuracy = linear_probe_accuracy(one, train, train_labels, test, test_labels, 3);
  CHECK(accuracy == linear_probe_accuracy(three, train, train_labels, test, test_labels, 3));
  const matrix wide = 1024 * train, wide_test = 1024 * test;
  CHECK(std::abs(accuracy - linear_probe_accuracy(one, wide, train_labels, wide_test, test_labels, 3)) < 0.02);
}

TEST_CASE("principal components: the two directions of largest spread, in order") {
  matrix rows = 0.1F * random_matrix(500, 6, 1);
  rows.col(4) *= 80;
  rows.col(1) *= 30;
  const matrix plane = principal_components(rows);
  const auto correlation = [&](Eigen::Index component, Eigen::Index column) {
    const Eigen::VectorXf a = plane.col(component), b = rows.col(column).array() - rows.col(column).mean();
    return std::abs(a.dot(b)) / (a.norm() * b.norm());
  };
  CHECK(correlation(0, 4) > 0.99F);
  CHECK(correlation(1, 1) > 0.99F);
}

TEST_CASE("t-SNE: keeps well apart what is apart, the same for any number of threads") {
  std::vector<int> labels;
  matrix rows = clusters(300, 10, 3, 1, labels);
  normalize_rows(rows);
  thread_team one(1), three(3);
  const t_sne_options how{.perplexity = 20};
  const matrix plane = t_sne(one, rows, how);
  CHECK(plane == t_sne(three, rows, how));
  CHECK(plane.allFinite());
  // The nearest point in the plane is of the same class, for all but a few.
  int same = 0;
  for (Eigen::Index i = 0; i < 300; ++i) {
    Eigen::VectorXf distance = (plane.rowwise() - plane.row(i)).rowwise().squaredNorm();
    distance[i] = 1e30F;
    Eigen::Index nearest = 0;
    distance.minCoeff(&nearest);
    same += labels[static_cast<std::size_t>(nearest)] == labels[static_cast<std::size_t>(i)];
  }
  CHECK(same > 295);
}
