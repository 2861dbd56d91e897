// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the CPU: threads, repetition, layouts, memory of the caller's, arguments without a gradient.
#include <Eigen/Core>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {

TEMPLATE_TEST_CASE("evaluator: one, two, four and all threads give the same bits", "", float, double) {
  using T = TestType;
  evaluator<T> one({.threads = 1}), two({.threads = 2}), four({.threads = 4}), all({.threads = 0});
  // Enough pairs that threads are woken, in blocks that do not divide evenly; a temperature for which one shift serves all
  // exponentials, and one for which each row needs its own.
  for (const double temperature : {0.1, 0.002}) {
    const setting s{521, 41, similarity::cosine, reduction::none, temperature, 0};
    INFO(s.text());
    const auto check = [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what);
      const result<T> expected = one.value_and_gradient(loss, rows);
      CHECK(std::isfinite(expected.loss));
      CHECK(same_bits(expected, two.value_and_gradient(loss, rows)));
      CHECK(same_bits(expected, four.value_and_gradient(loss, rows)));
      CHECK(same_bits(expected, all.value_and_gradient(loss, rows)));
    };
    each_loss<T>(s, check);
    const arguments<T> rows(s, {s.n, s.n});
    for (const arrangement kind : {arrangement::all_against_all, arrangement::first_against_all, arrangement::both_ways})
      check("a loss without hints", scattered{.temperature = temperature, .arrangement = kind}, rows.views());
  }
}

TEMPLATE_TEST_CASE("evaluator: logits kept or computed again give the same bits", "", float, double) {
  using T = TestType;
  evaluator<T> kept({.threads = 2}), again({.threads = 2, .memory_budget = 0});
  for (const double temperature : {0.1, 0.002}) {
    const setting s{301, 19, similarity::cosine, reduction::none, temperature, 0};
    INFO(s.text());
    const auto check = [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what);
      CHECK(same_bits<T>(result<T>(kept.value_and_gradient(loss, rows)), again.value_and_gradient(loss, rows)));
    };
    each_loss<T>(s, check);
    const arguments<T> rows(s, {s.n, s.n});
    check("a loss without hints", scattered{.temperature = temperature}, rows.views());
  }
}

TEMPLATE_TEST_CASE("evaluator: embeddings of 16 bits give what they give as float", "", Eigen::half, Eigen::bfloat16) {
  using S = TestType;
  INFO("seed " << run_seed());
  const matrix<S> a = random_rows<float>(41, 7, 1).template cast<S>(), b = random_rows<float>(41, 7, 2).template cast<S>();
  const matrix<float> wide_a = a.template cast<float>(), wide_b = b.template cast<float>();
  for (const similarity kind : all_similarities) {
    const nt_xent loss{.temperature = 0.2, .similarity = kind, .reduction = reduction::none};
    const result<float> expected = value_and_gradient(loss, wide_a, wide_b);
    CHECK(std::isfinite(expected.loss));
    CHECK(same_bits(expected, value_and_gradient(loss, wide_a, b)));  // beside float
    if constexpr (std::is_same_v<S, Eigen::half>) {
      CHECK(same_bits(expected, value_and_gradient(loss, a, b)));
      CHECK(value(loss, a, b) == expected.loss);
    } else {  // may have products of its own
      CHECK(error_of(widened(expected), widened(value_and_gradient(loss, a, b)), 0.2, false) <= tolerance<float>(0.2));
    }
  }
}

TEMPLATE_TEST_CASE("evaluator: what came before changes nothing", "", float, double) {
  using T = TestType;
  evaluator<T> kept({.threads = 2});
  INFO("seed " << run_seed());
  for (const index_type n : {7, 130, 3, 64, 1}) {  // larger and smaller by turns
    const setting s{n, n % 5 + 1, all_similarities[n % 3], reduction::none, 0.2, static_cast<int>(n)};
    each_loss<T>(s, [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what << ", n " << n);
      evaluator<T> fresh({.threads = 2});
      CHECK(same_bits(fresh.value_and_gradient(loss, rows), kept.value_and_gradient(loss, rows)));
    });
  }
}

