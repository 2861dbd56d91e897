// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is not refused but degenerate: no positives, zero rows, cold temperatures, NaN, rows of any scale, gradients in place.
#include <contrastive/contrastive.hpp>
#include <limits>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

bool all_zero(const matrix<double>& m) { return m.size() > 0 && (m.array() == 0).all(); }

/// log Σ e^x over a few logits that exp takes as they are.
double log_sum(std::initializer_list<double> x) {
  double sum = 0;
  for (const double v : x) sum += std::exp(v);
  return std::log(sum);
}

}  // namespace

TEMPLATE_TEST_CASE("edge: an anchor without a positive has loss 0 and is not counted in the mean", "", float, double) {
  using T = TestType;
  matrix<T> z(3, 2);
  z << 1, 0, 0, 1, T(0.6), T(0.8);  // unit rows: s01 = 0, s02 = 0.6, s12 = 0.8
  const std::vector<int> labels{0, 0, 1};
  const double l0 = log_sum({0, 0.6}) - 0, l1 = log_sum({0, 0.8}) - 0;
  const auto mean = widened(value_and_gradient(conditional_contrastive{.temperature = 1, .labels = labels}, z));
  const auto rows =
      widened(value_and_gradient(conditional_contrastive{.temperature = 1, .reduction = reduction::none, .labels = labels}, z));
  CHECK(error_of((l0 + l1) / 2, mean.loss) <= tolerance<T>(1));
  CHECK(mean.valid_anchors == 2);
  CHECK(rows.valid_anchors == 2);
  CHECK(error_of(std::vector<double>{l0, l1, 0}, rows.per_anchor) <= tolerance<T>(1));
  CHECK(rows.per_anchor.at(2) == 0);
  // As an anchor row 2 gives nothing: its gradient is what the other two give it as a candidate, q (u_anchor - s u_2).
  const double q0 = std::exp(0.6) / (1 + std::exp(0.6)), q1 = std::exp(0.8) / (1 + std::exp(0.8));
  matrix<double> expected(1, 2);
  expected << q0 * (1 - 0.6 * 0.6) + q1 * (0 - 0.8 * 0.6), q0 * (0 - 0.6 * 0.8) + q1 * (1 - 0.8 * 0.8);
  CHECK(error_of(expected, matrix<double>(rows.gradients.at(0).row(2))) <= tolerance<T>(1));
}

TEMPLATE_TEST_CASE("edge: two rows of one class, each the other's only candidate, have loss and gradients of exactly 0", "",
                   float, double) {
  using T = TestType;
  const std::vector<int> two{3, 3}, one{3};
  for (std::uint64_t which = 1; which < 20; ++which) {
    const matrix<T> z = random_rows<T>(2, 5, which), z1 = z.topRows(1), z2 = z.bottomRows(1);
    for (const similarity kind : all_similarities)
      for (const auto& r : {value_and_gradient(sup_con{0.1, kind, reduction::mean, pooling::mean_log, two}, z),
                            value_and_gradient(sup_con{0.1, kind, reduction::mean, pooling::log_sum, two}, z),
                            value_and_gradient(conditional_contrastive{0.1, kind, reduction::mean, two}, z),
                            value_and_gradient(sincere{0.1, kind, reduction::mean, average::per_anchor, two}, z),
                            value_and_gradient(sup_con{0.1, kind, reduction::mean, pooling::mean_log, one}, z1, z2)}) {
        CHECK(r.loss == 0);
        CHECK(r.valid_anchors == 2);
        CHECK(r.temperature_gradient == 0);
        for (const auto& g : r.gradients) CHECK((g.array() == 0).all());
      }
  }
}

