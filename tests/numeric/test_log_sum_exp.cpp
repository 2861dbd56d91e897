// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// log Σ w e^x against long double, at the ends of the range, and under every order of the terms.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <contrastive/numeric/log_sum_exp.hpp>
#include <limits>
#include <support/catch.hpp>
#include <utility>
#include <vector>

namespace contrastive::testing {
namespace {

using terms = std::vector<std::pair<double, double>>;  // x, w

log_sum_exp sum_of(const terms& all) {
  log_sum_exp sum;
  for (const auto& [x, w] : all) sum.add(x, w);
  return sum;
}

bool close(double expected, double came) { return std::fabs(came - expected) <= 1e-12 * std::max(1.0, std::fabs(expected)); }

}  // namespace

TEST_CASE("log_sum_exp: a few terms give the logarithm of their sum") {
  const terms all{{0.5, 1}, {-1.25, 2}, {3, 0.25}};
  CHECK(close(std::log(std::exp(0.5) + 2 * std::exp(-1.25) + 0.25 * std::exp(3.0)), sum_of(all).log()));
}

TEST_CASE("log_sum_exp: terms far beyond the range of exp neither overflow nor vanish") {
  CHECK(close(10000 + std::log(2.0), sum_of({{10000, 1}, {10000, 1}}).log()));
  CHECK(close(-10000 + std::log(3.0), sum_of({{-10000, 1}, {-10000, 2}}).log()));
  CHECK(close(10000, sum_of({{-10000, 1}, {10000, 1}}).log()));
  CHECK(close(10000, sum_of({{10000, 1}, {-10000, 1}}).log()));
}

TEST_CASE("log_sum_exp: a term of weight 0 is not in the sum, however large it is") {
  CHECK(close(-2000, sum_of({{5000, 0}, {-2000, 1}, {8000, 0}}).log()));
  CHECK(sum_of({{5000, 0}}).is_empty());
  CHECK(log_sum_exp{}.is_empty());
}

TEST_CASE("log_sum_exp: a NaN stays") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(sum_of({{nan, 1}}).log()));
  CHECK(std::isnan(sum_of({{1, 1}, {nan, 1}, {2, 1}}).log()));
  CHECK(std::isnan(sum_of({{1, nan}, {2, 1}}).log()));
}

TEST_CASE("log_sum_exp: parts merged in any grouping and order are the whole, as in long double") {
  CHECK(rc::check([](const std::vector<std::pair<int, unsigned char>>& drawn) {
    terms all;
    for (const auto& [x, w] : drawn) all.emplace_back(static_cast<double>(x % 2000) / 4, static_cast<double>(w) / 16);
    log_sum_exp even, odd;
    long double expected = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      (i % 2 == 0 ? even : odd).add(all[i].first, all[i].second);
      expected += all[i].second * std::exp(static_cast<long double>(all[i].first));
    }
    log_sum_exp one = even, other = odd;
    one.merge(odd), other.merge(even);
    if (expected == 0) {
      RC_ASSERT(one.is_empty() && other.is_empty());
      return;
    }
    const double log = static_cast<double>(std::log(expected));
    RC_ASSERT(close(log, sum_of(all).log()));
    RC_ASSERT(close(log, one.log()));
    RC_ASSERT(close(log, other.log()));
  }));
}

}  // namespace contrastive::testing
