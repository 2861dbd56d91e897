// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The traps that public implementations fell into, by name; that of memory is in cpu/test_peak_memory.cpp.
#include <contrastive/contrastive.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {

TEMPLATE_TEST_CASE("trap: e^(1/temperature) overflows float below 0.0113, the loss does not", "", float, double) {
  using T = TestType;
  // Pairs of equal rows, the pairs orthogonal to each other: l = log(1 + 2 (N - 1) e^(-1/temperature)) by hand.
  const index_type n = 6;
  const matrix<T> z = matrix<T>::Identity(n, n);
  for (const double temperature : {0.0113, 0.01, 0.002, 0.0001}) {
    INFO("temperature " << temperature);
    const auto r = widened(value_and_gradient(nt_xent{.temperature = temperature}, z, z));
    CHECK(error_of(std::log1p(2.0 * (n - 1) * std::exp(-1 / temperature)), r.loss) <= tolerance<T>(temperature));
    CHECK(std::isfinite(r.temperature_gradient));
    CHECK(r.gradients.at(0).allFinite());
  }
  // And the other way about: the positives are orthogonal, one negative is equal. l = 1/temperature + log(1 +
  // e^(-1/temperature)) or more.
  const matrix<T> turned = matrix<T>::Identity(n, n).rowwise().reverse();
  const double temperature = 0.002;
  const auto r = widened(value_and_gradient(info_nce{.temperature = temperature}, z, turned));
  CHECK(error_of(1 / temperature + std::log1p((n - 1) * std::exp(-1 / temperature)), r.loss) <= tolerance<T>(temperature));
}

TEMPLATE_TEST_CASE("trap: a maximum over the pair of a row and itself lets all kept terms underflow", "", float, double) {
  using T = TestType;
  // Orthonormal rows: every kept similarity is 0, that of a row with itself 1. l = log(n - 1) whatever the temperature.
  const index_type n = 8;
  const matrix<T> z = matrix<T>::Identity(n, n);
  const std::vector<int> labels{0, 0, 1, 1, 2, 2, 3, 3};
  for (const double temperature : {0.1, 0.008, 0.001, 0.0001}) {
    INFO("temperature " << temperature);
    const auto r = widened(value_and_gradient(sup_con{.temperature = temperature, .labels = labels}, z));
    CHECK(error_of(std::log(n - 1.0), r.loss) <= tolerance<T>(1));
    CHECK(r.valid_anchors == n);
    const auto expected = by_definition(sup_con{.temperature = temperature, .labels = labels}, views<T>{z});
    CHECK(relative_error(expected.gradients[0], r.gradients[0], 1) <= tolerance<T>(1));
    CHECK(expected.gradients[0].norm() > 1);
  }
}

TEMPLATE_TEST_CASE("trap: the loss does not saturate at 87 where the positives are opposed", "", float, double) {
  using T = TestType;
  // q_i = e_1, k_0 = -e_1 is the positive of q_0, and k_1 = e_1 its negative: l_0 = log(1 + e^(2/temperature)).
  matrix<T> q(2, 2), k(2, 2);
  q << 1, 0, T(0.6), T(0.8);
  k << -1, 0, 1, 0;
  const double temperature = 0.02;
  const auto r = widened(value_and_gradient(info_nce{.temperature = temperature, .reduction = reduction::none}, q, k));
  CHECK(error_of(2 / temperature, r.per_anchor.at(0)) <= tolerance<T>(temperature));
  CHECK(r.per_anchor.at(0) > 99);
  const info_nce loss{.temperature = temperature, .reduction = reduction::none};
  const auto expected = by_definition(loss, views<T>{q, k});
  CHECK(error_of(expected, r, temperature, false) <= tolerance<T>(temperature));
  // q_0 and its keys are on one line, where cosine has no slope; turned a little, the gradient stays as large as the
  // definition's.
  k.row(0) << T(-0.96), T(0.28);
  const auto turned = widened(value_and_gradient(loss, q, k)), defined = by_definition(loss, views<T>{q, k});
  CHECK(turned.gradients.at(0).row(0).norm() > 10);
  CHECK(error_of(defined, turned, temperature, false) <= tolerance<T>(temperature));
}

TEMPLATE_TEST_CASE("trap: an anchor without a positive is neither NaN nor a 0 in the mean", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> z = random_rows<T>(7, 4, 1);
  const std::vector<int> labels{0, 0, 1, 2, 2, 2, 3};  // rows 2 and 6 are alone
  for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
    const auto sum = widened(value_and_gradient(sup_con{.reduction = reduction::sum, .pooling = pool, .labels = labels}, z));
    const auto mean = widened(value_and_gradient(sup_con{.pooling = pool, .labels = labels}, z));
    CHECK(std::isfinite(mean.loss));
    CHECK(mean.valid_anchors == 5);
    CHECK(mean.loss > 0);
    CHECK(error_of(sum.loss / 5, mean.loss) <= tolerance<T>(0.1));
    CHECK(relative_error(sum.gradients.at(0) / 5, mean.gradients.at(0), 0) <= tolerance<T>(0.1));
  }
}

