// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The weights of each loss against the table that defines them, and what each says of tiles and lists against its weights.
#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/d2d_ce.hpp>
#include <contrastive/losses/decoupled.hpp>
#include <contrastive/losses/hard_negative.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sincere.hpp>
#include <contrastive/losses/soft_targets.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>
#include <functional>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <support/random.hpp>
#include <support/refusal.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

using weight = std::function<double(index_type, index_type)>;

/// The definition: every pair has the weights of the table.
template <class P>
void check_weights(const P& pairs, index_type anchors, index_type candidates, const weight& denominator,
                   const weight& positive) {
  for (index_type i = 0; i < anchors; ++i)
    for (index_type j = 0; j < candidates; ++j) {
      INFO("anchor " << i << ", candidate " << j);
      CHECK(static_cast<double>(pairs.denominator(i, j)) == Approx(denominator(i, j)));
      CHECK(static_cast<double>(pairs.positive(i, j)) == Approx(positive(i, j)));
    }
}

/// The statements: nothing said of tiles, lists or symmetry contradicts the weights.
template <class P>
void check_statements(const P& pairs, index_type anchors, index_type candidates) {
  constexpr pair_statements says = detail::statements_of<P>();
  index_type tiled_begin = 0, tiled_end = candidates;
  if constexpr (says.tiled_range) tiled_begin = pairs.tiled_begin(), tiled_end = pairs.tiled_end();
  CHECK(0 <= tiled_begin);
  CHECK(tiled_begin <= tiled_end);
  CHECK(tiled_end <= candidates);

  std::vector<std::set<index_type>> lists(static_cast<std::size_t>(anchors));
  const auto listed = [&](index_type i, index_type j) { return lists[static_cast<std::size_t>(i)].count(j) == 1; };
  if constexpr (says.lists)
    for (index_type i = 0; i < anchors; ++i)
      for (index_type t = 0; t < pairs.listed_per_anchor(); ++t) {
        const index_type j = pairs.listed(i, t);
        if (j == no_candidate) continue;
        INFO("anchor " << i << " lists candidate " << j);
        CHECK(0 <= j);
        CHECK(j < candidates);
        CHECK(lists[static_cast<std::size_t>(i)].insert(j).second);  // twice would count twice
      }
  std::vector<double> D(static_cast<std::size_t>(candidates)), P_row(static_cast<std::size_t>(candidates));
  for (index_type i = 0; i < anchors; ++i) {
    if constexpr (says.denominator_rows) pairs.denominators(i, tiled_begin, tiled_end - tiled_begin, D.data() + tiled_begin);
    if constexpr (says.positive_rows) pairs.positives(i, tiled_begin, tiled_end - tiled_begin, P_row.data() + tiled_begin);
    for (index_type j = 0; j < candidates; ++j) {
      INFO("anchor " << i << ", candidate " << j);
      const bool tiled = tiled_begin <= j && j < tiled_end;
      const double d = static_cast<double>(pairs.denominator(i, j)), p = static_cast<double>(pairs.positive(i, j));
      if ((d > 0 || p > 0) && !tiled) CHECK(listed(i, j));
      if (says.positives_listed && p > 0) CHECK(listed(i, j));
      if (says.denominator_rows && tiled) CHECK(D[static_cast<std::size_t>(j)] == d);
      if (says.positive_rows && tiled) CHECK(P_row[static_cast<std::size_t>(j)] == p);
      if (says.symmetric && i < candidates && j < anchors) {
        CHECK(d == static_cast<double>(pairs.denominator(j, i)));
        CHECK(p == static_cast<double>(pairs.positive(j, i)));
        CHECK(listed(i, j) == listed(j, i));
      }
    }
  }
  if constexpr (says.tiles)
    for (index_type anchor_begin = 0; anchor_begin < anchors; anchor_begin += 2)  // all tiles of many sizes
      for (index_type anchor_end = anchor_begin + 1; anchor_end <= anchors; anchor_end += 3)
        for (index_type begin = tiled_begin; begin < tiled_end; ++begin)
          for (index_type end = begin + 1; end <= tiled_end; end += 2) {
            const tile_statement said = pairs.of_tile({anchor_begin, anchor_end, begin, end});
            for (index_type i = anchor_begin; i < anchor_end; ++i)
              for (index_type j = begin; j < end; ++j) {
                if (listed(i, j)) continue;
                const double d = static_cast<double>(pairs.denominator(i, j)), p = static_cast<double>(pairs.positive(i, j));
                const bool weights_hold = said.denominator == tile_weights::general ||
                                          d == (said.denominator == tile_weights::zeros  ? 0
                                                : said.denominator == tile_weights::ones ? 1
                                                                                         : (i != j ? 1 : 0));
                const bool positives_hold = said.positive == tile_positives::general ||
                                            p == (said.positive == tile_positives::none   ? 0
                                                  : said.positive == tile_positives::ones ? 1
                                                                                          : (i != j ? 1 : 0));
                if (weights_hold && positives_hold) continue;
                INFO("anchor " << i << ", candidate " << j << ", said " << static_cast<int>(said.denominator) << " and "
                               << static_cast<int>(said.positive) << " of D = " << d << ", P = " << p);
                CHECK(weights_hold);
                CHECK(positives_hold);
              }
          }
}

