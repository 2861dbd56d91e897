// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Precision, recall and variety of clouds of points whose answers are known.
#include "common/variety.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "common/random_stream.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace examples;
using example_tests::contains;
using example_tests::words_of;

namespace {

matrix cloud(Eigen::Index rows, Eigen::Index cols, float spread, float centre, std::uint64_t seed) {
  random_stream random{seed};
  matrix m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = centre + spread * random.normal();
  return m;
}

double precision(const matrix& real, const matrix& generated) { return part_within(manifold_of(real, 3), generated); }
double recall(const matrix& real, const matrix& generated) { return part_within(manifold_of(generated, 3), real); }

}  // namespace

TEST_CASE("variety: the radius of a point is the distance to its k-th nearest other point") {
  matrix line(4, 1);
  line << 0, 1, 3, 7;
  CHECK(manifold_of(line, 1).squared_radii == Eigen::Vector4f(1, 1, 4, 16));
  CHECK(manifold_of(line, 2).squared_radii == Eigen::Vector4f(9, 4, 9, 36));
  CHECK(manifold_of(line, 3).squared_radii == Eigen::Vector4f(49, 36, 16, 49));
  matrix rows(5, 1);
  rows << -1, -1.5, 5, 11, 11.5;  // the balls with k = 1 are [-1, 1], [0, 2], [1, 5] and [3, 11]
  CHECK(part_within(manifold_of(line, 1), rows) == Approx(3.0 / 5));
}

TEST_CASE("variety: a set has precision and recall 1 with itself, and 0 with one far away") {
  const matrix real = cloud(200, 5, 1, 0, 1), far = cloud(200, 5, 1, 100, 2);
  CHECK(precision(real, real) == 1);
  CHECK(recall(real, real) == 1);
  CHECK(precision(real, far) == 0);
  CHECK(recall(real, far) == 0);
}

TEST_CASE("variety: a collapsed set is precise and recalls little, a scattered one the other way round") {
  const matrix real = cloud(500, 5, 1, 0, 3), collapsed = cloud(500, 5, 0.01F, 0, 4), scattered = cloud(500, 5, 4, 0, 5);
  CHECK(precision(real, collapsed) > 0.95);
  CHECK(recall(real, collapsed) < 0.05);
  CHECK(precision(real, scattered) < 0.2);
  CHECK(recall(real, scattered) > 0.8);
}

TEST_CASE("variety: two samples of one distribution are equally near each other, and half of it has half the recall") {
  const matrix real = cloud(1000, 3, 1, 0, 6), same = cloud(1000, 3, 1, 0, 7);
  CHECK(precision(real, same) == Approx(recall(real, same)).margin(0.05));
  CHECK(recall(real, same) > 0.8);
  matrix two_places = cloud(1000, 3, 1, 0, 8), one_place = cloud(1000, 3, 1, 0, 9);
  two_places.topRows(500).array() += 100;
  CHECK(precision(two_places, one_place) > 0.8);
  CHECK(recall(two_places, one_place) == Approx(0.5).margin(0.1));
}

TEST_CASE("variety: the mean distance within classes is that of the pairs of one class") {
  matrix rows(5, 2);
  rows << 0, 0, 3, 4, 100, 0, 0, 8, 100, 1;
  CHECK(mean_distance_within_classes(rows, {0, 0, 1, 0, 1}) == Approx((5 + 8 + 5 + 1) / 4.0));

  // Two normal points of standard deviation s in d dimensions are 2 s Γ((d+1)/2) / Γ(d/2) apart in the mean.
  const double expected = 2 * 0.7 * std::exp(std::lgamma(8.5) - std::lgamma(8.0));
  CHECK(mean_distance_within_classes(cloud(800, 16, 0.7F, 3, 10), std::vector<int>(800)) == Approx(expected).epsilon(0.02));
}

TEST_CASE("variety: copies have none") {
  matrix copies(20, 4);
  for (Eigen::Index i = 0; i < 20; ++i) copies.row(i).setConstant(static_cast<float>(i % 2) / 3);
  std::vector<int> labels(20);
  for (std::size_t i = 0; i < 20; ++i) labels[i] = static_cast<int>(i % 2);
  CHECK(mean_distance_within_classes(copies, labels) == 0);
  CHECK(part_within(manifold_of(copies, 3), cloud(50, 4, 1, 0, 11)) == 0);
  CHECK(part_within(manifold_of(copies, 3), copies) == 1);
}

TEST_CASE("variety: refuses in words what has no answer") {
  const matrix rows = cloud(4, 2, 1, 0, 12);
  CHECK(contains(words_of([&] { manifold_of(rows, 4); }), "k must be from 1 to 3, got 4"));
  CHECK(contains(words_of([&] { manifold_of(rows, 0); }), "got 0"));
  matrix broken = rows;
  broken(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(words_of([&] { manifold_of(broken, 1); }), "not finite"));
  CHECK(contains(words_of([&] { part_within(manifold_of(rows, 1), matrix(0, 2)); }), "0 rows"));
  CHECK(contains(words_of([&] { part_within(manifold_of(rows, 1), matrix::Zero(3, 5)); }), "5 features, the points have 2"));
  CHECK(contains(words_of([&] { mean_distance_within_classes(rows, {1, 1}); }), "2 labels for 4 rows"));
  CHECK(contains(words_of([&] { mean_distance_within_classes(rows, {1, 2, 3, 4}); }), "no two rows"));
}