TEMPLATE_TEST_CASE("evaluator: the value alone is the loss that comes with the gradient", "", float, double) {
  using T = TestType;
  evaluator<T> evaluate({.threads = 2});
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what);
      const T with_gradient = evaluate.value_and_gradient(loss, rows).loss;
      CHECK(value_on_cpu(evaluate, loss, rows) == with_gradient);
    });
  }
}

TEMPLATE_TEST_CASE("evaluator: matrices of every kind give the same bits", "", float, double) {
  using T = TestType;
  using column_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  INFO("seed " << run_seed());
  const matrix<T> a = random_rows<T>(37, 6, 1), b = random_rows<T>(37, 6, 2);
  const nt_xent loss{.temperature = 0.3};
  const result<T> expected = value_and_gradient(loss, a, b);

  const column_major columns = a;
  CHECK(same_bits(expected, value_and_gradient(loss, columns, b)));
  const Eigen::Matrix<T, 37, 6> fixed = a;
  CHECK(same_bits(expected, value_and_gradient(loss, fixed, b)));
  matrix<T> wide = matrix<T>::Constant(40, 12, std::numeric_limits<T>::quiet_NaN());
  wide.block(2, 3, 37, 6) = a;
  CHECK(same_bits(expected, value_and_gradient(loss, wide.block(2, 3, 37, 6), b)));
  CHECK(same_bits(expected, value_and_gradient(loss, wide.middleRows(2, 37).middleCols(3, 6), b)));
  const Eigen::Map<const matrix<T>> map(a.data(), 37, 6);
  CHECK(same_bits(expected, value_and_gradient(loss, map, b)));
  const Eigen::Ref<const matrix<T>> ref(a);
  CHECK(same_bits(expected, value_and_gradient(loss, ref, b)));
  std::vector<T> spread(37 * 6 * 3);
  Eigen::Map<matrix<T>, 0, stride> strided(spread.data(), 37, 6, stride(18, 3));
  strided = a;
  CHECK(same_bits(expected, value_and_gradient(loss, strided, b)));
  CHECK(same_bits(expected, value_and_gradient(loss, matrix_view<const T>(a.data(), 37, 6), b)));
  CHECK(same_bits(expected, value_and_gradient(loss, matrix_view<T>(spread.data(), 37, 6, 18, 3), b)));
}

TEMPLATE_TEST_CASE("evaluator: gradients go to the caller's memory, and nowhere beside it", "", float, double) {
  using T = TestType;
  evaluator<T> evaluate({.threads = 2});
  for (const similarity kind : all_similarities) {
    const setting s{70, 9, kind, reduction::mean, 0.2, 1};
    INFO(s.text());
    const arguments<T> rows(s, {s.n, s.n});
    const nt_xent loss{.temperature = s.temperature, .similarity = kind};
    const result<T> expected = evaluate.value_and_gradient(loss, rows.views());
    for (int layout = 0; layout < num_layouts; ++layout) {
      INFO("layout " << layout);
      const T untouched = 77;
      std::vector<T> memory(70 * 40, untouched);
      const index_type between_rows[] = {9, 1, 13, 19, -9}, between_cols[] = {1, 70, 1, 2, 1}, first[] = {0, 0, 2, 0, 69 * 9};
      const matrix_view<T> a(memory.data() + first[layout], 70, 9, between_rows[layout], between_cols[layout]);
      matrix<T> b(70, 9);
      const result<T>& r = evaluate.value_and_gradient_into({a, b}, loss, rows.views()[0], rows.views()[1]);
      CHECK(r.loss == expected.loss);
      CHECK(r.temperature_gradient == expected.temperature_gradient);
      CHECK(r.gradients.empty());
      bool same = true;
      for (index_type i = 0; i < 70; ++i)
        for (index_type k = 0; k < 9; ++k)
          same = same && a(i, k) == expected.gradients[0](i, k) && b(i, k) == expected.gradients[1](i, k);
      CHECK(same);
      CHECK(std::count(memory.begin(), memory.end(), untouched) == 70 * 40 - 70 * 9);
    }
  }
}

