// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The metrics against their definitions, pair by pair in double; their bounds, ties, edges and refusals.
#include <cmath>
#include <contrastive/metrics.hpp>
#include <cstring>
#include <limits>
#include <string>
#include <support/catch.hpp>
#include <support/random.hpp>
#include <support/refusal.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

constexpr index_type awkward_sizes[] = {1, 2, 3, 63, 64, 65, 257, 300};

/// Rounding of a similarity of about 1.
template <class T>
constexpr double rounding = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());

template <class T>
matrix<double> unit_rows(const matrix<T>& z) {
  matrix<double> u = z.template cast<double>();
  for (index_type i = 0; i < u.rows(); ++i) {
    const double length = std::sqrt(u.row(i).squaredNorm());
    u.row(i) *= length < 1e-12 ? 0 : 1 / length;
  }
  return u;
}
template <class T>
matrix<double> similarities(const matrix<T>& q, const matrix<T>& k, similarity kind) {
  const matrix<double> a = kind == similarity::cosine ? unit_rows(q) : q.template cast<double>(),
                       c = kind == similarity::cosine ? unit_rows(k) : k.template cast<double>();
  matrix<double> s(a.rows(), c.rows());
  for (index_type i = 0; i < s.rows(); ++i)
    for (index_type j = 0; j < s.cols(); ++j)
      s(i, j) = kind == similarity::negative_squared_euclidean ? -(a.row(i) - c.row(j)).squaredNorm() : a.row(i).dot(c.row(j));
  return s;
}

template <class T>
double alignment_by_definition(const matrix<T>& q, const matrix<T>& k) {
  return (unit_rows(q) - unit_rows(k)).rowwise().squaredNorm().mean();
}
template <class T>
double uniformity_by_definition(const matrix<T>& q) {
  const matrix<double> u = unit_rows(q);
  double total = 0;
  for (index_type i = 0; i < u.rows(); ++i)
    for (index_type j = 0; j < u.rows(); ++j)
      if (i != j) total += std::exp(-2 * (u.row(i) - u.row(j)).squaredNorm());
  return std::log(total / static_cast<double>(u.rows() * (u.rows() - 1)));
}
/// A key has to be nearer by more than `margin` to count as nearer.
double recall_by_definition(const matrix<double>& s, index_type rank, double margin) {
  index_type found = 0;
  for (index_type i = 0; i < s.rows(); ++i) {
    index_type nearer = 0;
    for (index_type j = 0; j < s.cols(); ++j)
      if (j != i && s(i, j) >= s(i, i) + margin) ++nearer;
    if (nearer < rank) ++found;
  }
  return static_cast<double>(found) / static_cast<double>(s.rows());
}
double effective_negatives_by_definition(const matrix<double>& s, double temperature) {
  double total = 0;
  for (index_type i = 0; i < s.rows(); ++i) {
    double most = -std::numeric_limits<double>::infinity(), sum = 0, entropy = 0;
    for (index_type j = 0; j < s.cols(); ++j)
      if (j != i) most = std::max(most, s(i, j) / temperature);
    for (index_type j = 0; j < s.cols(); ++j)
      if (j != i) sum += std::exp(s(i, j) / temperature - most);
    for (index_type j = 0; j < s.cols(); ++j)
      if (j != i) {
        const double log_p = s(i, j) / temperature - most - std::log(sum);
        entropy -= std::exp(log_p) * log_p;
      }
    total += std::exp(entropy);
  }
  return total / static_cast<double>(s.rows());
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// Each row twice.
template <class T>
matrix<T> twice(const matrix<T>& z) {
  matrix<T> both(2 * z.rows(), z.cols());
  both << z, z;
  return both;
}

}  // namespace

