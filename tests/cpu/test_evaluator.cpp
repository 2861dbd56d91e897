// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the CPU: threads, repetition, layouts, memory of the caller's, arguments without a gradient.
#include <Eigen/Core>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/own_losses.hpp>
#include <support/refusal.hpp>
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
    const auto check = [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const result<T> expected = call(one, loss, rows);
      CHECK(std::isfinite(expected.loss));
      CHECK(same_bits(expected, call(two, loss, rows)));
      CHECK(same_bits(expected, call(four, loss, rows)));
      CHECK(same_bits(expected, call(all, loss, rows)));
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
    const auto check = [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      CHECK(same_bits<T>(result<T>(call(kept, loss, rows)), call(again, loss, rows)));
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
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what << ", n " << n);
      evaluator<T> fresh({.threads = 2});
      CHECK(same_bits(call(fresh, loss, rows), call(kept, loss, rows)));
    });
  }
}

TEMPLATE_TEST_CASE("evaluator: the value alone is the loss that comes with the gradient", "", float, double) {
  using T = TestType;
  evaluator<T> evaluate({.threads = 2});
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const T with_gradient = call(evaluate, loss, rows).loss;
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

TEMPLATE_TEST_CASE("evaluator: labels of any integer, and those of a column of a row-major matrix, are the same labels", "",
                   unsigned char, short, unsigned, std::size_t, long long) {
  INFO("seed " << run_seed());
  const matrix<double> z = random_rows<double>(20, 3, 1), proxies = random_rows<double>(4, 3, 3);
  const std::vector<int> labels = random_labels<int>(20, 4, 2);
  const std::vector<TestType> others(labels.begin(), labels.end());
  Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> meta(20, 3);
  meta.setConstant(1);
  for (index_type i = 0; i < 20; ++i) meta(i, 1) = others[static_cast<std::size_t>(i)];
  const auto check = [&](auto loss, const auto&... embeddings) {
    loss.labels = labels;
    const result<double> expected = value_and_gradient(loss, embeddings...);
    CHECK(expected.valid_anchors > 0);
    loss.labels = others;
    CHECK(same_bits(expected, value_and_gradient(loss, embeddings...)));
    loss.labels = meta.col(1);
    CHECK(same_bits(expected, value_and_gradient(loss, embeddings...)));
    loss.labels = label_view(meta.data() + 1, 20, 3);
    CHECK(same_bits(expected, value_and_gradient(loss, embeddings...)));
  };
  check(sup_con{}, z);
  check(sup_con{}, z, z);  // labels that views share
  check(conditional_contrastive{}, z, proxies);
}

TEST_CASE("evaluator: weights are read as they lie, column-major and every second column of a larger matrix") {
  INFO("seed " << run_seed());
  const matrix<double> q = random_rows<double>(9, 3, 1), k = random_rows<double>(9, 3, 2);
  const matrix<float> weights = random_weights(9, 9, 3);
  const Eigen::MatrixXf by_columns = weights;
  Eigen::MatrixXf within = Eigen::MatrixXf::Constant(12, 20, -1);
  Eigen::Map<Eigen::MatrixXf, 0, Eigen::OuterStride<>> every_second(within.data() + 1, 9, 9, Eigen::OuterStride<>(24));
  every_second = weights;
  for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
    const auto with = [&](const weight_matrix& w) {
      return value_and_gradient(weighted_info_nce{.normalize = normalize, .weights = w}, q, k);
    };
    const result<double> expected = with(weights);
    CHECK(same_bits(expected, with(by_columns)));
    CHECK(same_bits(expected, with(every_second)));
  }
}

TEMPLATE_TEST_CASE("evaluator: gradients go to blocks of one matrix, row- or column-major", "", float, double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const index_type n = 21, d = 5;
  const matrix<T> a = random_rows<T>(n, d, 1), b = random_rows<T>(n, d, 2);
  evaluator<T> evaluate;
  const result<T> expected = evaluate.value_and_gradient(nt_xent{}, a, b);
  const auto check = [&](auto g) {
    g.resize(2 * n, d);
    g.setConstant(77);
    evaluate.value_and_gradient_into({g.topRows(n), g.bottomRows(n)}, nt_xent{}, a, b);
    CHECK(g.topRows(n) == expected.gradients[0]);
    CHECK(g.bottomRows(n) == expected.gradients[1]);
    g.resize(n, 2 * d);
    g.setConstant(77);
    evaluate.value_and_gradient_into({g.leftCols(d), g.rightCols(d)}, nt_xent{}, a, b);
    CHECK(g.leftCols(d) == expected.gradients[0]);
    CHECK(g.rightCols(d) == expected.gradients[1]);
    CHECK(refusal([&] {
            evaluate.value_and_gradient_into({g.leftCols(d), g.middleCols(d - 1, d)}, nt_xent{}, a, b);
          }) == "contrastive: nt_xent: gradients[1]: expected memory of its own, got memory that overlaps gradients[0]");
  };
  check(matrix<T>{});
  check(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>{});
}

