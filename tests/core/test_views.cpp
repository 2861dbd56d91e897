// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Views of anybody's memory: strides, conversions, labels; and the words of a refusal.
#include <Eigen/Core>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/label_view.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/core/version.hpp>
#include <support/catch.hpp>
#include <vector>

namespace contrastive::testing {

TEST_CASE("matrix_view: an element lies where the strides say") {
  const std::vector<float> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const matrix_view<const float> rows(memory.data(), 3, 4), padded(memory.data() + 1, 2, 3, 5),
      columns(memory.data(), 4, 3, 1, 4), backwards(memory.data() + 8, 3, 4, -4);
  CHECK(rows(2, 3) == 11);
  CHECK(padded(1, 2) == 8);
  CHECK(columns(3, 2) == 11);
  CHECK(columns(1, 2) == 9);
  CHECK(backwards(0, 0) == 8);
  CHECK(backwards(2, 1) == 1);
}

TEST_CASE("matrix_view: an Eigen matrix, block or map is seen as it is") {
  Eigen::MatrixXd m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  const matrix_view<const double> whole = m, right = m.rightCols(2);
  CHECK(whole(1, 2) == 6);
  CHECK(right(1, 0) == 5);
  CHECK(right.rows == 2);
  CHECK(right.cols == 2);
  const matrix_view<double> writable = m;
  writable(0, 1) = 20;
  CHECK(m(0, 1) == 20);
  CHECK(matrix_view<const double>(writable)(0, 1) == 20);
}

TEST_CASE("matrix_view: what cannot be written or is no matrix does not convert") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const Eigen::MatrixXd&, matrix_view<double>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const Eigen::MatrixXf&, matrix_view<const double>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<matrix_view<const double>, matrix_view<double>>);
  STATIC_REQUIRE(embedding_argument<Eigen::MatrixXf>);
  STATIC_REQUIRE(embedding_argument<matrix_view<const float>>);
  STATIC_REQUIRE_FALSE(embedding_argument<std::vector<float>>);
  STATIC_REQUIRE_FALSE(embedding_argument<decltype(Eigen::MatrixXf() * 2.0f)>);
}

TEST_CASE("label_view: labels of 32 and 64 bits are read as they are") {
  const std::vector<std::int32_t> narrow{3, -1, 2147483647};
  const std::vector<std::int64_t> wide{3, -1, 9000000000};
  const label_view a = narrow, b = wide;
  CHECK(a.size() == 3);
  CHECK(a[1] == -1);
  CHECK(a[2] == 2147483647);
  CHECK(b[1] == -1);
  CHECK(b[2] == 9000000000);
  CHECK(label_view{}.size() == 0);
}

TEST_CASE("label_view: labels that are no signed integers of 32 or 64 bits do not convert") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<float>, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<std::uint32_t>, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<short>, label_view>);
}

TEST_CASE("errors: a refusal names who, the argument, what was expected and what came") {
  try {
    detail::refuse("some_loss", "temperature", "a positive finite number", -0.25);
    FAIL("nothing was thrown");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()) == "contrastive: some_loss: temperature: expected a positive finite number, got -0.25");
  }
}

TEST_CASE("version: the header and the build agree") {
  CHECK(std::to_string(CONTRASTIVE_VERSION_MAJOR) + "." + std::to_string(CONTRASTIVE_VERSION_MINOR) + "." +
            std::to_string(CONTRASTIVE_VERSION_PATCH) ==
        CONTRASTIVE_EXPECTED_VERSION);
}

}  // namespace contrastive::testing