TEMPLATE_TEST_CASE("edge: a query whose negatives all have its id has loss and gradients of exactly 0, with probabilities too",
                   "", float, double) {
  using T = TestType;
  const std::vector<int> ids(5, 7);
  const std::vector<double> q{0.37, 0.1, 1, 0.003, 0.2};
  const matrix<T> a = random_rows<T>(5, 4, 1), b = random_rows<T>(5, 4, 2);
  for (const double temperature : {0.1, 1e-3, 1e-5})
    for (const similarity kind : all_similarities) {
      info_nce loss{.temperature = temperature, .similarity = kind, .ids = ids};
      const auto plain = value_and_gradient(loss, a, b);
      loss.candidate_probabilities = q;
      for (const auto& r : {plain, value_and_gradient(loss, a, b)}) {
        CHECK(r.loss == 0);
        CHECK(r.valid_anchors == 5);
        for (const auto& g : r.gradients) CHECK((g.array() == 0).all());
      }
      CHECK(std::fabs(static_cast<double>(value(clip{temperature, kind, reduction::mean, ids, {}, q}, a, b))) <=
            1e-14 / temperature);
    }
}

TEMPLATE_TEST_CASE("edge: no anchor with a positive gives loss 0, gradients 0 and no valid anchor", "", float, double) {
  using T = TestType;
  const matrix<T> z = random_rows<T>(6, 3, 1);
  const std::vector<int> labels{0, 1, 2, 3, 4, 5};
  for (const reduction r : all_reductions)
    for (const similarity s : all_similarities) {
      const auto two_c = widened(value_and_gradient(conditional_contrastive{1.0, s, r, labels}, z));
      const auto inside = widened(value_and_gradient(sup_con{0.1, s, r, pooling::log_sum, labels}, z));
      const auto outside = widened(value_and_gradient(sup_con{0.1, s, r, pooling::mean_log, labels}, z));
      for (const answer& a : {two_c, inside, outside}) {
        CHECK(a.loss == 0);
        CHECK(a.temperature_gradient == 0);
        CHECK(a.valid_anchors == 0);
        CHECK(all_zero(a.gradients.at(0)));
        CHECK(a.per_anchor == std::vector<double>(r == reduction::none ? 6 : 0, 0.0));
      }
    }
}

TEMPLATE_TEST_CASE("edge: a single row has no other and gives loss 0", "", float, double) {
  using T = TestType;
  const matrix<T> z = random_rows<T>(1, 4, 1);
  const std::vector<int> labels{3};
  const auto alone = widened(value_and_gradient(sup_con{.labels = labels}, z));
  CHECK(alone.loss == 0);
  CHECK(alone.valid_anchors == 0);
  CHECK(all_zero(alone.gradients.at(0)));
}

TEMPLATE_TEST_CASE("edge: where the only candidate is the positive the loss is 0, not nearly", "", float, double) {
  using T = TestType;
  const matrix<T> a = random_rows<T>(1, 37, 1), b = random_rows<T>(1, 37, 2);
  const matrix<float> weight = matrix<float>::Constant(1, 1, 0.3f);
  const auto check = [](const result<T>& r) {
    CHECK(r.loss == 0);
    CHECK(r.temperature_gradient == 0);
    CHECK(r.valid_anchors > 0);
    for (const auto& g : r.gradients) CHECK(all_zero(g.template cast<double>()));
  };
  for (const double t : {1.0, 0.37, 0.005})
    for (const similarity s : all_similarities) {
      INFO("temperature " << t << ", similarity " << static_cast<int>(s));
      check(value_and_gradient(nt_xent{t, s}, a, b));
      check(value_and_gradient(info_nce{t, s}, a, b));
      check(value_and_gradient(clip{t, s}, a, b));
      check(value_and_gradient(weighted_info_nce{.temperature = t, .similarity = s, .weights = weight}, a, b));
    }
}

