// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Past 46,341 rows the number of pairs leaves 32 bits: closed forms stay right.
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <support/catch.hpp>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {

TEST_CASE("edge: nt_xent of 46,402 equal rows, more than 2^31 pairs, gives log(2N - 1)") {
  const index_type n = 23201;
  const matrix<float> z = matrix<float>::Ones(n, 2);
  CHECK(static_cast<double>(value(nt_xent{.temperature = 0.5}, z, z)) ==
        Approx(std::log(2.0 * static_cast<double>(n) - 1)).epsilon(3e-5));
}

TEST_CASE("edge: info_nce of 46,400 queries and keys, more than 2^31 pairs, has its closed form and finds every positive") {
  // Four directions at right angles by turns: of n keys a quarter is equal to the query, the others have similarity 0 or -1.
  const index_type n = 46400;
  matrix<float> z(n, 2);
  for (index_type i = 0; i < n; ++i)
    z.row(i) << (i % 4 == 0 ? 1.f : i % 4 == 2 ? -1.f : 0.f), (i % 4 == 1 ? 1.f : i % 4 == 3 ? -1.f : 0.f);
  const double temperature = 0.5, quarter = static_cast<double>(n) / 4;
  const double expected = std::log(quarter * (std::exp(1 / temperature) + 2 + std::exp(-1 / temperature))) - 1 / temperature;
  CHECK(static_cast<double>(value(info_nce{.temperature = temperature}, z, z)) == Approx(expected).epsilon(3e-5));
}

TEST_CASE("edge: own negatives of 11,000 queries, more than 2^31 pairs in all, are each query's own") {
  // 11,000 queries against 231,000 candidates, of which each query lists 21. They are equal to it: l = log 21.
  const index_type n = 11000, own = 20;
  const matrix<float> q = random_rows<float>(n, 3, 1);
  matrix<float> negatives_of(n * own, 3);
  for (index_type i = 0; i < n * own; ++i) negatives_of.row(i) = q.row(i / own);
  const info_nce loss{.temperature = 0.1, .in_batch_negatives = false, .negatives = negatives::per_anchor};
  CHECK(static_cast<double>(value(loss, q, q, negatives_of)) == Approx(std::log(21.0)).epsilon(3e-5));
}

}  // namespace contrastive::testing