/// The shapes of arguments of `dim` columns.
struct shapes_of {
  std::vector<shape> held;
  shapes_of(std::initializer_list<index_type> rows) {
    for (const index_type r : rows) held.push_back({r, 3});
  }
  argument_shapes get() const { return {held.data(), static_cast<int>(held.size())}; }
};

template <class L>
auto bound(const L& loss, const shapes_of& shapes) {
  return loss.bind(shapes.get());
}

const weight diagonal = [](index_type i, index_type j) { return i == j ? 1.0 : 0.0; };
const weight off_diagonal = [](index_type i, index_type j) { return i == j ? 0.0 : 1.0; };
const weight ones = [](index_type, index_type) { return 1.0; };

}  // namespace

TEST_CASE("info_nce: its pairs are those of the table, for every set of negatives") {
  for (const index_type n : {1, 2, 5, 9}) {
    const index_type K = 4;
    const auto batch = bound(info_nce{}, {n, n}), both = bound(info_nce{}, {n, n, K}),
               queue = bound(info_nce{.in_batch_negatives = false}, {n, n, K}),
               own = bound(info_nce{.in_batch_negatives = false, .negatives = negatives::per_anchor}, {n, n, n * K}),
               batch_and_own = bound(info_nce{.negatives = negatives::per_anchor}, {n, n, n * K});
    const weight in_queue = [n](index_type i, index_type j) { return j >= n || i == j ? 1.0 : 0.0; };
    const weight is_own = [n](index_type i, index_type j) { return i == j || (j >= n && (j - n) / 4 == i) ? 1.0 : 0.0; };
    const weight is_own_or_key = [n](index_type i, index_type j) { return j < n || (j - n) / 4 == i ? 1.0 : 0.0; };
    check_weights(batch, n, n, ones, diagonal);
    check_weights(both, n, n + K, ones, diagonal);
    check_weights(queue, n, n + K, in_queue, diagonal);
    check_weights(own, n, n + n * K, is_own, diagonal);
    check_weights(batch_and_own, n, n + n * K, is_own_or_key, diagonal);
    for (const auto& p : {batch, both, queue}) check_statements(p, n, n + p.num_negatives);
    for (const auto& p : {own, batch_and_own}) check_statements(p, n, n + n * K);
  }
}

TEST_CASE("clip: all pairs count, the diagonal is positive") {
  for (const index_type n : {1, 2, 7}) {
    const auto pairs = bound(clip{}, {n, n});
    check_weights(pairs, n, n, ones, diagonal);
    check_statements(pairs, n, n);
  }
}