TEMPLATE_TEST_CASE("edge: under cosine a zero row has similarity 0 to all and gradient 0", "", float, double) {
  using T = TestType;
  for (const double length : {0.0, 1e-13}) {
    INFO("norm " << length);
    matrix<T> a(2, 2), b(2, 2);
    a << 1, 0, static_cast<T>(length), 0;
    b << T(0.6), T(0.8), 0, 1;
    // Rows a0, a1 = 0, b0, b1: s(a0, b0) = 0.6, s(a0, b1) = 0, s(b0, b1) = 0.8, all of a1 0.
    const double expected =
        (log_sum({0, 0.6, 0}) - 0.6 + log_sum({0, 0, 0}) - 0 + log_sum({0.6, 0, 0.8}) - 0.6 + log_sum({0, 0, 0.8}) - 0) / 4;
    const auto r = widened(value_and_gradient(nt_xent{.temperature = 1}, a, b));
    CHECK(error_of(expected, r.loss) <= tolerance<T>(1));
    CHECK(all_zero(r.gradients.at(0).row(1)));
    CHECK(r.gradients.at(0).row(0).norm() > 0.01);
    CHECK(r.gradients.at(1).allFinite());
  }
}

TEMPLATE_TEST_CASE("edge: all rows zero gives log(2N - 1) and gradients 0 under cosine", "", float, double) {
  using T = TestType;
  const matrix<T> zero = matrix<T>::Zero(5, 3);
  const auto r = widened(value_and_gradient(nt_xent{}, zero, zero));
  CHECK(error_of(std::log(9.0), r.loss) <= tolerance<T>(1));
  CHECK(all_zero(r.gradients.at(0)));
  CHECK(all_zero(r.gradients.at(1)));
}

TEMPLATE_TEST_CASE("edge: temperatures from 30 down to 0.0001 are finite and agree with the definition", "", float, double) {
  using T = TestType;
  for (const double temperature : {30.0, 1.0, 0.0114, 0.0113, 0.005, 0.001, 0.0001}) {
    const setting s{23, 5, similarity::cosine, reduction::mean, temperature, 0};
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_cpu<T>(loss, rows);
      CHECK(std::isfinite(came.loss));
      for (const auto& g : came.gradients) CHECK(g.allFinite());
      CHECK(error_of(expected.loss, came.loss) <= tolerance<T>(temperature));
      // A logit is known to a rounding of s / temperature, and a softmax to that of the logit: two powers of the temperature.
      CHECK(error_of(expected, came, temperature, true) <= tolerance<T>(temperature) * std::max(1.0, 0.1 / temperature));
    });
  }
}

TEMPLATE_TEST_CASE("edge: at the bounds of the temperature loss and gradients are finite", "", float, double) {
  using T = TestType;
  using bounds = detail::temperature_bounds<T>;
  const matrix<T> a = random_rows<T>(21, 5, 1), b = random_rows<T>(21, 5, 2);
  const std::vector<int> labels = random_labels(21, 4, 3);
  const matrix<float> weights = random_weights(21, 21, 4);
  for (const double temperature : {bounds::least, 10 * bounds::least, std::sqrt(bounds::least), bounds::most})
    for (const similarity kind : all_similarities)
      for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
        INFO("temperature " << temperature << ", similarity " << static_cast<int>(kind) << ", pooling "
                            << static_cast<int>(pool));
        const auto check = [&](const auto& loss, const auto&... embeddings) {
          const auto r = widened(value_and_gradient(loss, embeddings...));
          CHECK(std::isfinite(r.loss));
          CHECK_FALSE(std::isnan(r.temperature_gradient));  // in the order of 1 / temperature²: at the least infinite
          // Squared distances are summed in two orders, and their rounding times 1 / temperature may be beyond any exponential.
          for (const auto& g : r.gradients) CHECK((g.allFinite() || kind == similarity::negative_squared_euclidean));
        };
        check(info_nce{temperature, kind}, a, b);
        check(nt_xent{temperature, kind}, a, b);
        check(clip{temperature, kind}, a, b);
        check(sup_con{temperature, kind, reduction::mean, pool, labels}, a);
        check(conditional_contrastive{temperature, kind, reduction::mean, labels}, a);
        check(weighted_info_nce{.temperature = temperature, .similarity = kind, .weights = weights}, a, b);
      }
}

