// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Anchors that the engine takes in the order of their classes: nobody sees it in a result.
#include <algorithm>
#include <cstring>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/naive_answer.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

constexpr int classes_of_rows[] = {2, 3, 10, 0, -1};  // 0: a fourth as many as rows, -1: as many
int number_of_classes(int given, index_type n) {
  const index_type many = given > 0 ? given : given == 0 ? n / 4 : n;
  return static_cast<int>(std::max<index_type>(1, many));
}

/// Calls visit(what, loss, views) for each labelled loss with random labels of so many classes.
template <class T, class Visit>
void each_labelled_loss(const setting& s, int classes, Visit visit) {
  const index_type n = s.n;
  const arguments<T> one(s, {n}), two(s, {n, n}), with_proxies(s, {n, classes});
  const std::vector<int> labels = random_labels(n, classes, 11);
  std::vector<double> weights(static_cast<std::size_t>(n));
  for (index_type i = 0; i < n; ++i) weights[static_cast<std::size_t>(i)] = static_cast<double>(i % 4);
  weights[0] = 0.5;
  const double t = s.temperature;
  visit("sup_con mean_log", sup_con{t, s.similarity, s.reduction, pooling::mean_log, labels}, one.views());
  visit("sup_con log_sum with weights", sup_con{t, s.similarity, s.reduction, pooling::log_sum, labels, weights}, one.views());
  visit("sup_con of two views that share labels", sup_con{t, s.similarity, s.reduction, pooling::mean_log, labels},
        two.views());
  visit("conditional_contrastive", conditional_contrastive{t, s.similarity, s.reduction, labels}, one.views());
  visit("conditional_contrastive with proxies and weights",
        conditional_contrastive{t, s.similarity, s.reduction, labels, weights}, with_proxies.views());
  visit("sincere per anchor of two views that share labels", sincere{t, s.similarity, s.reduction, average::per_anchor, labels},
        two.views());
  visit("sincere per pair with weights", sincere{t, s.similarity, s.reduction, average::per_pair, labels, weights},
        one.views());
  visit("d2d_ce with weights", d2d_ce{t, s.similarity, s.reduction, 0.6, -0.2, labels, weights}, with_proxies.views());
}

template <class T>
void check_against_the_definition(const setting& s, int classes) {
  INFO(s.text() << ", " << classes << " classes");
  evaluator<T> evaluate({.threads = 2}), computing_again({.threads = 2, .memory_budget = 0});
  each_labelled_loss<T>(s, classes, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    INFO(what);
    const result<T>& kept = call(evaluate, loss, rows);
    CHECK(error_of(by_definition(loss, rows), widened(kept), s.temperature, s.reduction == reduction::mean) <=
          tolerance<T>(s.temperature));
    CHECK(same_bits(kept, call(computing_again, loss, rows)));
  });
}

template <class T>
bool same_numbers(const matrix<T>& a, const matrix_view<T>& b) {
  bool same = a.rows() == b.rows && a.cols() == b.cols;
  for (index_type r = 0; same && r < b.rows; ++r)
    for (index_type c = 0; c < b.cols; ++c) same = same && std::memcmp(&a(r, c), &b(r, c), sizeof(T)) == 0;
  return same;
}

/// Rows of classes and of groups: rows of other groups count, those of the same class among them are positives. Writes down
/// what it is told of an order.
struct grouped {
  double temperature = 0.2;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::none;
  contrastive::arrangement arrangement = contrastive::arrangement::all_against_all;
  label_view labels = {}, groups = {};  // of all candidates
  index_type num_rows = 0;              // anchors
  int* calls = nullptr;
  bool* right = nullptr;
  const index_type* rows = nullptr;
  const std::int64_t* classes = nullptr;

  static constexpr mean_log rule{.average = true};
  static constexpr pair_statements says{.symmetric = true, .tiles = true, .row_classes = true};

