// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The weights of each loss against the table that defines them, and what each says of tiles and lists against its weights.
#include <contrastive/contrastive.hpp>
#include <functional>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <support/random.hpp>
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
  index_type tiled_begin = 0, tiled_end = candidates;
  if constexpr (requires { pairs.tiled_begin(), pairs.tiled_end(); })
    tiled_begin = pairs.tiled_begin(), tiled_end = pairs.tiled_end();
  CHECK(0 <= tiled_begin);
  CHECK(tiled_begin <= tiled_end);
  CHECK(tiled_end <= candidates);

  for (index_type i = 0; i < anchors; ++i) {
    std::set<index_type> listed;
    if constexpr (requires { pairs.listed_per_anchor(); })
      for (index_type t = 0; t < pairs.listed_per_anchor(); ++t) {
        const index_type j = pairs.listed(i, t);
        INFO("anchor " << i << " lists candidate " << j);
        CHECK(0 <= j);
        CHECK(j < candidates);
        CHECK(listed.insert(j).second);  // twice would count twice
      }
    for (index_type j = 0; j < candidates; ++j) {
      INFO("anchor " << i << ", candidate " << j);
      const bool tiled = tiled_begin <= j && j<tiled_end, counts = pairs.denominator(i, j)> 0 || pairs.positive(i, j) > 0;
      if (counts && !tiled) CHECK(listed.count(j) == 1);
      if (detail::lists_positives<P>() && pairs.positive(i, j) > 0) CHECK(listed.count(j) == 1);
      if (detail::is_symmetric<P>() && i < candidates && j < anchors) {
        CHECK(pairs.denominator(i, j) == pairs.denominator(j, i));
        CHECK(pairs.positive(i, j) == pairs.positive(j, i));
      }
    }
  }
  if constexpr (requires { pairs.weights_of(tile{}); })
    for (index_type anchor_begin = 0; anchor_begin < anchors; anchor_begin += 2)  // all tiles of many sizes
      for (index_type anchor_end = anchor_begin + 1; anchor_end <= anchors; anchor_end += 3)
        for (index_type begin = tiled_begin; begin < tiled_end; ++begin)
          for (index_type end = begin + 1; end <= tiled_end; end += 2) {
            const tile_weights said = pairs.weights_of({anchor_begin, anchor_end, begin, end});
            if (said == tile_weights::general) continue;
            for (index_type i = anchor_begin; i < anchor_end; ++i)
              for (index_type j = begin; j < end; ++j) {
                const double expected = said == tile_weights::zeros ? 0 : said == tile_weights::ones ? 1 : (i != j ? 1 : 0);
                if (static_cast<double>(pairs.denominator(i, j)) != expected) {
                  INFO("anchor " << i << ", candidate " << j << ", statement " << static_cast<int>(said));
                  CHECK(static_cast<double>(pairs.denominator(i, j)) == expected);
                }
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
      STATIC_REQUIRE(detail::normalizes_positives<nt_xent_pairs>());  // 1 / (M - 1) each
    }
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

TEST_CASE("sup_con: the own class is positive; labels shared by views repeat") {
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
}

}  // namespace contrastive::testing