TEMPLATE_TEST_CASE("metrics: at awkward sizes they are what pair by pair gives", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  for (const index_type n : awkward_sizes)
    for (const index_type d : {2, 7, 32, 70}) {
      const matrix<T> q = random_rows<T>(n, d, 1), noise = random_rows<T>(n, d, 2), k = q + T(0.7) * noise;
      CAPTURE(n, d);
      CHECK(std::abs(alignment(q, k) - alignment_by_definition(q, k)) < 1e-12);
      if (n > 1) CHECK(std::abs(uniformity(q) - uniformity_by_definition(q)) < 4 * rounding<T>);
      for (const similarity kind : {similarity::cosine, similarity::dot, similarity::negative_squared_euclidean}) {
        const matrix<double> s = similarities(q, k, kind);
        const double size = s.cwiseAbs().maxCoeff();
        for (const index_type rank : {1, 2, 5, 64, 400}) {
          const double found = recall(q, k, rank, kind);
          CAPTURE(rank, found);
          CHECK(found >= recall_by_definition(s, rank, -rounding<T> * size));
          CHECK(found <= recall_by_definition(s, rank, rounding<T> * size));
        }
        if (n > 1)
          for (const double temperature : {0.01, 0.1, 1.0, 100.0}) {
            const double expected = effective_negatives_by_definition(s, temperature),
                         got = effective_negatives(q, k, temperature, kind);
            CAPTURE(temperature, expected, got);
            CHECK(std::abs(got / expected - 1) < rounding<T> * (4 + size / temperature));
            CHECK(got >= 1);
            CHECK(got <= static_cast<double>(n - 1));
          }
      }
    }
}

TEMPLATE_TEST_CASE(
    "metrics: recall of dot products of small integers, which are exact and full of ties, is that of the definition", "", float,
    double) {
  using T = TestType;
  INFO("seed " << run_seed());
  for (const index_type n : awkward_sizes) {
    const auto integers = [n](std::uint64_t which) -> matrix<T> {
      return (random_rows<double>(n, 5, which) * 2).array().round().matrix().template cast<T>();
    };
    const matrix<T> q = integers(3), k = q + integers(4);
    for (const index_type rank : {1, 2, 3, 10, 64}) {
      CAPTURE(n, rank);
      CHECK(recall(q, k, rank, similarity::dot) == recall_by_definition(similarities(q, k, similarity::dot), rank, 0));
      CHECK(recall(k, q, rank, similarity::dot) == recall_by_definition(similarities(k, q, similarity::dot), rank, 0));
    }
  }
}

TEMPLATE_TEST_CASE("metrics: recall counts an equal key as nearer, wherever it stands", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  for (const index_type n : {1, 2, 31, 33, 64, 129, 300})
    for (const index_type d : {3, 32, 45}) {
      const matrix<T> z = twice(random_rows<T>(n, d, 5));
      CAPTURE(n, d);
      CHECK(recall(z, z, 1) == 0);
      CHECK(recall(z, z, 2) == 1);
    }
}

TEMPLATE_TEST_CASE("metrics: the same bits for any number of threads", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  for (const index_type n : {300, 1025}) {
    const matrix<T> q = random_rows<T>(n, 64, 6), noise = random_rows<T>(n, 64, 7), k = q + noise;
    const options one{.threads = 1};
    for (const int threads : {2, 3, 8, 0}) {
      const options how{.threads = threads};
      CAPTURE(n, threads);
      CHECK(same_bits(alignment(q, k, how), alignment(q, k, one)));
      CHECK(same_bits(uniformity(q, how), uniformity(q, one)));
      CHECK(same_bits(recall(q, k, 3, similarity::cosine, how), recall(q, k, 3, similarity::cosine, one)));
      CHECK(same_bits(effective_negatives(q, k, 0.1, similarity::cosine, how),
                      effective_negatives(q, k, 0.1, similarity::cosine, one)));
    }
  }
}

TEMPLATE_TEST_CASE("metrics: where all rows are alike nothing is apart, nothing spread, nothing found, and all negatives count",
                   "", float, double) {
  using T = TestType;
  for (const index_type n : {2, 3, 65, 300}) {
    const matrix<T> z = matrix<T>::Constant(n, 9, T(0.3));
    CAPTURE(n);
    CHECK(alignment(z, z) == 0);
    CHECK(std::abs(uniformity(z)) < rounding<T>);
    CHECK(uniformity(z) <= 0);
    CHECK(recall(z, z, n - 1) == 0);
    CHECK(recall(z, z, n) == 1);
    for (const double temperature : {1e-4, 0.1, 10.0}) {
      const double all = static_cast<double>(n - 1), got = effective_negatives(z, z, temperature);
      CHECK(std::abs(got - all) < 1e-12 * all);
      CHECK(got <= all);
    }
  }
}

