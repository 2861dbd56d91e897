// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Thrust engine against the definition and the oracle's cases: all losses, a user's own, awkward sizes, any number of
// threads. In float; what double adds, the tests of the tile engine have.
#include <algorithm>
#include <limits>
#include <string>
#include <support/agreement.hpp>
#include <support/cases.hpp>
#include <support/catch.hpp>
#include <support/on_thrust.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
#include <omp.h>
#endif

namespace contrastive::testing {
namespace {

using T = float;

template <class L>
void check_own(L loss, const views<T>& rows) {
  for (const similarity s : all_similarities) {
    loss.similarity = s;
    INFO("similarity " << static_cast<int>(s) << ", seed " << run_seed());
    CHECK(error_of(by_definition(loss, rows), on_thrust<T>(loss, rows), loss.temperature, true) <=
          tolerance<T>(loss.temperature));
  }
}

}  // namespace

TEST_CASE("thrust: at awkward sizes every loss agrees with its definition") {
  thrust_engine::evaluator<T> evaluate;
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_thrust<T>(loss, rows, evaluate, s.layout);
      CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
    });
  }
}

TEST_CASE("thrust: temperatures from 30 down to 0.0001 are finite and agree with the definition") {
  for (const double temperature : {30.0, 1.0, 0.0113, 0.001, 0.0001}) {
    const setting s{23, 5, similarity::cosine, reduction::mean, temperature, 0};
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
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

TEST_CASE("thrust: NaN or infinity in a row gives a NaN loss and NaN gradients, and no crash") {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const similarity kind : all_similarities)
    for (const T bad : {nan, infinity, -infinity}) {
      const setting s{20, 3, kind, reduction::none, 0.2, 0};
      INFO("similarity " << static_cast<int>(kind) << ", " << bad);
      each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
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

TEST_CASE("thrust: the same input gives the same bits, whatever the number of threads") {
  const setting s{301, 17, similarity::cosine, reduction::none, 0.1, 0};
  each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    INFO(what);
    answer first;
    for (const int threads : {1, 2, 3}) {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
      omp_set_num_threads(threads);
#endif
      const answer came = on_thrust<T>(loss, rows);
      if (threads == 1) first = came;
      CHECK(came.loss == first.loss);
      CHECK(came.temperature_gradient == first.temperature_gradient);
      CHECK(came.bias_gradient == first.bias_gradient);
      CHECK(came.per_anchor == first.per_anchor);
      const bool same = came.gradients == first.gradients;
      CHECK(same);
    }
  });
}

TEST_CASE("thrust: a user's own weights, functions and rules agree with their definition") {
  const matrix<T> a = random_rows<T>(37, 6, 1), b = random_rows<T>(37, 6, 2), c = random_rows<T>(2, 6, 3);
  for (const auto kind : {arrangement::all_against_all, arrangement::first_against_all, arrangement::first_against_rest,
                          arrangement::both_ways}) {
    INFO("arrangement " << static_cast<int>(kind));
    for (const auto pool : {pooling::mean_log, pooling::log_sum}) {
      scattered loss;
      loss.arrangement = kind, loss.pooling = pool;
      check_own(loss, {a, b});
    }
    two_wells wells;
    wells.arrangement = kind;
    check_own(wells, {a, b});
  }
  check_own(bounded{}, {a, b});
  for (const index_type run : {1, 4, 1000}) check_own(outspoken{.num_rows = 37, .run = run}, {a, c});
}

TEST_CASE("thrust: the cases of every loss come out") {
  thrust_engine::evaluator<T> evaluate;
  for (const char* loss : {"info_nce", "nt_xent", "conditional_contrastive", "weighted_info_nce", "sup_con", "clip",
                           "decoupled", "hard_negative", "sincere", "siglip", "soft_targets", "d2d_ce", "big"}) {
    CHECK(check_cases<T>(std::string(loss) + ".json",
                         [&](const auto& l, const auto& views) { return on_thrust<T>(l, views, evaluate); }) >= 2);
  }
}

}  // namespace contrastive::testing