TEMPLATE_TEST_CASE("trap: a batch of one class of equal rows gives log(n - 1), not 0", "", float, double) {
  using T = TestType;
  for (const index_type n : {2, 3, 40}) {
    const matrix<T> z = matrix<T>::Ones(n, 5);
    const std::vector<int> labels(static_cast<std::size_t>(n), 4);
    const auto r = widened(value_and_gradient(sup_con{.labels = labels}, z));
    CHECK(error_of(std::log(static_cast<double>(n) - 1), r.loss) <= tolerance<T>(0.1));
    CHECK(r.valid_anchors == n);
    // 2C pools by log-sum: with no negative at all its two sums are the same, also where rows differ.
    const auto two_c = widened(value_and_gradient(conditional_contrastive{.labels = labels}, random_rows<T>(n, 5, 1)));
    CHECK(error_of(0, two_c.loss) <= tolerance<T>(1));
    CHECK(two_c.valid_anchors == n);
  }
}

TEST_CASE("trap: a zero row is no NaN in low precision, for each loss") {
  INFO("seed " << run_seed());
  const std::vector<int> labels{0, 1, 0, 1, 0, 1};
  const matrix<float> weights = matrix<float>::Ones(6, 6);
  matrix<float> a = random_rows<float>(6, 3, 1), b = random_rows<float>(6, 3, 2);
  a.row(2).setZero();
  b.row(4).setConstant(1e-38f);  // its squares are 0 in float
  b.row(5).setConstant(std::numeric_limits<float>::denorm_min());
  const auto check = [&](const auto& loss, const auto&... embeddings) {
    INFO(loss.name);
    const result<float> r = value_and_gradient(loss, embeddings...);
    CHECK(std::isfinite(r.loss));
    CHECK(std::isfinite(r.temperature_gradient));
    for (const auto& g : r.gradients) CHECK(g.allFinite());
    CHECK((r.gradients.at(0).row(2).array() == 0).all());
    if (r.gradients.size() > 1) CHECK((r.gradients[1].bottomRows(2).array() == 0).all());
    CHECK(error_of(by_definition(loss, views<float>{embeddings...}), widened(r), loss.temperature, true) <=
          tolerance<float>(loss.temperature));
  };
  check(info_nce{}, a, b);
  check(clip{}, a, b);
  check(nt_xent{}, a, b);
  check(conditional_contrastive{.labels = labels}, a);
  check(conditional_contrastive{.labels = labels}, a, b);
  check(sup_con{.labels = labels}, a);
  check(weighted_info_nce{.weights = weights}, a, b);
  check(decoupled{.sigma = 0.5}, a, b);
  check(hard_negative{}, a, b);
  check(sincere{.labels = labels}, a, b);
  check(siglip{}, a, b);
  check(soft_targets{.targets = weights}, a, b);
  check(d2d_ce{.labels = labels}, a, b);
}

TEMPLATE_TEST_CASE("trap: a pair that does not count leaves no e^0 in the sums", "", float, double) {
  using T = TestType;
  // Masks by multiplication leave 1 for each excluded pair. Two rows a class, opposed: l = log(e^x) - x = 0 with nothing else
  // in the sums.
  matrix<T> z(2, 2);
  z << 1, 0, -1, 0;
  const std::vector<int> labels{1, 1};
  CHECK(error_of(0, widened(value_and_gradient(conditional_contrastive{.temperature = 0.1, .labels = labels}, z)).loss) <=
        tolerance<T>(0.1));
  CHECK(
      error_of(
          0,
          widened(value_and_gradient(nt_xent{.temperature = 0.1}, matrix<T>(z.topRows(1)), matrix<T>(z.bottomRows(1)))).loss) <=
      tolerance<T>(0.1));
  // All weights 0: the positive is alone in its denominator.
  const matrix<float> none = matrix<float>::Zero(2, 2);
  const matrix<T> turned = z.colwise().reverse();
  for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
    const auto r = widened(value_and_gradient(weighted_info_nce{.normalize = normalize, .weights = none}, z, turned));
    CHECK(error_of(0, r.loss) <= tolerance<T>(0.07));
    CHECK(r.gradients.at(0).norm() <= tolerance<T>(0.07));
  }
}

}  // namespace contrastive::testing