TEMPLATE_TEST_CASE("evaluator: an argument under no_gradient leaves the other gradients as they are, to rounding", "", float,
                   double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const matrix<T> q = random_rows<T>(45, 7, 1), k = random_rows<T>(45, 7, 2), queue = random_rows<T>(150, 7, 3);
  evaluator<T> evaluate;
  for (const similarity kind : all_similarities)
    for (const bool in_batch : {true, false}) {
      const info_nce loss{.temperature = 0.1, .similarity = kind, .in_batch_negatives = in_batch};
      const result<T> all = evaluate.value_and_gradient(loss, q, k, queue),
                      some = evaluate.value_and_gradient(loss, q, k, no_gradient(queue)),
                      one = evaluate.value_and_gradient(loss, q, no_gradient(k), no_gradient(queue));
      CHECK(some.loss == all.loss);
      CHECK(error_of(widened(all), widened(some), loss.temperature, true) < tolerance<T>(loss.temperature));
      REQUIRE(some.gradients.size() == 3);
      CHECK(some.gradients[0].size() > 0);
      CHECK(some.gradients[1].size() > 0);
      CHECK(some.gradients[2].size() == 0);
      CHECK(error_of(widened(all), widened(one), loss.temperature, true) < tolerance<T>(loss.temperature));
      CHECK(one.gradients[0].size() > 0);
      CHECK(one.gradients[1].size() == 0);

      matrix<T> into = matrix<T>::Zero(45, 7);
      const result<T>& r = evaluate.value_and_gradient_into({into, matrix_view<T>{}, matrix_view<T>{}}, loss, q, no_gradient(k),
                                                            no_gradient(queue));
      CHECK(r.loss == one.loss);
      CHECK(into == one.gradients[0]);
    }
}

TEST_CASE("evaluator: nt_xent takes its views as a vector too") {
  const matrix<double> a = random_rows<double>(8, 3, 1), b = random_rows<double>(8, 3, 2), c = random_rows<double>(8, 3, 3);
  evaluator<double> evaluate;
  const result<double> listed = evaluate.value_and_gradient(nt_xent{}, a, b, c);
  CHECK(same_bits(listed, evaluate.value_and_gradient(nt_xent{}, views<double>{a, b, c})));
}

TEST_CASE("evaluator: labels of 32 and of 64 bits are the same labels") {
  INFO("seed " << run_seed());
  const matrix<double> z = random_rows<double>(20, 3, 1);
  const std::vector<int> narrow = random_labels<int>(20, 4, 2);
  const std::vector<std::int64_t> wide = random_labels<std::int64_t>(20, 4, 2);
  const Eigen::VectorXi vector = Eigen::Map<const Eigen::VectorXi>(narrow.data(), 20);
  const result<double> expected = value_and_gradient(sup_con{.labels = narrow}, z);
  CHECK(expected.valid_anchors > 0);
  CHECK(same_bits(expected, value_and_gradient(sup_con{.labels = wide}, z)));
  CHECK(same_bits(expected, value_and_gradient(sup_con{.labels = vector}, z)));
  CHECK(same_bits(expected, value_and_gradient(sup_con{.labels = label_view(narrow.data(), 20)}, z)));
}

TEST_CASE("evaluator: per_anchor sums to the loss under reduction none, and is empty otherwise") {
  const matrix<double> a = random_rows<double>(12, 3, 1), b = random_rows<double>(12, 3, 2);
  const result<double> rows = value_and_gradient(nt_xent{.reduction = reduction::none}, a, b);
  const result<double> sum = value_and_gradient(nt_xent{.reduction = reduction::sum}, a, b);
  const result<double> mean = value_and_gradient(nt_xent{}, a, b);
  REQUIRE(rows.per_anchor.size() == 24);
  double total = 0;
  for (const double l : rows.per_anchor) total += l;
  CHECK(error_of(sum.loss, total) <= 1e-12);
  CHECK(error_of(sum.loss, rows.loss) <= 1e-12);
  CHECK(error_of(sum.loss / 24, mean.loss) <= 1e-12);
  CHECK(error_of(sum.gradients[0], rows.gradients[0]) <= 1e-12);
  CHECK(error_of(matrix<double>(sum.gradients[0] / 24), mean.gradients[0]) <= 1e-12);
  CHECK(sum.per_anchor.empty());
  CHECK(mean.per_anchor.empty());
  CHECK(mean.valid_anchors == 24);
}

}  // namespace contrastive::testing
