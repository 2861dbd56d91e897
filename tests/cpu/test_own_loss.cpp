// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss of the user's own: any weights in any arrangement agree with their definition, and check_gradient tells truth from
// lies.
#include <contrastive/check_gradient.hpp>
#include <contrastive/contrastive.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/checked_gradient.hpp>
#include <support/engines.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

constexpr arrangement all_arrangements[] = {arrangement::all_against_all, arrangement::first_against_all,
                                            arrangement::first_against_rest, arrangement::both_ways};

template <class T, class L>
void check_own(const setting& s, L loss, const std::vector<index_type>& rows) {
  loss.temperature = s.temperature, loss.similarity = s.similarity, loss.reduction = s.reduction;
  const arguments<T> embeddings(s, rows);
  const answer expected = by_definition(loss, embeddings.views()), came = on_cpu<T>(loss, embeddings.views(), {.threads = 2});
  INFO(s.text());
  CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
}

template <class T, class L>
void check_in_all_arrangements(const std::vector<arrangement>& arrangements) {
  for (const setting& s : awkward_settings())
    for (const arrangement kind : arrangements)
      for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
        L loss;
        loss.arrangement = kind, loss.pooling = pool;
        INFO("arrangement " << static_cast<int>(kind) << ", pooling " << static_cast<int>(pool));
        const index_type other = kind == arrangement::both_ways ? s.n : s.n + 2;
        check_own<T>(s, loss, {s.n, other});
      }
}

const std::vector<arrangement> every(std::begin(all_arrangements), std::end(all_arrangements));

}  // namespace

TEMPLATE_TEST_CASE("own loss: weights without a pattern agree with their definition in every arrangement", "", float, double) {
  check_in_all_arrangements<TestType, scattered>(every);
}

TEMPLATE_TEST_CASE("own loss: positives scaled to sum 1 agree with their definition in every arrangement", "", float, double) {
  check_in_all_arrangements<TestType, scattered_normalized>(every);
}

TEMPLATE_TEST_CASE("own rule: one of the user's agrees with its definition in every arrangement", "", float, double) {
  for (const setting& s : awkward_settings())
    for (const arrangement kind : all_arrangements) {
      INFO("arrangement " << static_cast<int>(kind));
      const index_type other = kind == arrangement::both_ways ? s.n : s.n + 2;
      bounded with_rule;
      two_wells with_functions;
      with_rule.arrangement = with_functions.arrangement = kind;
      check_own<TestType>(s, with_rule, {s.n, other});
      check_own<TestType>(s, with_functions, {s.n, other});
    }
}

TEMPLATE_TEST_CASE("own loss: symmetric weights agree with their definition", "", float, double) {
  check_in_all_arrangements<TestType, scattered_symmetric>({arrangement::all_against_all});
}

TEMPLATE_TEST_CASE("own loss: what is said of tiles and lists changes nothing", "", float, double) {
  for (const setting& s : awkward_settings())
    for (const index_type run : {1, 4, 50, 1000})
      for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
        INFO("runs of " << run << ", pooling " << static_cast<int>(pool));
        check_own<TestType>(s, outspoken{.pooling = pool, .num_rows = s.n, .run = run}, {s.n, 2});
      }
}

TEMPLATE_TEST_CASE("own weights: weighted_info_nce takes any function of query and column", "", float, double) {
  for (const setting& s : awkward_settings())
    for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
      INFO(s.text());
      const arguments<TestType> embeddings(s, {s.n, s.n, s.n + 4});
      const basic_weighted_info_nce<weight_by_distance> loss{
          .temperature = s.temperature, .similarity = s.similarity, .normalize = normalize};
      const answer expected = by_definition(loss, embeddings.views()), came = on_cpu<TestType>(loss, embeddings.views());
      CHECK(error_of(expected, came, s.temperature, true) <= tolerance<TestType>(s.temperature));
    }
}

TEST_CASE("check_gradient: each loss passes") {
  INFO("seed " << run_seed());
  const matrix<double> a = random_rows<double>(9, 4, 1), b = random_rows<double>(9, 4, 2), q = random_rows<double>(5, 4, 3),
                       own = random_rows<double>(18, 4, 4);
  const std::vector<int> labels = random_labels(9, 3, 5);
  const matrix<float> weights = random_weights(9, 9, 6), theta = random_rows<float>(9, 2, 7),
                      queue_theta = random_rows<float>(5, 2, 8);
  const auto check = [](const any_loss& loss, const views<double>& rows) {
    const gradient_check c = checked_gradient(loss, rows);
    INFO(c.message);
    CHECK(c.passed);
    CHECK(c.value_error <= 1e-9);
    CHECK(c.gradient_error <= 1e-6);
    CHECK(c.temperature_error <= 1e-6);
    CHECK(c.bias_error <= 1e-6);
  };
  for (const similarity s : all_similarities)
    for (const reduction r : all_reductions) {
      check(info_nce{0.3, s, r}, {a, b});
      check(info_nce{0.3, s, r, false}, {a, b, q});
      check(info_nce{0.3, s, r, true, negatives::per_anchor}, {a, b, own});
      check(clip{0.3, s, r}, {a, b});
      check(nt_xent{0.5, s, r}, {a, b});
      check(nt_xent{0.5, s, r, true}, {a, b});
      check(conditional_contrastive{0.5, s, r, labels}, {a});
      check(conditional_contrastive{0.5, s, r, labels}, {a, q});
      check(sup_con{0.3, s, r, pooling::mean_log, labels}, {a});
      check(sup_con{0.3, s, r, pooling::log_sum, labels}, {a});
      check(weighted_info_nce{0.3, s, r, weight_normalization::mean_one, true, negatives::shared, weights}, {a, b});
      check(decoupled{0.3, s, r}, {a, b});
      check(decoupled{0.3, s, r, 0.5}, {a, b});
      check(hard_negative{0.5, s, r}, {a, b});
      check(sincere{0.3, s, r, average::per_anchor, labels}, {a});
      check(sincere{0.3, s, r, average::per_pair, labels}, {a, b});
      check(siglip{0.3, s, r, -1.0}, {a, b});
      check(soft_targets{0.3, s, r, weights}, {a, b});
      check(d2d_ce{0.5, s, r, 0.6, -0.2, labels}, {a, q});
      const auto prior = weights_from(theta, queue_theta, degradation_prior{.scale = 0.5});
      check(weighted_by_prior{0.3, s, r, weight_normalization::none, true, negatives::shared, prior}, {a, b, q});
    }
}

