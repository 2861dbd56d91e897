// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is allocated and when: nothing on the second call of a size, and a failure at any point leaves the outputs as they were.
#include <algorithm>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/counted_memory.hpp>
#include <support/engines.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

/// Visits the losses on arguments large enough that threads are woken.
template <class T>
void each_large_loss(const std::function<void(const char*, const any_loss&, const views<T>&)>& visit) {
  const setting s{300, 50, similarity::cosine, reduction::none, 0.2, 0};
  each_loss<T>(s, visit);
  const arguments<T> rows(s, {s.n, s.n});
  visit("a loss without hints", scattered{.reduction = reduction::none, .arrangement = arrangement::all_against_all},
        rows.views());
}

template <class T>
std::vector<matrix_view<T>> views_of(std::vector<matrix<T>>& matrices) {
  return {matrices.begin(), matrices.end()};
}

/// Calls of which one allocation fails, and what came of them.
struct running_out {
  int failures = 0;
  bool done = false, only_bad_alloc = true;

  /// Makes allocation k of a call fail.
  template <class Call>
  void call(long k, const Call& make) {
    allocations_left = k;
    try {
      make();
      done = true;
    } catch (const std::bad_alloc&) {
      ++failures;
    } catch (...) {
      only_bad_alloc = false;
    }
    allocations_left = -1;
  }
};

}  // namespace

TEST_CASE("memory: the counter sees what Eigen and the library allocate") {
  const long before = allocations;
  const Eigen::MatrixXd m = Eigen::MatrixXd::Zero(100, 100);
  CHECK(allocations > before);
  const long between = allocations;
  evaluator<double> evaluate({.threads = 2});
  CHECK(std::isfinite(evaluate.value(nt_xent{}, m, m)));
  CHECK(allocations > between);
}

TEMPLATE_TEST_CASE("memory: the second call of the same size allocates nothing", "", float, double) {
  using T = TestType;
  each_large_loss<T>([](const char* what, const any_loss& loss, const views<T>& rows) {
    INFO(what);
    evaluator<T> evaluate({.threads = 2});
    call(evaluate, loss, rows);
    const long before = allocations;
    const T second = call(evaluate, loss, rows).loss;
    const T third = value_on_cpu(evaluate, loss, rows);
    const long after = allocations;
    CHECK(after - before == 0);
    CHECK(std::isfinite(second));
    CHECK(second == third);

    std::vector<matrix<T>> out;
    for (const auto& v : rows) out.emplace_back(v.rows, v.cols);
    const std::vector<matrix_view<T>> into = views_of(out);
    evaluator<T> other({.threads = 2});
    call_into(other, into, loss, rows);
    const long before_into = allocations;
    call_into(other, into, loss, rows);
    CHECK(allocations - before_into == 0);
  });
}

TEMPLATE_TEST_CASE("memory: after a large call a small one of the same loss allocates nothing", "", float, double) {
  using T = TestType;
  const matrix<T> large = random_rows<T>(200, 30, 1), small = random_rows<T>(9, 4, 2);
  evaluator<T> evaluate({.threads = 2});
  std::vector<matrix<T>> out{matrix<T>(200, 30), matrix<T>(200, 30)}, little{matrix<T>(9, 4), matrix<T>(9, 4)};
  const nt_xent loss{};
  call_into(evaluate, views_of(out), loss, views<T>{large, large});
  const views<T> rows{small, small};
  const std::vector<matrix_view<T>> into = views_of(little);
  const long before = allocations;
  call_into(evaluate, into, loss, rows);
  CHECK(allocations - before == 0);
}

TEMPLATE_TEST_CASE("edge: memory that runs out at any point gives bad_alloc, and the outputs are untouched", "", float,
                   double) {
  using T = TestType;
  for (const int threads : {1, 2})
    each_large_loss<T>([threads](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what << ", threads " << threads);
      evaluator<T> reference({.threads = threads});
      const result<T> expected = call(reference, loss, rows);
      std::vector<matrix<T>> out;
      for (const auto& v : rows) out.push_back(matrix<T>::Constant(v.rows, v.cols, 7));
      const std::vector<matrix_view<T>> into = views_of(out);

      evaluator<T> evaluate({.threads = threads});
      bool untouched = true;
      running_out tried;
      for (long k = 0; k < 1000 && !tried.done; ++k) {
        tried.call(k, [&] { call_into(evaluate, into, loss, rows); });
        if (!tried.done)
          for (const auto& g : out) untouched = untouched && (g.array() == 7).all();
      }
      CHECK(tried.done);
      CHECK(tried.failures > 3);
      CHECK(untouched);
      CHECK(tried.only_bad_alloc);
      bool right = true;
      for (std::size_t g = 0; g < out.size(); ++g) right = right && out[g] == expected.gradients[g];
      CHECK(right);
    });
}