TEST_CASE("nt_xent: all rows but the own count, the other views are positive") {
  for (const index_type n : {1, 2, 5})
    for (const int views : {2, 3, 4}) {
      std::vector<shape> shapes(static_cast<std::size_t>(views), shape{n, 3});
      const index_type rows = n * views;
      const auto pairs = nt_xent{}.bind({shapes.data(), views}),
                 with_self = nt_xent{.include_self = true}.bind({shapes.data(), views});
      const weight same_sample = [n](index_type i, index_type j) { return i != j && i % n == j % n ? 1.0 : 0.0; };
      check_weights(pairs, rows, rows, off_diagonal, same_sample);
      check_weights(with_self, rows, rows, ones, same_sample);
      check_statements(pairs, rows, rows);
      check_statements(with_self, rows, rows);
    }
}

TEST_CASE("decoupled and hard_negative: rows of other samples count, the other views are positive") {
  for (const index_type n : {1, 2, 5})
    for (const int views : {2, 3}) {
      const std::vector<shape> shapes(static_cast<std::size_t>(views), shape{n, 3});
      const weight other = [n](index_type i, index_type j) { return i % n != j % n ? 1.0 : 0.0; };
      const weight view = [n](index_type i, index_type j) { return i != j && i % n == j % n ? 1.0 : 0.0; };
      const auto pairs = decoupled{}.bind({shapes.data(), views});
      check_weights(pairs, n * views, n * views, other, view);
      check_statements(pairs, n * views, n * views);
      if (views == 2) check_weights(hard_negative{}.bind({shapes.data(), views}), 2 * n, 2 * n, other, view);
    }
}

TEST_CASE("siglip: a pair of the same row is a match, every other is none") {
  for (const index_type n : {1, 2, 7}) {
    const auto pairs = bound(siglip{}, {n, n});
    check_weights(pairs, n, n, off_diagonal, diagonal);
    check_statements(pairs, n, n);
  }
}

TEST_CASE("soft_targets: all candidates count, and are positive as the targets say") {
  INFO("seed " << run_seed());
  const index_type n = 5, m = 7;
  const matrix<float> rows = random_weights(n, m, 1);
  const Eigen::MatrixXf columns = rows;  // column-major
  const auto one_third = [](index_type i, index_type j) { return (i + j) % 3 == 0 ? 0.25 : 0.0; };
  const auto pairs = bound(soft_targets{.targets = rows}, {n, m}), other = bound(soft_targets{.targets = columns}, {n, 4, 3});
  const auto computed = bound(basic_soft_targets<decltype(one_third)>{.targets = one_third}, {n, m});
  const weight target = [&rows](index_type i, index_type j) { return static_cast<double>(rows(i, j)); };
  check_weights(pairs, n, m, ones, target);
  check_weights(other, n, m, ones, target);
  check_weights(computed, n, m, ones, one_third);
  check_statements(pairs, n, m);
  check_statements(other, n, m);
  check_statements(computed, n, m);
}

TEST_CASE("sincere and d2d_ce: other classes count, positive is the own class, and the own proxy") {
  for (const std::vector<int>& labels : {std::vector<int>{0, 2, 1, 0, 2, 2, 3}, {0, 0, 0, 1, 1, 3, 3}, {2, 2, 2, 2, 2, 2, 2}}) {
    const index_type n = 7, classes = 5;
    const auto label = [&labels](index_type i) { return labels[static_cast<std::size_t>(i)]; };
    const weight other = [&](index_type i, index_type j) { return j < n && label(i) != label(j) ? 1.0 : 0.0; };
    const weight same = [&](index_type i, index_type j) { return i != j && label(i) == label(j) ? 1.0 : 0.0; };
    const weight proxy = [&](index_type i, index_type j) { return j >= n && label(i) == j - n ? 1.0 : 0.0; };
    const auto rows = bound(sincere{.labels = labels}, {n});
    const auto with_proxies = bound(d2d_ce{.labels = labels}, {n, classes});
    check_weights(rows, n, n, other, same);
    check_weights(with_proxies, n, n + classes, other, proxy);
    check_statements(rows, n, n);
    check_statements(with_proxies, n, n + classes);

    const auto views = bound(sincere{.labels = labels}, {n, n});
    check_weights(
        views, 2 * n, 2 * n, [&](index_type i, index_type j) { return other(i % n, j % n); },
        [&](index_type i, index_type j) { return i != j && label(i % n) == label(j % n) ? 1.0 : 0.0; });
    check_statements(views, 2 * n, 2 * n);
  }
}