TEMPLATE_TEST_CASE("edge: a positive alone in its denominator has loss 0 and gradients 0 at any temperature", "", float,
                   double) {
  using T = TestType;
  // l = log e^x - x: whatever the rounding of x, it is the same x. A temperature gradient shows any difference 1 / temperature
  // times.
  INFO("seed " << run_seed());
  for (const double temperature : {0.5, 0.07, 0.01, 0.005})
    for (const index_type d : {1, 4, 33, 128}) {
      const matrix<T> a = random_rows<T>(1, d, 1), b = a + T(0.1) * random_rows<T>(1, d, 2);
      for (const similarity kind : all_similarities) {
        INFO("temperature " << temperature << ", d " << d << ", similarity " << static_cast<int>(kind));
        const auto check = [&](const auto& loss) {
          const answer r = widened(value_and_gradient(loss, a, b));
          CHECK(error_of(0, r.loss) <= tolerance<T>(temperature));
          CHECK(error_of(0, r.temperature_gradient) <= tolerance<T>(temperature));
          for (const auto& g : r.gradients) CHECK(g.norm() <= tolerance<T>(temperature));
        };
        check(info_nce{temperature, kind});
        check(nt_xent{temperature, kind});
        check(clip{temperature, kind});
      }
    }
}

TEMPLATE_TEST_CASE("edge: NaN or infinity in a row gives a NaN loss and NaN gradients, and no crash", "", float, double) {
  using T = TestType;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const similarity kind : all_similarities)
    for (const T bad : {nan, infinity, -infinity})
      for (const index_type row : {0, 19, 39}) {
        const setting s{40, 3, kind, reduction::none, 0.2, 0};
        INFO("similarity " << static_cast<int>(kind) << ", " << bad << " in row " << row);
        each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
          for (std::size_t argument = 0; argument < rows.size(); ++argument) {
            INFO(what << ", argument " << argument);
            std::vector<matrix<T>> copies;
            for (const auto& v : rows) {
              copies.emplace_back(v.rows, v.cols);
              for (index_type i = 0; i < v.rows; ++i)
                for (index_type k = 0; k < v.cols; ++k) copies.back()(i, k) = v(i, k);
            }
            copies[argument](std::min(row, rows[argument].rows - 1), 1) = bad;
            const answer r = on_cpu<T>(loss, views<T>(copies.begin(), copies.end()));
            CHECK(std::isnan(r.loss));
            CHECK(std::isnan(r.temperature_gradient));
            for (const auto& g : r.gradients) CHECK(g.array().isNaN().all());
            for (const double l : r.per_anchor) CHECK(std::isnan(l));
          }
        });
      }
}

TEMPLATE_TEST_CASE("edge: rows of any scale have the cosine of their direction", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> a = random_rows<T>(9, 4, 1), b = random_rows<T>(9, 4, 2);
  const auto expected = widened(value_and_gradient(nt_xent{.temperature = 0.2}, a, b));
  std::vector<double> scales{1e-10, 1e10, 1e30};
  if (std::is_same_v<T, double>) scales.insert(scales.end(), {1e160, 1e300});  // whose squares overflow
  for (const double scale : scales) {
    INFO("scale " << scale);
    matrix<T> scaled = a;
    scaled.row(3) *= static_cast<T>(scale);
    const auto r = widened(value_and_gradient(nt_xent{.temperature = 0.2}, scaled, b));
    CHECK(error_of(expected.loss, r.loss) <= tolerance<T>(0.2));
    CHECK(error_of(expected.temperature_gradient, r.temperature_gradient) <= tolerance<T>(0.2));
    matrix<double> gradient = r.gradients.at(0);
    if (scale * 1e-5 < static_cast<double>(std::numeric_limits<T>::max()) && scale < 1e30) gradient.row(3) *= scale;
    if (scale >= 1e30) gradient.row(3) = expected.gradients.at(0).row(3);  // below the smallest normal number
    CHECK(error_of(expected.gradients.at(0), gradient) <= tolerance<T>(0.2));
  }
}

