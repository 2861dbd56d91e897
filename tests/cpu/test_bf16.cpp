// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Embeddings of bfloat16, on whatever kernels the processor has for them, against the definition on the same numbers as float.
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

using narrow = matrix<Eigen::bfloat16>;

/// The same numbers in both types.
struct rounded {
  std::vector<narrow> narrow_rows;
  std::vector<matrix<float>> wide_rows;
  views<float> wide;

  explicit rounded(const std::vector<matrix<float>>& rows) : rounded(views<float>(rows.begin(), rows.end())) {}
  explicit rounded(const views<float>& rows) {
    for (const auto& view : rows) {
      narrow to(view.rows, view.cols);
      for (index_type r = 0; r < view.rows; ++r)
        for (index_type c = 0; c < view.cols; ++c) to(r, c) = static_cast<Eigen::bfloat16>(view(r, c));
      narrow_rows.push_back(to);
      wide_rows.push_back(to.cast<float>());
    }
    for (const auto& m : wide_rows) wide.push_back(m);
  }
};

void check_against_the_definition(const setting& s) {
  INFO(s.text());
  evaluator<float> evaluate({.threads = 2}), alone({.threads = 1});
  each_loss<float>(s, [&](const char* what, const any_loss& loss, const views<float>& rows) {
    INFO(what);
    const rounded e(rows);
    const views<Eigen::bfloat16> narrow_views(e.narrow_rows.begin(), e.narrow_rows.end());
    const answer expected = by_definition(loss, e.wide);
    const result<float>& came = call(evaluate, loss, narrow_views);
    CHECK(error_of(expected, widened(came), s.temperature, s.reduction == reduction::mean) <= tolerance<float>(s.temperature));
    CHECK(same_bits(came, call(alone, loss, narrow_views)));
  });
}

}  // namespace

TEST_CASE("bf16: at awkward sizes every loss agrees with its definition") {
  for (const setting& s : awkward_settings()) check_against_the_definition(s);
}

TEST_CASE("bf16: over several blocks of rows every loss agrees with its definition") {
  check_against_the_definition({331, 40, similarity::cosine, reduction::mean, 0.1, 0});
  check_against_the_definition({331, 32, similarity::dot, reduction::sum, 30, 0});
}

TEST_CASE("bf16: a frozen queue is looked at once, to the same gradients") {
  const rounded e(std::vector<matrix<float>>{random_rows<float>(300, 24, 1), random_rows<float>(300, 24, 2),
                                             random_rows<float>(1100, 24, 3)});
  const auto& [q, k, queue] = std::tie(e.narrow_rows[0], e.narrow_rows[1], e.narrow_rows[2]);
  evaluator<float> evaluate;
  for (const double temperature : {0.5, 0.07}) {
    const info_nce loss{.temperature = temperature};
    const answer expected = by_definition(loss, e.wide);
    const result<float>& some = evaluate.value_and_gradient(loss, q, k, no_gradient(queue));
    CHECK(error_of(expected, widened(some), temperature, true) <= tolerance<float>(temperature));
    REQUIRE(some.gradients[0].size() > 0);
    const result<float>& one = evaluate.value_and_gradient(loss, q, no_gradient(k), no_gradient(queue));
    CHECK(error_of(expected, widened(one), temperature, true) <= tolerance<float>(temperature));
    REQUIRE(one.gradients[0].size() > 0);
  }
}

TEST_CASE("bf16: under cosine the length of a row does not matter, nor does a row without a direction") {
  const nt_xent loss{.temperature = 0.2, .reduction = reduction::sum};
  rounded e(std::vector<matrix<float>>{random_rows<float>(70, 20, 1), random_rows<float>(70, 20, 2)});
  const result<float> expected = value_and_gradient(loss, e.narrow_rows[0], e.narrow_rows[1]);
  narrow scaled = e.narrow_rows[0];
  for (index_type r = 0; r < 70; ++r)
    for (index_type c = 0; c < 20; ++c)
      scaled(r, c) = static_cast<Eigen::bfloat16>(std::ldexp(static_cast<float>(scaled(r, c)), r % 2 == 0 ? 90 : -30));
  const result<float> came = value_and_gradient(loss, scaled, e.narrow_rows[1]);
  CHECK(std::abs(came.loss - expected.loss) <= 1e-5f * std::abs(expected.loss));
  CHECK((came.gradients[1] - expected.gradients[1]).norm() <= 1e-5f * expected.gradients[1].norm());

  e.narrow_rows[0].row(3).setZero(), e.wide_rows[0].row(3).setZero();
  const answer zero = by_definition(loss, e.wide);
  CHECK(error_of(zero, widened(value_and_gradient(loss, e.narrow_rows[0], e.narrow_rows[1])), 0.2, false) <=
        tolerance<float>(0.2));
}

TEST_CASE("bf16: arguments whose number is known only at run time give the same bits") {
  const rounded e(std::vector<matrix<float>>{random_rows<float>(70, 20, 1), random_rows<float>(70, 20, 2)});
  const std::vector<matrix_view<const Eigen::bfloat16>> views(e.narrow_rows.begin(), e.narrow_rows.end());
  const result<float> expected = value_and_gradient(nt_xent{}, e.narrow_rows[0], e.narrow_rows[1]);
  evaluator<float> evaluate;
  CHECK(evaluate.value(nt_xent{}, views) == evaluate.value(nt_xent{}, e.narrow_rows[0], e.narrow_rows[1]));
  const result<float> came = evaluate.value_and_gradient(nt_xent{}, views);
  CHECK(came.loss == expected.loss);
  for (const std::size_t a : {0U, 1U}) CHECK(came.gradients[a] == expected.gradients[a]);
}

TEST_CASE("bf16: what is not finite gives NaN") {
  narrow a = random_rows<float>(40, 8, 1).cast<Eigen::bfloat16>();
  const narrow b = random_rows<float>(40, 8, 2).cast<Eigen::bfloat16>();
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    a(7, 3) = static_cast<Eigen::bfloat16>(bad);
    const result<float> r = value_and_gradient(nt_xent{}, a, b);
    CHECK(std::isnan(r.loss));
    CHECK(std::isnan(r.gradients[1](0, 0)));
  }
}

}  // namespace contrastive::testing