TEST_CASE("refused: what the losses beyond the first six can not take, in words") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto said = [](const auto& loss, const shapes_of& shapes) {
    const std::string words = refusal([&] { bound(loss, shapes); }), who = std::string("contrastive: ") + loss.name + ": ";
    CHECK(words.substr(0, who.size()) == who);
    return words.size() > who.size() ? words.substr(who.size()) : words;
  };
  CHECK(said(decoupled{}, {4}) == "embedding arguments: expected two or more views, got 1");
  CHECK(said(decoupled{}, {4, 5}) == "argument 2: expected 4 rows as in argument 1, got 5 rows");
  CHECK(said(decoupled{.sigma = 0.5}, {4, 4, 4}) == "embedding arguments: expected two views, as sigma > 0, got 3");
  CHECK(said(decoupled{.sigma = -0.5}, {4, 4}) == "sigma: expected 0 or a positive finite number, got -0.5");
  CHECK(said(decoupled{.sigma = infinity}, {4, 4}) == "sigma: expected 0 or a positive finite number, got inf");
  CHECK(said(hard_negative{}, {4, 4, 4}) == "embedding arguments: expected two views, got 3");
  CHECK(said(hard_negative{}, {4, 3}) == "argument 2: expected 4 rows as in argument 1, got 3 rows");
  CHECK(said(hard_negative{.tau_plus = 1}, {4, 4}) == "tau_plus: expected a number in [0, 1), got 1");
  CHECK(said(hard_negative{.tau_plus = -0.1}, {4, 4}) == "tau_plus: expected a number in [0, 1), got -0.1");
  CHECK(said(hard_negative{.beta = -1}, {4, 4}) == "beta: expected a finite number of at least 0, got -1");
  CHECK(said(hard_negative{.beta = nan}, {4, 4}).find("beta: expected a finite number of at least 0, got ") == 0);
  CHECK(said(siglip{}, {4, 5}) == "argument 2: expected 4 rows as in argument 1, got 5 rows");
  CHECK(said(siglip{}, {4, 4, 4}) == "embedding arguments: expected 2, got 3");
  CHECK(said(siglip{.bias = -infinity}, {4, 4}) == "bias: expected a finite number, got -inf");

  matrix<float> targets = matrix<float>::Ones(4, 6);
  CHECK(said(soft_targets{}, {4, 6}) == "targets: expected (4, 6), got (0, 0)");
  CHECK(said(soft_targets{.targets = targets}, {4, 5}) == "targets: expected (4, 5), got (4, 6)");
  targets(1, 2) = -0.5f;
  CHECK(said(soft_targets{.targets = targets}, {4, 6}) == "targets(1, 2): expected a finite weight of at least 0, got -0.5");
  targets(1, 2) = std::numeric_limits<float>::infinity();
  CHECK(said(soft_targets{.targets = targets}, {4, 6}) == "targets(1, 2): expected a finite weight of at least 0, got inf");

  const std::vector<int> labels{0, 1, 2, 1};
  CHECK(said(sincere{.labels = labels}, {5}) ==
        "labels: expected 5 labels, one a row (or one a sample shared by views of equal size), got 4 labels");
  CHECK(said(d2d_ce{.labels = labels}, {4}) == "embedding arguments: expected 2 (rows, class proxies), got 1");
  CHECK(said(d2d_ce{.labels = labels}, {5, 3}) == "labels: expected 5 labels, one a row of argument 1, got 4 labels");
  CHECK(said(d2d_ce{.labels = labels}, {4, 2}) == "labels[2]: expected a row of the proxies, 0 to 1, got 2");
  CHECK(said(d2d_ce{.margin_positive = infinity, .labels = labels}, {4, 3}) ==
        "margin_positive: expected a finite number, got inf");
  CHECK(said(d2d_ce{.margin_negative = -infinity, .labels = labels}, {4, 3}) ==
        "margin_negative: expected a finite number, got -inf");
}