TEMPLATE_TEST_CASE("edge: distances do not lose to a large common offset", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> a = random_rows<T>(9, 4, 1), b = random_rows<T>(9, 4, 2);
  const nt_xent loss{.temperature = 0.5, .similarity = similarity::negative_squared_euclidean};
  const T offset = 1024;  // a power of two: in float the rows keep 13 bits behind the point
  const matrix<T> far_a = a.array() + offset, far_b = b.array() + offset, near_a = far_a.array() - offset,
                  near_b = far_b.array() - offset;
  const auto near = widened(value_and_gradient(loss, near_a, near_b)), far = widened(value_and_gradient(loss, far_a, far_b));
  CHECK(error_of(near, far, 0.5, true) <= tolerance<T>(0.5));
}

TEMPLATE_TEST_CASE("edge: gradients written over the embeddings are right", "", float, double) {
  using T = TestType;
  evaluator<T> evaluate({.threads = 2});
  for (const similarity kind : all_similarities) {
    const setting s{150, 20, kind, reduction::mean, 0.2, 0};
    INFO(s.text());
    matrix<T> a = random_rows<T>(s.n, s.d, 1), b = random_rows<T>(s.n, s.d, 2);
    const nt_xent loss{.temperature = 0.2, .similarity = kind};
    const result<T> expected = evaluate.value_and_gradient(loss, a, b);
    const result<T>& r = evaluate.value_and_gradient_into({a, b}, loss, a, b);
    CHECK(r.loss == expected.loss);
    CHECK(a == expected.gradients[0]);
    CHECK(b == expected.gradients[1]);

    // Shifted by some rows and crosswise: each gradient lands on parts of either input.
    matrix<T> both(2 * s.n + 10, s.d);
    both.topRows(s.n) = random_rows<T>(s.n, s.d, 1);
    both.middleRows(s.n, s.n) = random_rows<T>(s.n, s.d, 2);
    T* memory = both.data();
    const matrix_view<T> first(memory, s.n, s.d), second(memory + s.n * s.d, s.n, s.d);
    evaluate.value_and_gradient_into({{memory + (s.n + 7) * s.d, s.n, s.d}, {memory + 3 * s.d, s.n, s.d}}, loss, first, second);
    CHECK(both.middleRows(s.n + 7, s.n) == expected.gradients[0]);
    CHECK(both.middleRows(3, s.n) == expected.gradients[1]);
  }
}

TEMPLATE_TEST_CASE("edge: the same matrix as both arguments gets a gradient for each part it plays", "", float, double) {
  using T = TestType;
  const matrix<T> z = random_rows<T>(17, 4, 1), copy = z;
  const result<T> shared = value_and_gradient(nt_xent{.temperature = 0.3}, z, z),
                  apart = value_and_gradient(nt_xent{.temperature = 0.3}, z, copy);
  CHECK(same_bits(shared, apart));
}

TEMPLATE_TEST_CASE("edge: weights from the smallest to 1e30 agree with the definition", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> q = random_rows<T>(40, 5, 1), k = random_rows<T>(40, 5, 2);
  for (const float scale : {1e-30f, 1e-10f, 1e10f, 1e30f})
    for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
      INFO("scale " << scale << ", normalization " << static_cast<int>(normalize));
      const matrix<float> w = scale * random_weights(40, 40, 3);
      const weighted_info_nce loss{.temperature = 0.2, .normalize = normalize, .weights = w};
      CHECK(error_of(by_definition(loss, views<T>{q, k}), on_cpu<T>(loss, views<T>{q, k}), 0.2, true) <= tolerance<T>(0.2));
    }
}

}  // namespace contrastive::testing