  index_type number(index_type j) const { return rows != nullptr && j < num_rows ? rows[j] : j; }
  double denominator(index_type i, index_type j) const { return groups[number(i)] != groups[number(j)] ? 1 : 0; }
  double positive(index_type i, index_type j) const { return labels[number(i)] == labels[number(j)] ? denominator(i, j) : 0; }
  tile_statement of_tile(const tile& t) const {
    if (classes == nullptr || t.candidate_end > num_rows) return {};
    const bool apart =
        classes[t.anchor_end - 1] < classes[t.candidate_begin] || classes[t.candidate_end - 1] < classes[t.anchor_begin];
    return {tile_weights::general, apart ? tile_positives::none : tile_positives::general};
  }
  std::int64_t row_class(index_type i) const { return labels[i]; }
  void renumber(const index_type* r, const std::int64_t* c) {
    rows = r, classes = c;
    ++*calls;
    for (index_type i = 0; i < num_rows; ++i) {
      *right = *right && c[i] == labels[r[i]];
      if (i > 0) *right = *right && (c[i - 1] < c[i] || (c[i - 1] == c[i] && r[i - 1] < r[i]));
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("row order: of any number of rows and classes, labelled losses agree with their definition", "", float,
                   double) {
  int turn = 0;
  for (const index_type n : {1, 2, 3, 33, 95, 96, 129, 300})
    for (const int given : classes_of_rows) {
      constexpr double temperatures[] = {0.5, 0.1};
      const setting s{n,
                      turn % 2 == 0 ? 32 : 5,
                      all_similarities[turn % 3],
                      all_reductions[turn / 3 % 3],
                      temperatures[turn % 2],
                      turn % num_layouts};
      check_against_the_definition<TestType>(s, number_of_classes(given, n));
      ++turn;
    }
}

TEMPLATE_TEST_CASE("row order: over several blocks of rows, labelled losses agree with their definition", "", float, double) {
  for (const int given : classes_of_rows)
    check_against_the_definition<TestType>({601, 3, similarity::cosine, reduction::none, 0.2, 0},
                                           number_of_classes(given, 601));
}

TEMPLATE_TEST_CASE("row order: gradients come to the rows that the caller means, in memory of any layout", "", float, double) {
  using T = TestType;
  for (const index_type d : {32, 64, 40})  // what fills whole vectors may be summed in the caller's memory
    for (int layout = 0; layout < 2 * num_layouts; ++layout) {
      const setting s{150, d, similarity::cosine, reduction::none, 0.2, 0};
      each_labelled_loss<T>(s, 7, [&](const char* what, const any_loss& loss, const views<T>& rows) {
        INFO(what << ", d " << d << ", layout " << layout);
        evaluator<T> evaluate({.threads = 2});
        const result<T> expected = call(evaluate, loss, rows);
        std::vector<laid_out<T>> held;
        std::vector<matrix_view<T>> into;
        for (const auto& v : rows) {  // all of one layout, and each of another one
          held.emplace_back(matrix<T>::Zero(v.rows, v.cols),
                            layout < num_layouts ? layout : layout + static_cast<int>(held.size()));
        }
        for (const auto& h : held) into.push_back(h.view());
        call_into(evaluate, into, loss, rows);
        for (std::size_t a = 0; a < rows.size(); ++a) CHECK(same_numbers(expected.gradients[a], into[a]));
      });
    }
}

TEMPLATE_TEST_CASE("row order: gradients may be written over the embeddings", "", float, double) {
  using T = TestType;
  each_labelled_loss<T>({150, 64, similarity::cosine, reduction::mean, 0.2, 0}, 9,
                        [](const char* what, const any_loss& loss, const views<T>& rows) {
                          INFO(what);
                          std::vector<matrix<T>> held;
                          for (const auto& v : rows) {
                            held.emplace_back(v.rows, v.cols);
                            for (index_type r = 0; r < v.rows; ++r)
                              for (index_type c = 0; c < v.cols; ++c) held.back()(r, c) = v(r, c);
                          }
                          evaluator<T> evaluate({.threads = 2});
                          const result<T> expected = call(evaluate, loss, rows);
                          const views<T> in(held.begin(), held.end());
                          const std::vector<matrix_view<T>> out(held.begin(), held.end());
                          call_into(evaluate, out, loss, in);
                          for (std::size_t a = 0; a < held.size(); ++a) CHECK(held[a] == expected.gradients[a]);
                        });
}

TEMPLATE_TEST_CASE("row order: one, two and three threads give the same bits", "", float, double) {
  using T = TestType;
  for (const int classes : {3, 175})
    each_labelled_loss<T>({700, 32, similarity::cosine, reduction::none, 0.2, 0}, classes,
                          [classes](const char* what, const any_loss& loss, const views<T>& rows) {
                            INFO(what << ", " << classes << " classes");
                            evaluator<T> alone({.threads = 1});
                            const result<T> expected = call(alone, loss, rows);
                            for (const int threads : {2, 3}) {
                              evaluator<T> evaluate({.threads = threads});
                              CHECK(same_bits(expected, call(evaluate, loss, rows)));
                            }
                          });
}

TEMPLATE_TEST_CASE("row order: rows that come by class and the same rows in any order give the same numbers", "", float,
                   double) {
  using T = TestType;
  const index_type n = 200;
  const matrix<T> shuffled = random_rows<T>(n, 32, 1);
  const std::vector<int> labels = random_labels(n, 6, 2);
  std::vector<index_type> order;
  for (index_type i = 0; i < n; ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](index_type a, index_type b) {
    return labels[static_cast<std::size_t>(a)] < labels[static_cast<std::size_t>(b)];
  });
  matrix<T> sorted(n, 32);
  std::vector<int> sorted_labels;
  for (index_type i = 0; i < n; ++i) {
    const index_type from = order[static_cast<std::size_t>(i)];
    sorted.row(i) = shuffled.row(from);
    sorted_labels.push_back(labels[static_cast<std::size_t>(from)]);
  }
  const auto a = value_and_gradient(sup_con{.labels = labels}, shuffled),
             b = value_and_gradient(sup_con{.labels = sorted_labels}, sorted);
  CHECK(a.loss == b.loss);
  CHECK(a.temperature_gradient == b.temperature_gradient);
  for (index_type i = 0; i < n; ++i) CHECK(a.gradients[0].row(order[static_cast<std::size_t>(i)]) == b.gradients[0].row(i));
}

TEMPLATE_TEST_CASE("row order: labels at a stride, of other types, beyond 2^63 and below 0 are read as they lie", "", float,
                   double) {
  using T = TestType;
  const index_type n = 130;
  const arguments<T> rows({n, 32, similarity::cosine, reduction::none, 0.2, 0}, {n});
  const std::vector<int> labels = random_labels(n, 5, 3);
  Eigen::Matrix<int, Eigen::Dynamic, 3, Eigen::RowMajor> column = Eigen::Matrix<int, Eigen::Dynamic, 3>::Constant(n, 3, 9);
  std::vector<std::uint64_t> huge;
  std::vector<signed char> small;
  for (index_type i = 0; i < n; ++i) {
    const int label = labels[static_cast<std::size_t>(i)];
    column(i, 1) = label;
    huge.push_back((std::uint64_t{1} << 63) - 2 + static_cast<std::uint64_t>(label));
    small.push_back(static_cast<signed char>(label - 3));
  }
  for (const label_view view : {label_view(labels), label_view(column.col(1)), label_view(huge), label_view(small)}) {
    const sup_con loss{0.2, similarity::cosine, reduction::none, pooling::log_sum, view};
    CHECK(error_of(by_definition(loss, rows.views()), on_cpu<T>(loss, rows.views()), 0.2, false) <= tolerance<T>(0.2));
  }
}

TEMPLATE_TEST_CASE("row order: a view whose gradient nobody wants changes nothing for the other", "", float, double) {
  using T = TestType;
  const matrix<T> a = random_rows<T>(90, 32, 1), b = random_rows<T>(90, 32, 2), proxies = random_rows<T>(6, 32, 3);
  const std::vector<int> labels = random_labels(90, 6, 4);
  const double near = tolerance<T>(0.1);
  const auto agree = [&](const matrix<T>& x, const matrix<T>& y) {
    CHECK(error_of(matrix<double>(x.template cast<double>()), matrix<double>(y.template cast<double>())) <= near);
  };
  const sup_con views{.labels = labels};
  const auto both = value_and_gradient(views, a, b), first = value_and_gradient(views, a, no_gradient(b)),
             second = value_and_gradient(views, no_gradient(a), b),
             none = value_and_gradient(views, no_gradient(a), no_gradient(b));
  for (const auto* r : {&first, &second, &none})
    CHECK(error_of(static_cast<double>(both.loss), static_cast<double>(r->loss)) <= near);
  agree(both.gradients[0], first.gradients[0]);
  agree(both.gradients[1], second.gradients[1]);
  CHECK(first.gradients[1].size() + second.gradients[0].size() + none.gradients[0].size() + none.gradients[1].size() == 0);

  const conditional_contrastive with_proxies{.labels = labels};
  const auto all = value_and_gradient(with_proxies, a, proxies),
             of_rows = value_and_gradient(with_proxies, a, no_gradient(proxies)),
             of_proxies = value_and_gradient(with_proxies, no_gradient(a), proxies);
  agree(all.gradients[0], of_rows.gradients[0]);
  agree(all.gradients[1], of_proxies.gradients[1]);
}

TEMPLATE_TEST_CASE("row order: a loss of the user's own may have one", "", float, double) {
  using T = TestType;
  for (const arrangement kind : {arrangement::all_against_all, arrangement::first_against_all}) {
    const index_type n = 140, others = 20, anchors = kind == arrangement::all_against_all ? n + others : n;
    const arguments<T> rows({n, 32, similarity::cosine, reduction::none, 0.2, 0}, {n, others});
    const std::vector<int> labels = random_labels(n + others, 12, 5), groups = random_labels(n + others, 40, 6);
    int calls = 0;
    bool right = true;
    const grouped loss{
        .arrangement = kind, .labels = labels, .groups = groups, .num_rows = anchors, .calls = &calls, .right = &right};
    evaluator<T> evaluate({.threads = 2});
    const answer expected = naive_answer(loss, arguments<double>({n, 32}, {n, others}).views()),
                 came = widened(evaluate.value_and_gradient(loss, rows.views()[0], rows.views()[1]));
    CHECK(error_of(expected, came, 0.2, false) <= tolerance<T>(0.2));
    CHECK(calls == 1);
    CHECK(right);
    evaluate.value_and_gradient(loss, rows.views()[0], no_gradient(rows.views()[1]));
    CHECK(calls == (kind == arrangement::all_against_all ? 1 : 2));  // of all anchors some want a gradient, some do not
  }
}

}  // namespace contrastive::testing