TEST_CASE("losses name the memory that they hold") {
  const std::vector<int> labels{0, 1};
  const matrix<float> weights = matrix<float>::Ones(2, 2);
  const auto held = [](const auto& loss) {
    std::string names;
    detail::each_view(loss, [&](const std::string& name, const void* memory) { names += memory ? name + ' ' : ""; });
    return names;
  };
  CHECK(held(sup_con{.labels = labels}) == "labels ");
  CHECK(held(conditional_contrastive{.labels = labels}) == "labels ");
  CHECK(held(sincere{.labels = labels}) == "labels ");
  CHECK(held(d2d_ce{.labels = labels}) == "labels ");
  CHECK(held(weighted_info_nce{.weights = weights}) == "weights ");
  CHECK(held(soft_targets{.targets = weights}) == "targets ");
  CHECK(held(siglip{}).empty());
}

TEST_CASE("labels ordered by class: most tiles hold one class or two, and say so") {
  const std::vector<int> labels{0, 0, 0, 0, 1, 1, 1, 1};
  const auto sup = bound(sup_con{.labels = labels}, {8});
  const auto against = bound(sincere{.labels = labels}, {8});
  const tile same{0, 4, 0, 4}, other{0, 4, 4, 8}, mixed{0, 5, 0, 4};
  CHECK(sup.of_tile(same).positive == tile_positives::ones_off_diagonal);
  CHECK(sup.of_tile(other).positive == tile_positives::none);
  CHECK(sup.of_tile(mixed).positive == tile_positives::general);
  CHECK(against.of_tile(same).denominator == tile_weights::zeros);
  CHECK(against.of_tile(other).denominator == tile_weights::ones);
  CHECK(against.of_tile(other).positive == tile_positives::none);
  CHECK(against.of_tile(mixed).denominator == tile_weights::general);
}

TEST_CASE("conditional_contrastive: the own class is positive, and the own proxy counts as both") {
  const std::vector<int> labels{0, 2, 1, 0, 2, 2, 3};
  const index_type n = 7, classes = 5;
  const auto pairs = bound(conditional_contrastive{.labels = labels}, {n}),
             with_proxies = bound(conditional_contrastive{.labels = labels}, {n, classes});
  const auto label = [&labels](index_type i) { return labels[static_cast<std::size_t>(i)]; };
  const weight proxy = [&](index_type i, index_type j) { return label(i) == j - n ? 1.0 : 0.0; };
  const weight denominator = [&](index_type i, index_type j) { return j < n ? off_diagonal(i, j) : proxy(i, j); };
  const weight positive = [&](index_type i, index_type j) {
    return j < n ? (i != j && label(i) == label(j) ? 1.0 : 0.0) : proxy(i, j);
  };
  check_weights(pairs, n, n, denominator, positive);
  check_weights(with_proxies, n, n + classes, denominator, positive);
  check_statements(pairs, n, n);
  check_statements(with_proxies, n, n + classes);
}

TEST_CASE("sup_con: the own class is positive, labels shared by views repeat") {
  const std::vector<int> labels{0, 2, 1, 0, 2};
  const auto one = bound(sup_con{.labels = labels}, {5}), views = bound(sup_con{.labels = labels}, {5, 5}),
             split = bound(sup_con{.labels = labels}, {2, 3});
  const weight same = [&labels](index_type i, index_type j) {
    return i != j && labels[static_cast<std::size_t>(i % 5)] == labels[static_cast<std::size_t>(j % 5)] ? 1.0 : 0.0;
  };
  check_weights(one, 5, 5, off_diagonal, same);
  check_weights(views, 10, 10, off_diagonal, same);
  check_weights(split, 5, 5, off_diagonal, same);
  check_statements(one, 5, 5);
  check_statements(views, 10, 10);
  check_statements(split, 5, 5);
}

