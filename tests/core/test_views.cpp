// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Views of anybody's memory: strides, conversions, labels; and the words of a refusal.
#include <Eigen/Core>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/label_view.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/core/overlap.hpp>
#include <contrastive/core/version.hpp>
#include <contrastive/core/weight_view.hpp>
#include <limits>
#include <support/catch.hpp>
#include <support/refusal.hpp>
#include <type_traits>
#include <utility>
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
  const matrix_view<double> top = m.topRows(1), last = m.rightCols(1);
  top(0, 2) = 30;
  CHECK(last(0, 0) == 30);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<decltype(std::declval<const Eigen::MatrixXd&>().topRows(1)), matrix_view<double>>);
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

TEMPLATE_TEST_CASE("label_view: every integer of 8 to 64 bits is read as it is, at any stride", "", bool, char, signed char,
                   unsigned char, short, unsigned short, int, unsigned, long, unsigned long, long long, unsigned long long) {
  using Integer = TestType;
  using limits = std::numeric_limits<Integer>;
  const Integer labels[] = {limits::max(), 0, limits::lowest(), 1, limits::max(), 1};
  const label_view all = labels, every_second(labels, 3, 2), backwards(labels + 5, 6, -1);
  CHECK(all.size() == 6);
  CHECK(every_second.size() == 3);
  for (index_type i = 0; i < 6; ++i) {
    CHECK(all[i] == static_cast<std::int64_t>(labels[i]));
    CHECK(backwards[i] == static_cast<std::int64_t>(labels[5 - i]));
  }
  for (index_type i = 0; i < 3; ++i) CHECK(every_second[i] == static_cast<std::int64_t>(labels[2 * i]));
  for (const label_view& view : {all, every_second, backwards}) {
    std::vector<float> equal(static_cast<std::size_t>(view.size() - 1));
    view.equal(1, view.size() - 1, static_cast<std::int64_t>(limits::max()), equal.data());
    for (index_type i = 1; i < view.size(); ++i)
      CHECK(equal[static_cast<std::size_t>(i - 1)] == (view[i] == static_cast<std::int64_t>(limits::max()) ? 1.0f : 0.0f));
  }
}

TEST_CASE("label_view: a column of a row-major matrix, a map with a stride and a diagonal are seen as they are") {
  Eigen::Matrix<int, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> meta(4, 3);
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 3; ++c) meta(r, c) = 10 * r + c;
  const Eigen::MatrixXi by_columns = meta;
  const Eigen::Map<Eigen::VectorXi, 0, Eigen::InnerStride<>> map(meta.data() + 2, 4, Eigen::InnerStride<>(3));
  const label_view column = meta.col(1), of_block = meta.block(1, 2, 3, 1), row = by_columns.row(2), mapped = map,
                   diagonal = by_columns.diagonal(), segment = by_columns.col(0).tail(2);
  CHECK(column.size() == 4);
  CHECK(of_block.size() == 3);
  CHECK(row.size() == 3);
  CHECK(mapped.size() == 4);
  CHECK(diagonal.size() == 3);
  CHECK(segment.size() == 2);
  for (int r = 0; r < 4; ++r) {
    CHECK(column[r] == 10 * r + 1);
    CHECK(mapped[r] == 10 * r + 2);
  }
  for (int k = 0; k < 3; ++k) {
    CHECK(of_block[k] == 10 * (k + 1) + 2);
    CHECK(row[k] == 20 + k);
    CHECK(diagonal[k] == 11 * k);
  }
  CHECK(segment[0] == 20);
  CHECK(segment[1] == 30);
}

TEST_CASE("label_view and weight_view: a matrix of several rows and columns is no vector") {
  const Eigen::MatrixXi labels = Eigen::MatrixXi::Zero(4, 2), one_column = Eigen::MatrixXi::Ones(4, 1), none;
  CHECK(refusal([&] { label_view{labels}; }) ==
        "contrastive: label_view: labels: expected a vector, one row or one column, got (4, 2)");
  CHECK(label_view(one_column).size() == 4);
  CHECK(label_view(none).size() == 0);
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(2, 3);
  CHECK(refusal([&] { weight_view{weights}; }) ==
        "contrastive: weight_view: weights: expected a vector, one row or one column, got (2, 3)");
}

TEST_CASE("weight_view: float and double are read as they are, at any stride") {
  const std::vector<float> narrow{0.5f, 2, 0.25f};
  const double wide[] = {0.1, 1, 3, 0.7};
  Eigen::MatrixXd rows = Eigen::MatrixXd::Random(3, 4);
  const weight_view a = narrow, b = wide, every_second(wide, 2, 2), row = rows.row(1);
  CHECK(a.size() == 3);
  CHECK(a[0] == 0.5);
  CHECK(a[2] == 0.25);
  CHECK(b.size() == 4);
  CHECK(b[3] == 0.7);
  CHECK(every_second[1] == 3);
  CHECK(row.size() == 4);
  for (index_type c = 0; c < 4; ++c) CHECK(row[c] == rows(1, c));
  CHECK(weight_view{}.size() == 0);
}

TEST_CASE("label_view and weight_view: what holds no integers, or no numbers, does not convert") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<float>&, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<bool>&, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<wchar_t>&, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Eigen::VectorXf&, label_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<int>&, weight_view>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<label_view>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<weight_view>);
}

TEST_CASE("overlap: blocks of one matrix share what they have in common, wherever else they lie") {
  float memory[40] = {};
  const auto shared_by_count = [&](const matrix_view<float>& a, const matrix_view<float>& b) {
    for (index_type r = 0; r < a.rows; ++r)
      for (index_type c = 0; c < a.cols; ++c)
        for (index_type s = 0; s < b.rows; ++s)
          for (index_type d = 0; d < b.cols; ++d)
            if (&a(r, c) == &b(s, d)) return true;
    return false;
  };
  bool met = false, missed = false;
  for (const auto& [down, right] : {std::pair<index_type, index_type>{1, 5}, {5, 1}, {-5, 1}, {2, 6}, {0, 1}, {1, -5}, {3, 2}})
    for (index_type rows = 1; rows <= 3; ++rows)
      for (index_type cols = 1; cols <= 3; ++cols)
        for (index_type first = 15; first < 25; ++first) {
          const matrix_view<float> a(memory + 20, 2, 3, down, right), b(memory + first, rows, cols, down, right);
          INFO(down << ", " << right << ": " << rows << " x " << cols << " at " << first);
          CHECK(detail::overlap(a, b) == shared_by_count(a, b));
          (shared_by_count(a, b) ? met : missed) = true;
        }
  CHECK(met);
  CHECK(missed);
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