TEST_CASE("check_gradient: a user's own loss passes, with hints and without") {
  INFO("seed " << run_seed());
  const matrix<double> a = random_rows<double>(20, 3, 1), b = random_rows<double>(20, 3, 2), two = random_rows<double>(2, 3, 3);
  for (const arrangement kind : all_arrangements)
    for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
      const gradient_check c = checked_gradient(scattered{.arrangement = kind, .pooling = pool}, {a, b});
      INFO(c.message);
      CHECK(c.passed);
    }
  for (const arrangement kind : all_arrangements) {
    bounded with_rule;
    two_wells with_functions;
    with_rule.arrangement = with_functions.arrangement = kind;
    for (const gradient_check& c : {checked_gradient(with_rule, {a, b}), checked_gradient(with_functions, {a, b})}) {
      INFO(c.message);
      CHECK(c.passed);
    }
  }
  const gradient_check hinted = checked_gradient(outspoken{.num_rows = 20, .run = 7}, {a, two});
  INFO(hinted.message);
  CHECK(hinted.passed);
}

TEST_CASE("check_gradient: float embeddings are checked in double") {
  const matrix<float> a = random_rows<float>(6, 3, 1), b = random_rows<float>(6, 3, 2);
  const gradient_check c = check_gradient(nt_xent{}, a, b),
                       of_vector = check_gradient(nt_xent{}, std::vector<matrix<float>>{a, b});
  INFO(c.message);
  CHECK(c.passed);
  CHECK(of_vector.passed);
  CHECK(of_vector.message == c.message);
}

TEST_CASE("check_gradient: a loss that says something false of its tiles fails") {
  INFO("seed " << run_seed());
  using falsehood = outspoken::falsehood;
  const matrix<double> a = random_rows<double>(60, 2, 1), two = random_rows<double>(2, 2, 3);
  // Runs of 30: within one there are tiles that lie wholly inside; runs of 5: most pairs of tiles meet in no run.
  for (const auto& [lie, run] : {std::pair{falsehood::diagonal, index_type{30}},
                                 {falsehood::run, index_type{5}},
                                 {falsehood::list, index_type{30}},
                                 {falsehood::positives, index_type{30}},
                                 {falsehood::tiles, index_type{30}}}) {
    INFO("falsehood " << static_cast<int>(lie));
    outspoken loss{.num_rows = 60, .run = run};
    CHECK(checked_gradient(loss, {a, two}).passed);  // the truth
    loss.lie = lie;
    const gradient_check c = checked_gradient(loss, {a, two});
    INFO(c.message);
    CHECK_FALSE(c.passed);
    CHECK_FALSE(static_cast<bool>(c));
    CHECK(!c.false_statement.empty());
    CHECK(c.message.find("FAILED") != std::string::npos);
  }
}

TEST_CASE("check_gradient: a loss that falsely claims to be symmetric fails") {
  const matrix<double> a = random_rows<double>(40, 2, 1);
  const gradient_check c = check_gradient(falsely_symmetric{}, a);
  INFO(c.message);
  CHECK_FALSE(c.passed);
  CHECK(c.false_statement.find("symmetric, but ") == 0);
}

/// Slopes of half the size.
struct half_sloped_rule {
  static constexpr auto sums = mean_log::sums;
  template <class S>
  row_result<3> finish(const S& s) const {
    row_result<3> r = mean_log{}.finish(s);
    for (double& slope : r.slopes) slope /= 2;
    return r;
  }
};
struct half_sloped : scattered {
  static constexpr half_sloped_rule rule{};
};

TEST_CASE("check_gradient: a rule whose slopes are not its own fails, and is named") {
  const matrix<double> a = random_rows<double>(12, 2, 1);
  const gradient_check c = check_gradient(half_sloped{}, a);
  INFO(c.message);
  CHECK_FALSE(c.passed);
  CHECK(c.value_error <= 1e-9);
  CHECK(c.gradient_error > 1e-3);
  CHECK(c.false_statement.find("anchor 0 at temperature 0.5: slopes[0] = ") == 0);
}

TEST_CASE("check_gradient: embeddings that are not finite fail") {
  matrix<double> a = random_rows<double>(6, 3, 1), b = random_rows<double>(6, 3, 2);
  a(2, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(check_gradient(nt_xent{}, a, b).passed);
}

}  // namespace contrastive::testing