TEMPLATE_TEST_CASE("metrics: a row of zeros stands at the centre of the sphere and finds nothing", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  matrix<T> q = random_rows<T>(70, 8, 8), k = q;
  for (const index_type row : {0, 5, 64, 69}) q.row(row).setZero();
  q.row(7) *= T(1e-20);  // no direction either
  CHECK(std::abs(alignment(q, k) - 5.0 / 70) < 1e-12);
  CHECK(std::abs(uniformity(q) - uniformity_by_definition(q)) < 4 * rounding<T>);
  CHECK(recall(q, k, 1) == 65.0 / 70);
  CHECK(recall(q, k, 69) == 65.0 / 70);
  const double got = effective_negatives(q, k, 0.1),
               expected = effective_negatives_by_definition(similarities(q, k, similarity::cosine), 0.1);
  CHECK(std::abs(got / expected - 1) < 20 * rounding<T>);

  const matrix<T> none = matrix<T>::Zero(70, 8);
  CHECK(alignment(none, none) == 0);
  CHECK(std::abs(uniformity(none)) < 1e-15);
  CHECK(recall(none, none, 69) == 0);
  CHECK(std::abs(effective_negatives(none, none, 0.1) - 69) < 1e-12);
}

TEMPLATE_TEST_CASE("metrics: two opposite rows", "", float, double) {
  using T = TestType;
  matrix<T> z(2, 2), opposite(2, 2);
  z << 3, 0, -2, 0;
  opposite = -z;
  CHECK(std::abs(alignment(z, opposite) - 4) < 1e-15);
  CHECK(std::abs(uniformity(z) + 8) < rounding<T>);
  CHECK(recall(z, z, 1) == 1);
  CHECK(recall(z, opposite, 1) == 0);
  CHECK(effective_negatives(z, opposite, 0.01) == 1);
}

TEMPLATE_TEST_CASE("metrics: at a small temperature one negative has all the weight, and its size does not matter", "", float,
                   double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> q = random_rows<T>(300, 16, 9), k = random_rows<T>(300, 16, 10);
  const double got = effective_negatives(q, k, 1e-6);
  CHECK(got >= 1);
  CHECK(got < 1.01);
  // Distances far from 0, beside which e^x is nothing.
  const matrix<T> far = (k.array() + T(100)).matrix();
  const matrix<double> s = similarities(q, far, similarity::negative_squared_euclidean);
  const double of_distances = effective_negatives(q, far, 1000, similarity::negative_squared_euclidean),
               expected = effective_negatives_by_definition(s, 1000);
  CHECK(std::abs(of_distances / expected - 1) < 200 * rounding<T>);
}

TEST_CASE("metrics: directions at random come to the limit that the page names") {
  INFO("seed " << run_seed());
  // A normal distribution has no preferred direction; twelve uniform numbers are near enough to one.
  const index_type n = 2000, d = 128;
  matrix<double> z = matrix<double>::Zero(n, d);
  for (std::uint64_t part = 0; part < 12; ++part) z += random_rows<double>(n, d, 100 + part);
  CHECK(std::abs(uniformity(z) - 4 * (2.0 / d - 1)) < 5e-3);
}

TEST_CASE("metrics: any layout and type of matrix gives what a plain matrix does") {
  INFO("seed " << run_seed());
  const matrix<float> q = random_rows<float>(65, 12, 11), k = random_rows<float>(65, 12, 12);
  const Eigen::MatrixXf columns = q;
  matrix<float> wide(65, 30);
  wide.middleCols(7, 12) = q;
  const matrix_view<const float> view(wide.data() + 7, 65, 12, 30);
  const double expected = effective_negatives(q, k, 0.2);
  CHECK(same_bits(effective_negatives(columns, k, 0.2), expected));
  CHECK(same_bits(effective_negatives(view, k, 0.2), expected));
  CHECK(same_bits(effective_negatives(wide.middleCols(7, 12), no_gradient(k), 0.2), expected));
  CHECK(same_bits(uniformity(columns), uniformity(q)));
  CHECK(same_bits(recall(columns, k, 3), recall(q, k, 3)));
  CHECK(same_bits(alignment(columns, k), alignment(q, k)));
  const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> half = q.cast<Eigen::half>();
  CHECK(same_bits(uniformity(half), uniformity(matrix<float>(half.cast<float>()))));
}

