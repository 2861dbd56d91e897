// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front of the Thrust engine: what it takes, what it refuses, what comes out at the edges.
#include <thrust/host_vector.h>
#include <thrust/universal_vector.h>
#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/on_thrust.hpp>
#include <support/refusal.hpp>

namespace contrastive::testing {
namespace {

using thrust_engine::device_rows;

constexpr similarity all_similarities[] = {similarity::cosine, similarity::dot, similarity::negative_squared_euclidean};
constexpr reduction all_reductions[] = {reduction::mean, reduction::sum, reduction::none};

// What lies on the host does not compile as an argument.
static_assert(std::is_constructible_v<device_rows<float>, thrust::device_vector<float>&, index_type, index_type>);
static_assert(std::is_constructible_v<device_rows<float>, thrust::device_ptr<float>, index_type, index_type>);
static_assert(std::is_constructible_v<device_rows<float>, thrust::device_ptr<const float>, index_type, index_type, index_type>);
static_assert(std::is_constructible_v<device_rows<float>, thrust::universal_vector<float>&, index_type, index_type>);
static_assert(!std::is_constructible_v<device_rows<float>, float*, index_type, index_type>);
static_assert(!std::is_constructible_v<device_rows<float>, std::vector<float>&, index_type, index_type>);
static_assert(!std::is_constructible_v<device_rows<float>, thrust::host_vector<float>&, index_type, index_type>);
static_assert(!std::is_constructible_v<device_rows<float>, thrust::device_vector<double>&, index_type, index_type>);
static_assert(!std::is_constructible_v<device_rows<float>, thrust::device_vector<float>&&, index_type, index_type>);

bool all_zero(const matrix<double>& m) { return m.size() > 0 && (m.array() == 0).all(); }

/// A matrix in a device vector.
template <class T>
thrust::device_vector<T> moved(const matrix<T>& m) {
  return {m.data(), m.data() + m.size()};
}

using T = float;  // in which the edges are tried; what double adds, the tests of the tile engine have

answer on_thrust_of(const any_loss& loss, const matrix<T>& a) { return on_thrust<T>(loss, views<T>{a}); }
answer on_thrust_of(const any_loss& loss, const matrix<T>& a, const matrix<T>& b) { return on_thrust<T>(loss, views<T>{a, b}); }

}  // namespace

TEMPLATE_TEST_CASE("thrust: device vectors with a shape, views of them, and fixed rows are taken", "", float, double) {
  using Scalar = TestType;
  const matrix<Scalar> q = random_rows<Scalar>(9, 5, 1), k = random_rows<Scalar>(9, 5, 2),
                       queue = random_rows<Scalar>(14, 5, 3);
  const answer expected = by_definition(info_nce{}, views<Scalar>{q, k, queue});
  const auto device_q = moved(q), device_k = moved(k), device_queue = moved(queue);
  thrust_engine::evaluator<Scalar> evaluate;
  const device_rows keys(device_k.data(), 9, 5),
      negatives(thrust::device_pointer_cast(thrust::raw_pointer_cast(device_queue.data())), 14, 5, 5);
  const device_rows queries(device_q, 9, 5);
  const auto& r = evaluate.value_and_gradient(info_nce{}, queries, keys, no_gradient(negatives));
  CHECK(r.gradients.at(2).empty());
  const answer came = widened(r, {queries, keys, no_gradient(negatives)});
  CHECK(error_of(expected, came, 0.1, true) <= tolerance<Scalar>(0.1));
  CHECK(error_of(expected.loss, static_cast<double>(evaluate.value(info_nce{}, queries, keys, negatives))) <=
        tolerance<Scalar>(0.1));

  // Queries that are fixed still count in the temperature's gradient.
  const auto& fixed = evaluate.value_and_gradient(info_nce{}, no_gradient(queries), keys, negatives);
  CHECK(fixed.gradients.at(0).empty());
  CHECK(error_of(expected, widened(fixed, {no_gradient(queries), keys, negatives}), 0.1, true) <= tolerance<Scalar>(0.1));
}

TEST_CASE("thrust: an evaluator serves calls of changing size, loss and reduction") {
  INFO("seed " << run_seed());
  thrust_engine::evaluator<T> evaluate;
  for (const index_type n : {40, 3, 70, 1})
    for (const reduction reduce : all_reductions) {
      INFO("n " << n << ", reduction " << static_cast<int>(reduce));
      const matrix<T> a = random_rows<T>(n, 6, 1), b = random_rows<T>(n, 6, 2);
      const std::vector<int> labels = random_labels(n, 5, 11);
      const auto check = [&](const auto& loss, const views<T>& rows) {
        CHECK(error_of(by_definition(loss, rows), on_thrust<T>(loss, rows, evaluate), 0.2, reduce == reduction::mean) <=
              tolerance<T>(0.2));
      };
      check(nt_xent{.temperature = 0.2, .reduction = reduce}, {a, b});
      check(sup_con{.temperature = 0.2, .reduction = reduce, .labels = labels}, {a});
      check(siglip{.temperature = 0.2, .reduction = reduce, .bias = -3}, {a, b});
      check(clip{.temperature = 0.2, .reduction = reduce}, {a, b});
    }
}

TEMPLATE_TEST_CASE("thrust: the loss alone leaves the last gradients, and a refused call the whole last result", "", float,
                   double) {
  using Scalar = TestType;
  const auto a = moved<Scalar>(random_rows<Scalar>(9, 5, 1)), b = moved<Scalar>(random_rows<Scalar>(9, 5, 2));
  matrix<Scalar> broken = random_rows<Scalar>(4, 5, 3);
  broken(1, 1) = std::numeric_limits<Scalar>::quiet_NaN();
  const auto c = moved<Scalar>(broken);
  const device_rows rows_a(a, 9, 5), rows_b(b, 9, 5), rows_c(c, 4, 5);
  thrust_engine::evaluator<Scalar> evaluate({.check_finite = true});
  const auto& r = evaluate.value_and_gradient(nt_xent{}, rows_a, rows_b);
  const answer before = widened(r, {rows_a, rows_b});
  CHECK(static_cast<double>(evaluate.value(nt_xent{}, rows_a, rows_b)) == before.loss);
  CHECK(widened(r, {rows_a, rows_b}).gradients == before.gradients);
  CHECK_THROWS_AS(evaluate.value_and_gradient(nt_xent{}, rows_c, rows_c), std::invalid_argument);
  const answer after = widened(r, {rows_a, rows_b});
  CHECK(after.loss == before.loss);
  CHECK(after.gradients == before.gradients);
}

TEST_CASE("thrust: an anchor without a positive has loss 0 and is not counted in the mean") {
  const matrix<T> z = random_rows<T>(3, 2, 1);
  const std::vector<int> labels{0, 0, 1};
  const conditional_contrastive mean{.labels = labels}, none{.reduction = reduction::none, .labels = labels};
  const answer rows = on_thrust_of(none, z);
  CHECK(rows.valid_anchors == 2);
  CHECK(rows.per_anchor.at(2) == 0);
  CHECK(error_of((rows.per_anchor[0] + rows.per_anchor[1]) / 2, on_thrust_of(mean, z).loss) <= tolerance<T>(1));
}

TEST_CASE("thrust: no anchor with a positive gives loss 0, gradients 0 and no valid anchor") {
  const std::vector<int> labels{0, 1, 2, 3, 4, 5};
  for (const index_type n : {6, 1})
    for (const reduction r : all_reductions)
      for (const similarity s : all_similarities) {
        const matrix<T> z = T(100) * random_rows<T>(n, 3, 1);
        const label_view own(labels.data(), n);
        for (const answer& a : {on_thrust_of(conditional_contrastive{1.0, s, r, own}, z),
                                on_thrust_of(sup_con{0.1, s, r, pooling::log_sum, own}, z),
                                on_thrust_of(sup_con{0.1, s, r, pooling::mean_log, own}, z)}) {
          CHECK(a.loss == 0);
          CHECK(a.temperature_gradient == 0);
          CHECK(a.valid_anchors == 0);
          CHECK(all_zero(a.gradients.at(0)));
          CHECK(a.per_anchor == std::vector<double>(r == reduction::none ? static_cast<std::size_t>(n) : 0, 0.0));
        }
      }
}

TEST_CASE("thrust: under cosine a zero row has similarity 0 to all and gradient 0") {
  for (const double length : {0.0, 1e-13}) {
    INFO("norm " << length);
    matrix<T> a = random_rows<T>(4, 3, 1), b = random_rows<T>(4, 3, 2);
    a.row(1).setZero();
    const answer expected = on_thrust_of(nt_xent{}, a, b);
    CHECK(error_of(by_definition(nt_xent{}, views<T>{a, b}), expected, 0.5, true) <= tolerance<T>(0.5));
    a(1, 0) = static_cast<T>(length);
    const answer r = on_thrust_of(nt_xent{}, a, b);
    CHECK(r.loss == expected.loss);
    CHECK(all_zero(r.gradients.at(0).row(1)));
    CHECK(r.gradients.at(0).row(0).norm() > 0.01);
  }
  const matrix<T> zero = matrix<T>::Zero(5, 3);
  const answer r = on_thrust_of(nt_xent{}, zero, zero);
  CHECK(error_of(std::log(9.0), r.loss) <= tolerance<T>(1));
  CHECK(all_zero(r.gradients.at(0)));
}

TEST_CASE("thrust: a positive alone in its denominator has loss 0 and gradients 0 at any temperature") {
  INFO("seed " << run_seed());
  for (const double temperature : {0.5, 0.07, 0.005})
    for (const similarity kind : all_similarities) {
      const matrix<T> a = random_rows<T>(1, 33, 1), b = a + T(0.1) * random_rows<T>(1, 33, 2);
      for (const answer& r : {on_thrust_of(info_nce{temperature, kind}, a, b), on_thrust_of(nt_xent{temperature, kind}, a, b),
                              on_thrust_of(clip{temperature, kind}, a, b)}) {
        CHECK(r.loss == 0);
        CHECK(error_of(0, r.temperature_gradient) <= 1e-9);
        for (const auto& g : r.gradients) CHECK(g.norm() <= 1e-9);
      }
    }
}

TEST_CASE("thrust: rows of any scale have the cosine of their direction, and distances bear any offset") {
  INFO("seed " << run_seed());
  const matrix<T> a = random_rows<T>(9, 4, 1), b = random_rows<T>(9, 4, 2);
  const answer expected = on_thrust_of(nt_xent{}, a, b);
  for (const double scale : {1e-10, 1e10, 1e30}) {
    INFO("scale " << scale);
    matrix<T> scaled = a;
    scaled.row(3) *= static_cast<T>(scale);
    const answer r = on_thrust_of(nt_xent{}, scaled, b);
    CHECK(error_of(expected.loss, r.loss) <= tolerance<T>(0.5));
    matrix<double> gradient = r.gradients.at(0);
    gradient.row(3) = scale < 1e20 ? matrix<double>(gradient.row(3) * scale) : matrix<double>(expected.gradients.at(0).row(3));
    CHECK(error_of(expected.gradients.at(0), gradient) <= tolerance<T>(0.5));
  }

  const nt_xent far{.similarity = similarity::negative_squared_euclidean};
  const T offset = 1024;
  const matrix<T> far_a = a.array() + offset, far_b = b.array() + offset, near_a = far_a.array() - offset,
                  near_b = far_b.array() - offset;
  CHECK(error_of(on_thrust_of(far, near_a, near_b), on_thrust_of(far, far_a, far_b), 0.5, true) <= tolerance<T>(0.5));
}

TEST_CASE("thrust: weights from the smallest to 1e30 agree with the definition") {
  const matrix<T> q = random_rows<T>(40, 5, 1), k = random_rows<T>(40, 5, 2);
  for (const float scale : {1e-30f, 1e10f, 1e30f})
    for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
      INFO("scale " << scale << ", seed " << run_seed());
      const matrix<float> w = scale * random_weights(40, 40, 3);
      const weighted_info_nce loss{.temperature = 0.2, .normalize = normalize, .weights = w};
      CHECK(error_of(by_definition(loss, views<T>{q, k}), on_thrust<T>(loss, views<T>{q, k}), 0.2, true) <= tolerance<T>(0.2));
    }
}

