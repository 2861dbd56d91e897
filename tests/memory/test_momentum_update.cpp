// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// momentum_update against the sum written out, and against the closed form of many steps.
#include <Eigen/Core>
#include <cmath>
#include <contrastive/memory/momentum_update.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using contrastive::matrix_view;
using contrastive::momentum_update;

template <class T>
constexpr double rounding = std::is_same_v<T, float> ? 6e-8 : 1.2e-16;  // half a unit in the last place

}  // namespace

TEMPLATE_TEST_CASE("momentum_update: each element is m key + (1 - m) query, rounded once", "", float, double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  for (const double m : {0.0, 0.25, 0.9, 0.999, 0.9999, 1.0}) {
    CAPTURE(m);
    const Matrix query = Matrix::Random(5, 7), before = Matrix::Random(5, 7);
    Matrix key = before;
    momentum_update(key, query, m);
    for (Eigen::Index r = 0; r < key.rows(); ++r)
      for (Eigen::Index c = 0; c < key.cols(); ++c) {
        const long double expected =
            static_cast<long double>(m) * before(r, c) + (1 - static_cast<long double>(m)) * query(r, c);
        CHECK(std::fabs(static_cast<double>(key(r, c) - expected)) <= 2 * rounding<TestType>);
      }
  }
}

TEST_CASE("momentum_update: many steps towards a fixed query follow the closed form") {
  Eigen::VectorXd key = Eigen::VectorXd::Constant(3, 2.0);
  const Eigen::VectorXd query = Eigen::VectorXd::Constant(3, -1.0);
  for (int step = 0; step < 1000; ++step) momentum_update(key, query, 0.99);
  const double expected = -1.0 + 3.0 * std::pow(0.99, 1000);
  for (Eigen::Index r = 0; r < 3; ++r) CHECK(std::fabs(key(r) - expected) < 1e-12);
}

TEST_CASE("momentum_update: momentum 0 copies the query whatever the key held, momentum 1 leaves the key") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Eigen::MatrixXf key = Eigen::MatrixXf::Constant(2, 2, nan);
  const Eigen::MatrixXf query = Eigen::MatrixXf::Constant(2, 2, 3.0f), broken = Eigen::MatrixXf::Constant(2, 2, nan);
  momentum_update(key, query, 0.0);
  CHECK((key.array() == 3.0f).all());
  momentum_update(key, broken, 1.0);
  CHECK((key.array() == 3.0f).all());
}

TEST_CASE("momentum_update: row-major, column-major, blocks, vectors and views agree") {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> query = Eigen::MatrixXd::Random(4, 6);
  const Eigen::MatrixXd before = Eigen::MatrixXd::Random(4, 6), expected = 0.5 * before + 0.5 * Eigen::MatrixXd(query);
  Eigen::MatrixXd key = before;
  momentum_update(key, query, 0.5);
  CHECK((key - expected).cwiseAbs().maxCoeff() < 1e-15);
  key = before;
  momentum_update(key.block(1, 2, 2, 3), query.block(1, 2, 2, 3), 0.5);
  CHECK((key.block(1, 2, 2, 3) - expected.block(1, 2, 2, 3)).cwiseAbs().maxCoeff() < 1e-15);
  CHECK(key(0, 0) == before(0, 0));
  key = before;
  momentum_update(matrix_view<double>(key.data(), 4, 6, 1, 4), matrix_view<const double>(query.data(), 4, 6), 0.5);
  CHECK((key - expected).cwiseAbs().maxCoeff() < 1e-15);
  Eigen::VectorXd bias = before.col(0);
  momentum_update(bias, query.col(0), 0.5);
  CHECK((bias - expected.col(0)).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("momentum_update: all parameters of an encoder pair by pair") {
  std::vector<Eigen::MatrixXf> key = {Eigen::MatrixXf::Zero(2, 3), Eigen::MatrixXf::Zero(3, 1)};
  const std::vector<Eigen::MatrixXf> query = {Eigen::MatrixXf::Ones(2, 3), Eigen::MatrixXf::Constant(3, 1, 2.0f)};
  momentum_update(key, query, 0.75);
  CHECK((key[0].array() == 0.25f).all());
  CHECK((key[1].array() == 0.5f).all());
  const auto views = [&] { return std::vector<matrix_view<float>>{key[0], key[1]}; };
  momentum_update(views(), query, 0.0);
  CHECK((key[1].array() == 2.0f).all());
}

TEST_CASE("momentum_update: what does not fit is refused before anything is written") {
  std::vector<Eigen::MatrixXf> key = {Eigen::MatrixXf::Zero(2, 3), Eigen::MatrixXf::Zero(3, 1)};
  std::vector<Eigen::MatrixXf> query = {Eigen::MatrixXf::Ones(2, 3), Eigen::MatrixXf::Ones(1, 3)};
  try {
    momentum_update(key, query, 0.5);
    FAIL("a (1, 3) query for a (3, 1) key");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()) == "contrastive: momentum_update: query[1]: expected (3, 1) as key[1], got (1, 3)");
  }
  query[1] = Eigen::MatrixXf::Ones(3, 1);
  for (const double m : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(momentum_update(key, query, m), std::invalid_argument);
  query.pop_back();
  CHECK_THROWS_AS(momentum_update(key, query, 0.5), std::invalid_argument);
  CHECK_THROWS_AS(momentum_update(matrix_view<float>(nullptr, 2, 3), query[0], 0.5), std::invalid_argument);
  CHECK((key[0].array() == 0.0f).all());
  CHECK((key[1].array() == 0.0f).all());
}