TEST_CASE("evaluator: a vector of matrices stands for all of them, as argument and as memory for gradients") {
  const std::vector<Eigen::MatrixXf> z{random_rows<float>(8, 3, 1), random_rows<float>(8, 3, 2), random_rows<float>(8, 3, 3)};
  evaluator<float> evaluate;
  const result<float> expected = evaluate.value_and_gradient(nt_xent{}, z[0], z[1], z[2]);
  CHECK(evaluate.value(nt_xent{}, z) == expected.loss);
  CHECK(same_bits(expected, evaluate.value_and_gradient(nt_xent{}, z)));
  CHECK(value(nt_xent{}, z) == expected.loss);
  CHECK(same_bits(expected, value_and_gradient(nt_xent{}, z)));
  CHECK(same_bits(expected, value_and_gradient(nt_xent{}, z[0], std::vector<Eigen::MatrixXf>{z[1], z[2]})));
  CHECK(same_bits(expected, value_and_gradient(nt_xent{}, std::vector<matrix_view<const float>>(z.begin(), z.end()))));

  std::vector<Eigen::MatrixXf> gradients(3, Eigen::MatrixXf(8, 3));
  evaluate.value_and_gradient_into(gradients, nt_xent{}, z);
  for (std::size_t g = 0; g < 3; ++g) CHECK(gradients[g] == expected.gradients[g]);
  for (auto& g : gradients) g.setZero();
  evaluate.value_and_gradient_into(gradients, nt_xent{}, z[0], z[1], z[2]);
  for (std::size_t g = 0; g < 3; ++g) CHECK(gradients[g] == expected.gradients[g]);
  for (auto& g : gradients) g.setZero();
  evaluate.value_and_gradient_into({gradients[0], matrix_view<float>{}, gradients[2]}, nt_xent{}, z);
  CHECK(gradients[0].isApprox(expected.gradients[0], 1e-5f));
  CHECK(gradients[1].isZero(0));
  CHECK(gradients[2].isApprox(expected.gradients[2], 1e-5f));
}

TEST_CASE("evaluator: no memory for gradients is refused, not taken for a wish for the result's own") {
  const std::vector<matrix<float>> z{random_rows<float>(8, 3, 1), random_rows<float>(8, 3, 2)};
  evaluator<float> evaluate;
  const std::string words = "contrastive: nt_xent: gradients: expected 2 views, one an embedding argument, got 0";
  std::vector<matrix<float>> none;
  CHECK(refusal([&] { evaluate.value_and_gradient_into(none, nt_xent{}, z); }) == words);
  CHECK(refusal([&] { evaluate.value_and_gradient_into({}, nt_xent{}, z[0], z[1]); }) == words);
}

TEST_CASE("evaluator: one that was moved goes on, one that was moved from says so") {
  struct trainer {
    evaluator<double> evaluate{{.threads = 1}};
    nt_xent loss = {};
  };
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<trainer>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<trainer>);
  const matrix<double> a = random_rows<double>(8, 3, 1), b = random_rows<double>(8, 3, 2);
  const result<double> expected = value_and_gradient(nt_xent{}, a, b);
  std::vector<trainer> trainers(1);
  const result<double>& before = trainers[0].evaluate.value_and_gradient(trainers[0].loss, a, b);
  trainers.resize(20);  // moves the first
  CHECK(same_bits(expected, before));
  CHECK(same_bits(expected, trainers[0].evaluate.value_and_gradient(nt_xent{}, a, b)));

  evaluator<double>& from = trainers[0].evaluate;
  evaluator<double> to(std::move(from));
  const std::string words =
      "contrastive: nt_xent: evaluator: expected one that holds its workspace, got one that was moved from";
  CHECK(refusal([&] { from.value(nt_xent{}, a, b); }) == words);
  CHECK(refusal([&] { from.value_and_gradient(nt_xent{}, a, b); }) == words);
  matrix<double> one(8, 3), other(8, 3);
  CHECK(refusal([&] { from.value_and_gradient_into({one, other}, nt_xent{}, a, b); }) == words);
  CHECK(same_bits(expected, to.value_and_gradient(nt_xent{}, a, b)));
  from = std::move(to);
  CHECK(same_bits(expected, from.value_and_gradient(nt_xent{}, a, b)));
}

TEST_CASE("evaluator: a member of an aggregate is made by empty braces") {
  struct objective {
    nt_xent loss;
    evaluator<double> evaluate;
  };
  objective of_views{{.temperature = 0.3}, {}};
  const Eigen::MatrixXd z1 = Eigen::MatrixXd::Identity(4, 4), z2 = z1.rowwise().reverse();
  CHECK(of_views.evaluate.value(of_views.loss, z1, z2) == value(nt_xent{.temperature = 0.3}, z1, z2));
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