TEMPLATE_TEST_CASE("edge: whichever allocation of a call fails, the result is untouched and the next call is right", "", float,
                   double) {
  using T = TestType;
  const setting little{9, 4};
  const arguments<T> small(little, {9, 9});
  const auto each = [&](int threads, auto visit) {
    const index_type n = threads > 1 ? 300 : 40;  // large enough that threads are woken
    const setting s{n, 50, similarity::cosine, reduction::none, 0.2, 0};
    const arguments<T> two(s, {n, n}), with_queue(s, {n, n, n + 6});
    const matrix<float> weights = random_weights(n, n, 21);
    visit("info_nce with a queue", info_nce{0.2}, with_queue.views());
    visit("nt_xent, symmetric", nt_xent{0.2, similarity::cosine, reduction::none}, two.views());
    visit("clip, both ways", clip{0.2, similarity::dot, reduction::sum}, two.views());
    visit("weighted_info_nce",
          weighted_info_nce{0.2, similarity::cosine, reduction::mean, weight_normalization::mean_one, true, negatives::shared,
                            weights},
          two.views());
  };
  for (int threads = 1; threads <= (std::is_same_v<T, float> ? 2 : 1); ++threads)  // threads do not ask what a scalar is
    each(threads, [&](const char* what, const auto& loss, const views<T>& rows) {
      INFO(what << ", threads " << threads);
      const options how{.threads = threads};
      evaluator<T> reference(how);
      const result<T> expected = call(reference, loss, rows);
      const T expected_value = value_on_cpu(reference, loss, rows);

      // A new evaluator each time, as only that takes all of its memory; it has a result of another loss and of another size,
      // or of this one, where the next result goes to the memory of the last.
      const auto each_failure = [&](bool same_size, const auto& evaluate_loss, const auto& as_before) {
        running_out tried;
        bool untouched = true, right = true;
        for (long k = 0; k < 1000 && !tried.done; ++k) {
          evaluator<T> evaluate(how);
          const any_loss before_this = same_size ? any_loss(info_nce{0.9, loss.similarity, loss.reduction}) : nt_xent{};
          const result<T>& kept = call(evaluate, before_this, same_size ? rows : small.views());
          const result<T> before = kept;
          tried.call(k, [&] { evaluate_loss(evaluate); });
          if (!tried.done) untouched = untouched && same_bits(kept, before) && as_before();
          right = right && same_bits(call(evaluate, loss, rows), expected);
        }
        CHECK(tried.done);
        CHECK(tried.failures > (same_size ? -1 : 3));
        CHECK(untouched);
        CHECK(tried.only_bad_alloc);
        CHECK(right);
      };
      {
        INFO("value");
        T value = 0;
        each_failure(
            false, [&](evaluator<T>& evaluate) { value = value_on_cpu(evaluate, loss, rows); }, [] { return true; });
        CHECK(value == expected_value);
      }
      for (const bool same_size : {false, true}) {
        INFO("value_and_gradient, same size " << same_size);
        bool right = false;
        each_failure(
            same_size, [&](evaluator<T>& evaluate) { right = same_bits(call(evaluate, loss, rows), expected); },
            [] { return true; });
        CHECK(right);
      }
      {
        INFO("value_and_gradient_into");
        std::vector<matrix<T>> out;
        for (const auto& v : rows) out.push_back(matrix<T>::Constant(v.rows, v.cols, 7));
        const std::vector<matrix_view<T>> into = views_of(out);
        each_failure(
            false, [&](evaluator<T>& evaluate) { call_into(evaluate, into, loss, rows); },
            [&] { return std::all_of(out.begin(), out.end(), [](const auto& g) { return (g.array() == 7).all(); }); });
        for (std::size_t g = 0; g < out.size(); ++g) CHECK(out[g] == expected.gradients[g]);
      }
    });
}

TEMPLATE_TEST_CASE("edge: whichever allocation fails, value, value_and_gradient and a new evaluator give bad_alloc alone", "",
                   float, double) {
  using T = TestType;
  const matrix<T> a = random_rows<T>(9, 4, 1), b = random_rows<T>(9, 4, 2);
  const std::vector<matrix<T>> both{a, b};
  const T expected = value(nt_xent{}, a, b);
  T loss = 0, loss_with_gradients = 0, loss_of_list = 0;
  const auto each_failure = [](const auto& call) {
    int failures = 0;
    for (long k = 0; k < 1000; ++k) {
      allocations_left = k;
      try {
        call();
        allocations_left = -1;
        return failures;
      } catch (const std::bad_alloc&) {
        ++failures;
      }
    }
    return -1;
  };
  CHECK(each_failure([&] { loss = value(nt_xent{}, a, b); }) > 3);
  CHECK(each_failure([&] { loss_with_gradients = value_and_gradient(nt_xent{}, a, b).loss; }) > 3);
  CHECK(each_failure([&] { loss_of_list = value(nt_xent{}, both); }) > 3);
  CHECK(each_failure([&] { evaluator<T>{}; }) > 0);
  CHECK(loss == expected);
  CHECK(loss_with_gradients == expected);
  CHECK(loss_of_list == expected);
}

TEMPLATE_TEST_CASE("edge: memory that runs out leaves the last result of an evaluator as it was", "", float, double) {
  using T = TestType;
  const matrix<T> small = random_rows<T>(9, 4, 1), large = random_rows<T>(60, 20, 2);
  evaluator<T> evaluate({.threads = 1});
  const nt_xent loss{.reduction = reduction::none};
  const result<T>& kept = evaluate.value_and_gradient(loss, small, small);
  const result<T> before = kept;
  running_out tried;
  bool unchanged = true;
  for (long k = 0; k < 1000 && !tried.done; ++k) {
    tried.call(k, [&] { evaluate.value_and_gradient(loss, large, large); });
    if (!tried.done) unchanged = unchanged && same_bits(before, kept);
  }
  CHECK(tried.done);
  CHECK(tried.failures > 3);
  CHECK(tried.only_bad_alloc);
  CHECK(unchanged);
}

}  // namespace contrastive::testing