TEST_CASE("metrics: NaN or infinity in a row makes them NaN, or is refused where that is asked for") {
  const matrix<float> good = random_rows<float>(66, 5, 13);
  for (const float number : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    matrix<float> bad = good;
    bad(65, 3) = number;
    CHECK(std::isnan(alignment(bad, good)));
    CHECK(std::isnan(alignment(good, bad)));
    CHECK(std::isnan(uniformity(bad)));
    CHECK(std::isnan(recall(bad, good, 1)));
    CHECK(std::isnan(recall(good, bad, 1)));
    CHECK(std::isnan(effective_negatives(bad, good, 0.1)));
    CHECK(std::isnan(effective_negatives(good, bad, 0.1)));
  }
  matrix<float> bad = good;
  bad(65, 3) = std::numeric_limits<float>::infinity();
  const options how{.check_finite = true};
  const std::string words = ": argument 2, row 65: expected finite numbers, got inf";
  CHECK(refusal([&] { alignment(good, bad, how); }) == "contrastive: alignment" + words);
  CHECK(refusal([&] { recall(good, bad, 1, similarity::cosine, how); }) == "contrastive: recall" + words);
  CHECK(refusal([&] { effective_negatives(good, bad, 1, similarity::cosine, how); }) ==
        "contrastive: effective_negatives" + words);
  CHECK(refusal([&] { uniformity(bad, how); }) ==
        "contrastive: uniformity: argument 1, row 65: expected finite numbers, got inf");
}

TEST_CASE("metrics: what does not fit is refused in words") {
  const matrix<float> four = random_rows<float>(4, 3, 1), five = random_rows<float>(5, 3, 2), one = four.topRows(1),
                      wide = random_rows<float>(4, 2, 3), none(0, 3);
  const std::string rows = "argument 2: expected 4 rows as in argument 1, got 5 rows",
                    columns = "argument 2: expected 3 columns as in argument 1, got 2 columns";
  CHECK(refusal([&] { alignment(four, five); }) == "contrastive: alignment: " + rows);
  CHECK(refusal([&] { recall(four, five, 1); }) == "contrastive: recall: " + rows);
  CHECK(refusal([&] { effective_negatives(four, five, 1); }) == "contrastive: effective_negatives: " + rows);
  CHECK(refusal([&] { alignment(four, wide); }) == "contrastive: alignment: " + columns);
  CHECK(refusal([&] { recall(four, wide, 1); }) == "contrastive: recall: " + columns);
  CHECK(refusal([&] { uniformity(none); }) == "contrastive: uniformity: argument 1: expected at least one row, got 0 rows");
  CHECK(refusal([&] { uniformity(one); }) ==
        "contrastive: uniformity: argument 1: expected at least 2 rows, whose distance can be taken, got 1 row");
  CHECK(refusal([&] { effective_negatives(one, one, 1); }) ==
        "contrastive: effective_negatives: argument 1: expected at least 2 rows, the keys of others being the negatives, got 1 "
        "row");
  CHECK(refusal([&] { recall(four, four, 0); }) == "contrastive: recall: rank: expected 1 or more, got 0");
  CHECK(refusal([&] { effective_negatives(four, four, 0); }) ==
        "contrastive: effective_negatives: temperature: expected a positive finite number, got 0");
  CHECK(refusal([&] { uniformity(four, {.threads = -1}); }) ==
        "contrastive: options: threads: expected 0 (all) or more, got -1");
  CHECK(refusal([&] { uniformity(matrix_view<const float>(nullptr, 4, 3)); }) ==
        "contrastive: uniformity: argument 1: expected memory, got a null pointer");
}

TEST_CASE("metrics: one row is found, and as far from its key as it is") {
  matrix<double> q(1, 2), k(1, 2);
  q << 1, 0;
  k << 0, 2;
  CHECK(recall(q, k, 1) == 1);
  CHECK(std::abs(alignment(q, k) - 2) < 1e-15);
}

}  // namespace contrastive::testing
