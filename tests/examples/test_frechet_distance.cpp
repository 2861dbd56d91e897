// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Fréchet distance against closed forms, and its refusals.
#include "common/frechet_distance.hpp"

#include <Eigen/LU>
#include <Eigen/QR>
#include <cmath>
#include <limits>

#include "common/random_stream.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace examples;
using example_tests::contains;
using example_tests::words_of;

namespace {

Eigen::MatrixXd random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
  random_stream random{seed};
  Eigen::MatrixXd m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<double>(random.normal());
  return m;
}

/// Of full rank where `rank` is at least d.
gaussian random_gaussian(Eigen::Index d, Eigen::Index rank, std::uint64_t seed) {
  const Eigen::MatrixXd factor = random_matrix(d, rank, seed);
  return {random_matrix(d, 1, seed + 100).col(0), factor * factor.transpose()};
}

Eigen::MatrixXd rotation(Eigen::Index d, std::uint64_t seed) {
  return Eigen::HouseholderQR<Eigen::MatrixXd>(random_matrix(d, d, seed)).householderQ();
}

}  // namespace

TEST_CASE("frechet distance: a distribution is at distance 0 of itself, also where its covariance has no full rank") {
  for (const Eigen::Index rank : {64, 5}) {
    const gaussian g = random_gaussian(64, rank, 1);
    CHECK(frechet_distance(g, g) >= 0);
    CHECK(frechet_distance(g, g) < 1e-5 * g.covariance.trace());
  }
  const gaussian point{Eigen::VectorXd::Ones(3), Eigen::MatrixXd::Zero(3, 3)};
  CHECK(frechet_distance(point, point) == 0);
}

TEST_CASE("frechet distance: closed forms") {
  SECTION("one dimension: (m - n)^2 + (s - t)^2 of the standard deviations") {
    const gaussian a{Eigen::VectorXd::Constant(1, 2.0), Eigen::MatrixXd::Constant(1, 1, 9.0)};
    const gaussian b{Eigen::VectorXd::Constant(1, -1.0), Eigen::MatrixXd::Constant(1, 1, 0.25)};
    CHECK(frechet_distance(a, b) == Approx(9 + 2.5 * 2.5).epsilon(1e-12));
  }
  SECTION("equal covariances: the squared distance of the means") {
    const gaussian a = random_gaussian(20, 20, 2), b{random_matrix(20, 1, 3).col(0), a.covariance};
    CHECK(frechet_distance(a, b) == Approx((a.mean - b.mean).squaredNorm()).epsilon(1e-9));
  }
  SECTION("diagonal covariances: the sum over the dimensions, also in a turned frame, where they commute") {
    const Eigen::VectorXd s = random_matrix(20, 1, 4).col(0).cwiseAbs(), t = random_matrix(20, 1, 5).col(0).cwiseAbs();
    const Eigen::VectorXd m = random_matrix(20, 1, 6).col(0), n = random_matrix(20, 1, 7).col(0);
    const double expected = (m - n).squaredNorm() + (s - t).squaredNorm();
    for (const Eigen::MatrixXd& q : {Eigen::MatrixXd(Eigen::MatrixXd::Identity(20, 20)), rotation(20, 8)}) {
      const gaussian a{q * m, q * s.cwiseAbs2().asDiagonal() * q.transpose()};
      const gaussian b{q * n, q * t.cwiseAbs2().asDiagonal() * q.transpose()};
      CHECK(frechet_distance(a, b) == Approx(expected).epsilon(1e-9));
      CHECK(frechet_distance(b, a) == Approx(expected).epsilon(1e-9));
    }
  }
  SECTION("two by two, not commuting: tr (AB)^½ = sqrt(tr AB + 2 sqrt(det AB))") {
    const gaussian a = random_gaussian(2, 2, 9), b = random_gaussian(2, 2, 10);
    const Eigen::MatrixXd ab = a.covariance * b.covariance;
    REQUIRE((ab - ab.transpose()).norm() > 0.1);
    const double overlap = std::sqrt(ab.trace() + 2 * std::sqrt(ab.determinant()));
    const double expected = (a.mean - b.mean).squaredNorm() + a.covariance.trace() + b.covariance.trace() - 2 * overlap;
    CHECK(frechet_distance(a, b) == Approx(expected).epsilon(1e-9));
  }
  SECTION("a point: the mean square distance to it") {
    const gaussian a = random_gaussian(7, 7, 11), b{random_matrix(7, 1, 12).col(0), Eigen::MatrixXd::Zero(7, 7)};
    CHECK(frechet_distance(a, b) == Approx((a.mean - b.mean).squaredNorm() + a.covariance.trace()).epsilon(1e-9));
  }
}

TEST_CASE("frechet distance: mean and covariance of rows") {
  matrix rows(3, 2);
  rows << 1, 2, 3, 6, 5, 1;
  const gaussian g = gaussian_of(rows);
  CHECK(g.mean == Eigen::Vector2d(3, 3));
  CHECK(g.covariance.isApprox((Eigen::Matrix2d() << 4, -1, -1, 7).finished(), 1e-12));
}

TEST_CASE("frechet distance: refuses in words what has none") {
  CHECK(contains(words_of([] { gaussian_of(matrix::Zero(1, 4)); }), "1 rows, at least 2"));
  matrix broken = matrix::Zero(3, 2);
  broken(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(words_of([&] { gaussian_of(broken); }), "not finite"));
  const gaussian three = random_gaussian(3, 3, 1), two = random_gaussian(2, 2, 1);
  CHECK(contains(words_of([&] { frechet_distance(three, two); }), "3 features against 2"));
  CHECK(contains(words_of([&] { frechet_distance(two, {two.mean, three.covariance}); }), "second covariance is 3 x 3"));
}
