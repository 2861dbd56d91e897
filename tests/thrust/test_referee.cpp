// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Thrust engine against the definition: all losses, a user's own, options, awkward sizes.
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/on_thrust.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

template <class T, class L>
void check_own(const setting& s, L loss, const std::vector<index_type>& rows) {
  loss.temperature = s.temperature, loss.similarity = s.similarity, loss.reduction = s.reduction;
  const arguments<T> embeddings(s, rows);
  INFO(s.text());
  CHECK(error_of(by_definition(loss, embeddings.views()), on_thrust<T>(loss, embeddings.views()), s.temperature,
                 s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
}

template <class T, class L>
void check_in_every_arrangement() {
  for (const setting& s : awkward_settings())
    for (const auto kind : {arrangement::all_against_all, arrangement::first_against_all, arrangement::first_against_rest,
                            arrangement::both_ways})
      for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
        L loss;
        loss.arrangement = kind, loss.pooling = pool;
        INFO("arrangement " << static_cast<int>(kind) << ", pooling " << static_cast<int>(pool));
        check_own<T>(s, loss, {s.n, kind == arrangement::both_ways ? s.n : s.n + 2});
      }
}

/// Both ways with candidates that are in no tile: those on the diagonal, which each anchor lists.
struct listed_both_ways : scattered {
  static constexpr auto arrangement = contrastive::arrangement::both_ways;

  double denominator(index_type i, index_type j) const { return i == j ? 0.5 : 0; }
  double positive(index_type i, index_type j) const { return i == j ? 2 : 0; }
  index_type tiled_begin() const { return 0; }
  index_type tiled_end() const { return 0; }
  index_type listed_per_anchor() const { return 1; }
  index_type listed(index_type i, index_type) const { return i; }
};

}  // namespace

TEMPLATE_TEST_CASE("thrust: at awkward sizes every loss agrees with its definition", "", float, double) {
  using T = TestType;
  thrust_engine::evaluator<T> evaluate;
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_thrust<T>(loss, rows, evaluate, s.layout);
      CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
    });
  }
}

TEMPLATE_TEST_CASE("thrust: a user's own weights agree with their definition in every arrangement", "", float, double) {
  check_in_every_arrangement<TestType, scattered>();
  check_in_every_arrangement<TestType, scattered_normalized>();
}

TEMPLATE_TEST_CASE("thrust: what a loss says of tiles and lists changes nothing", "", float, double) {
  for (const setting& s : awkward_settings())
    for (const index_type run : {1, 4, 1000})
      for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
        INFO("runs of " << run << ", pooling " << static_cast<int>(pool));
        check_own<TestType>(s, outspoken{.pooling = pool, .num_rows = s.n, .run = run}, {s.n, 2});
      }
}

TEMPLATE_TEST_CASE("thrust: pairs that are only listed count in both directions", "", float, double) {
  for (const setting& s : awkward_settings()) check_own<TestType>(s, listed_both_ways{}, {s.n, s.n});
}

TEMPLATE_TEST_CASE("thrust: temperatures from 30 down to 0.0001 are finite and agree with the definition", "", float, double) {
  using T = TestType;
  for (const double temperature : {30.0, 1.0, 0.0113, 0.001, 0.0001}) {
    const setting s{23, 5, similarity::cosine, reduction::mean, temperature, 0};
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_thrust<T>(loss, rows);
      CHECK(std::isfinite(came.loss));
      for (const auto& g : came.gradients) CHECK(g.allFinite());
      CHECK(error_of(expected.loss, came.loss) <= tolerance<T>(temperature));
      // A logit is known to a rounding of s / temperature, and a softmax to that of the logit: two powers of the temperature.
      CHECK(error_of(expected, came, temperature, true) <= tolerance<T>(temperature) * std::max(1.0, 0.1 / temperature));
    });
  }
}

TEMPLATE_TEST_CASE("thrust: NaN or infinity in a row gives a NaN loss and NaN gradients, and no crash", "", float, double) {
  using T = TestType;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const similarity kind : all_similarities)
    for (const T bad : {nan, infinity, -infinity}) {
      const setting s{20, 3, kind, reduction::none, 0.2, 0};
      INFO("similarity " << static_cast<int>(kind) << ", " << bad);
      each_loss<T>(s, [&](const char* what, const auto& loss, const views<T>& rows) {
        for (std::size_t argument = 0; argument < rows.size(); ++argument) {
          INFO(what << ", argument " << argument);
          std::vector<matrix<T>> copies;
          for (const auto& v : rows) {
            copies.emplace_back(v.rows, v.cols);
            for (index_type i = 0; i < v.rows; ++i)
              for (index_type k = 0; k < v.cols; ++k) copies.back()(i, k) = v(i, k);
          }
          copies[argument](2, 1) = bad;
          const answer r = on_thrust<T>(loss, views<T>(copies.begin(), copies.end()));
          CHECK(std::isnan(r.loss));
          CHECK(std::isnan(r.temperature_gradient));
          for (const auto& g : r.gradients) CHECK(g.array().isNaN().all());
          for (const double l : r.per_anchor) CHECK(std::isnan(l));
        }
      });
    }
}

}  // namespace contrastive::testing