TEMPLATE_TEST_CASE("thrust: what is refused names the argument, and check_finite the row", "", float, double) {
  using Scalar = TestType;
  matrix<Scalar> a = random_rows<Scalar>(4, 3, 1), b = random_rows<Scalar>(5, 3, 2);
  const auto device_a = moved(a), device_b = moved(b);
  const device_rows rows_a(device_a, 4, 3), rows_b(device_b, 5, 3), narrow(device_a, 6, 2);
  thrust_engine::evaluator<Scalar> evaluate;
  CHECK(refusal([&] { evaluate.value(nt_xent{}, rows_a, rows_b); }) ==
        "contrastive: nt_xent: argument 2: expected 4 rows as in argument 1, got 5 rows");
  CHECK(refusal([&] { evaluate.value(nt_xent{}, rows_a, narrow); }) ==
        "contrastive: nt_xent: argument 2: expected 3 columns as in argument 1, got 2 columns");
  CHECK(refusal([&] { evaluate.value_and_gradient(nt_xent{.temperature = 0}, rows_a, rows_a); }) ==
        "contrastive: nt_xent: temperature: expected a positive finite number, got 0");
  CHECK(refusal([&] { evaluate.value(nt_xent{}, rows_a, device_rows(thrust::device_ptr<Scalar>(), 4, 3)); }) ==
        "contrastive: nt_xent: argument 2: expected memory, got a null pointer");
  CHECK(refusal([&] { device_rows<Scalar>(device_a, 4, 4); }) == "contrastive: device_rows: elements: expected 4 x 4, got 12");

  const std::vector<int> labels{0, 1, 2, 1};  // in memory that the host can read, as all of its own is
  CHECK(refusal([&] {
          evaluate.value(conditional_contrastive{.labels = labels}, rows_a, device_rows(device_a.data(), 2, 3));
        }) == "contrastive: conditional_contrastive: labels[2]: expected a row of the proxies, 0 to 1, got 2");

  b(2, 1) = std::numeric_limits<Scalar>::quiet_NaN();
  const auto device_bad = moved(b);
  thrust_engine::evaluator<Scalar> careful({.check_finite = true});
  CHECK(refusal([&] { careful.value(info_nce{.in_batch_negatives = false}, rows_a, rows_a, device_rows(device_bad, 5, 3)); }) ==
        "contrastive: info_nce: argument 3, row 2: expected finite numbers, got NaN or infinity");
}

}  // namespace contrastive::testing