TEST_CASE("weighted_info_nce: negatives weigh what the matrix says, positives 1, and mean_one scales a row") {
  INFO("seed " << run_seed());
  const index_type n = 6, K = 4;
  for (const bool in_batch : {true, false})
    for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
      matrix<float> w = random_weights(n, in_batch ? n + K : K, 3);
      w.row(2).setZero();
      auto pairs = bound(weighted_info_nce{.normalize = normalize, .in_batch_negatives = in_batch, .weights = w}, {n, n, K});
      std::vector<double> factors;
      for (index_type i = 0; i < n; ++i) factors.push_back(pairs.prepare_anchor(i));
      if (pairs.prepares_anchors()) pairs.anchor_factors = factors.data();
      CHECK(pairs.prepares_anchors() == (normalize == weight_normalization::mean_one));
      const weight raw = [&](index_type i, index_type j) -> double {
        if (j >= n) return static_cast<double>(w(i, in_batch ? j : j - n));
        return in_batch && i != j ? static_cast<double>(w(i, j)) : 0.0;
      };
      const weight expected = [&](index_type i, index_type j) {
        if (i == j) return 1.0;
        if (normalize == weight_normalization::none) return raw(i, j);
        double total = 0;
        for (index_type c = 0; c < n + K; ++c) total += raw(i, c);
        return total > 0 ? raw(i, j) * static_cast<double>(in_batch ? n - 1 + K : K) / total : 0.0;
      };
      check_weights(pairs, n, n + K, expected, diagonal);
      check_statements(pairs, n, n + K);
    }
}

TEST_CASE("weighted_info_nce: the degradation prior is 1 - exp(-distance / scale) of the parameters") {
  INFO("seed " << run_seed());
  const index_type n = 5, K = 3;
  const matrix<float> keys = random_rows<float>(n, 2, 1), shared = random_rows<float>(K, 2, 2),
                      own = random_rows<float>(n * K, 2, 3);
  const auto prior = [](const auto& a, const auto& b) {
    return 1 - std::exp(-(a.template cast<double>() - b.template cast<double>()).squaredNorm() / 0.5);
  };
  using by_prior = basic_weighted_info_nce<parameter_weights<degradation_prior>>;
  const auto of_shared = bound(by_prior{.weights = weights_from(keys, shared, degradation_prior{.scale = 0.5})}, {n, n, K});
  const auto of_own = bound(by_prior{.in_batch_negatives = false,
                                     .negatives = negatives::per_anchor,
                                     .weights = weights_from(keys, own, degradation_prior{.scale = 0.5})},
                            {n, n, n * K});
  check_weights(
      of_shared, n, n + K,
      [&](index_type i, index_type j) {
        return i == j ? 1.0 : j < n ? prior(keys.row(i), keys.row(j)) : prior(keys.row(i), shared.row(j - n));
      },
      diagonal);
  check_weights(
      of_own, n, n + n * K,
      [&](index_type i, index_type j) {
        if (j < n) return i == j ? 1.0 : 0.0;
        return (j - n) / K == i ? prior(keys.row(i), own.row(j - n)) : 0.0;
      },
      diagonal);
  check_statements(of_shared, n, n + K);
  check_statements(of_own, n, n + n * K);
  // Columns one after another, and every second one.
  const Eigen::MatrixXf by_columns = keys;
  Eigen::MatrixXf spread(n * K, 4);
  spread.col(0) = own.col(0), spread.col(2) = own.col(1);
  const matrix_view<const float> every_second(spread.data(), n * K, 2, 1, 2 * n * K);
  const auto of_columns = bound(by_prior{.in_batch_negatives = false,
                                         .negatives = negatives::per_anchor,
                                         .weights = weights_from(by_columns, every_second, degradation_prior{.scale = 0.5})},
                                {n, n, n * K});
  check_weights(
      of_columns, n, n + n * K, [&](index_type i, index_type j) { return of_own.denominator(i, j); }, diagonal);
}

}  // namespace contrastive::testing
