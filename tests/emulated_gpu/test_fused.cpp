// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The fused kernels on the emulated GPU, against the definition on the same rounded numbers.
#include <cmath>
#include <emulated_gpu/launch.hpp>
#include <emulated_gpu/on_emulated_gpu.hpp>
#include <limits>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

/// The worst of what is off, in parts of what it may be off by.
double excess(const answer& expected, const answer& came, double temperature, reduction how) {
  const bool mean = how == reduction::mean;
  answer exact = expected, numbers = came;
  exact.gradients.clear(), numbers.gradients.clear();
  double worst = error_of(exact, numbers, temperature, mean) / tolerance<float>(temperature);
  // The gradient's matrix is rounded to the 8 bits of bfloat16.
  const double share = mean ? 1 / std::max(1.0, static_cast<double>(expected.valid_anchors)) : 1;
  for (std::size_t g = 0; g < came.gradients.size(); ++g)
    if (came.gradients[g].size() > 0)
      worst = std::max(worst, relative_error(expected.gradients[g], came.gradients[g], share / temperature) / 4e-3);
  return worst;
}
double excess(const any_loss& loss, const rounded_rows& rows, double temperature, reduction how) {
  if (!is_on_emulated_gpu(loss)) return 0;
  return excess(by_definition(loss, rows.exact()), on_emulated_gpu(loss, rows.rounded()), temperature, how);
}

/// Arguments of n rows of norm about 1.
rounded_rows random_views(index_type n, index_type d, int count) {
  std::vector<matrix<double>> held;
  for (int a = 0; a < count; ++a) held.push_back(random_rows<double>(n, d, static_cast<std::uint64_t>(a + 1)));
  return rounded_rows({held.begin(), held.end()});
}

}  // namespace

TEST_CASE("fused: at awkward sizes every loss agrees with its definition") {
  constexpr index_type sizes[] = {1, 33, 129, 2, 127}, widths[] = {1, 7, 64, 100, 128, 200, 256};
  constexpr double temperatures[] = {0.5, 0.1, 0.01};  // below 0.02 with maxima
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
  constexpr int every = 3;  // of the settings: what there is to see is in each
#else
  constexpr int every = 1;
#endif
  for (int turn = 0; turn < 7; turn += every) {
    emulated_gpu::instance().seed = static_cast<std::uint64_t>(turn);
    const setting s{
        sizes[turn % 5],   widths[turn], all_similarities[turn % 2], all_reductions[turn % 3], temperatures[turn / 2 % 3],
        turn % num_layouts};
    INFO(s.text());
    each_loss<double>(s, [&](const char* what, const any_loss& loss, const views<double>& rows) {
      INFO(what);
      CHECK(excess(loss, rounded_rows(rows), s.temperature, s.reduction) <= 1);
    });
  }
}

TEST_CASE("fused: many blocks, many tiles") {
  struct size {
    index_type rows, width;
  };
  for (const size of : {size{300, 128}, size{513, 64}, size{300, 200}}) {
    const index_type n = of.rows, d = of.width;
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
    if (d != 128) continue;  // the others take minutes
#endif
    const rounded_rows two = random_views(n, d, 2), one = random_views(n, d, 1);
    const std::vector<int> labels = random_labels(n, 5, 11);
    const double temperature = d == 64 ? 0.01 : 0.1;
    const auto check = [&](const auto& loss, const rounded_rows& rows) {
      INFO(loss.name << ", n " << n << ", d " << d << ", seed " << run_seed());
      CHECK(excess(loss, rows, temperature, reduction::mean) <= 1);
    };
    check(clip{temperature}, two);
    check(info_nce{temperature}, two);
    check(siglip{.temperature = temperature, .bias = -2}, two);
    check(sup_con{.temperature = temperature, .pooling = pooling::log_sum, .labels = labels}, one);
    check(sincere{.temperature = temperature, .labels = labels}, one);
    if (n == 300) check(nt_xent{temperature}, two);
  }
}

TEST_CASE("fused: losses of one's own agree with their definition") {
  INFO("seed " << run_seed());
  const rounded_rows two = random_views(137, 20, 2), one = random_views(301, 9, 1);
  const auto check = [](auto loss, const rounded_rows& rows) {
    CHECK(excess(loss, rows, loss.temperature, loss.reduction) <= 1);
  };
  for (const auto kind : {arrangement::all_against_all, arrangement::first_against_all, arrangement::first_against_rest,
                          arrangement::both_ways}) {
    INFO("arrangement " << static_cast<int>(kind));
    for (const auto pool : {pooling::mean_log, pooling::log_sum}) {
      scattered loss;
      loss.arrangement = kind, loss.pooling = pool;
      check(loss, two);
    }
    two_wells wells;
    wells.arrangement = kind;
    check(wells, two);
    for (const double temperature : {0.5, 0.05}) {
      mixed all;
      all.arrangement = kind, all.temperature = temperature;
      all.num_candidates = kind == arrangement::first_against_rest || kind == arrangement::both_ways ? 137 : 274;
      check(all, two);
    }
  }
  check(scattered_symmetric{}, two);
  check(bounded{}, two);
  for (const double temperature : {0.5, 0.01}) check(blocks{.temperature = temperature}, one);  // tiles of every kind
}

TEST_CASE("fused: what is fixed gets no gradient, and the others the same") {
  INFO("seed " << run_seed());
  const matrix<double> q = random_rows<double>(30, 5, 1), k = random_rows<double>(30, 5, 2),
                       queue = random_rows<double>(150, 5, 3);
  const rounded_rows rows({q, k, queue});
  for (const bool in_batch : {true, false}) {
    const info_nce loss{.temperature = 0.2, .in_batch_negatives = in_batch};
    const answer all = on_emulated_gpu(loss, rows.rounded()),
                 some = on_emulated_gpu(loss, rows.rounded(), {false, false, true}),
                 none = on_emulated_gpu(loss, rows.rounded(), {true, true, true});
    CHECK(some.loss == all.loss);
    CHECK(some.gradients[0] == all.gradients[0]);
    CHECK(some.gradients[1] == all.gradients[1]);
    CHECK(some.gradients[2].size() == 0);
    CHECK(none.temperature_gradient == all.temperature_gradient);
  }
}

TEST_CASE("fused: blocks, warps and lanes in any order give the same bits") {
  const rounded_rows rows = random_views(150, 20, 2);
  for (const double temperature : {0.1, 0.01}) {
    emulated_gpu::instance().seed = 1;
    const answer first = on_emulated_gpu(clip{temperature}, rows.rounded());
    emulated_gpu::instance().seed = 2;
    const answer second = on_emulated_gpu(clip{temperature}, rows.rounded());
    CHECK(first.loss == second.loss);
    CHECK(first.temperature_gradient == second.temperature_gradient);
    CHECK(first.gradients == second.gradients);
  }
}

TEST_CASE("fused: NaN or infinity in a row gives NaN everywhere") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    matrix<Eigen::bfloat16> a = random_rows<double>(70, 3, 1).cast<Eigen::bfloat16>(), b = a;
    b(69, 1) = static_cast<Eigen::bfloat16>(bad);
    for (const any_loss& loss : {any_loss(nt_xent{}), any_loss(clip{.temperature = 0.01}), any_loss(siglip{})}) {
      const answer r = on_emulated_gpu(loss, views<Eigen::bfloat16>{a, b});
      CHECK(std::isnan(r.loss));
      CHECK(std::isnan(r.temperature_gradient));
      for (const auto& g : r.gradients) CHECK(g.array().isNaN().all());
    }
  }
}

TEST_CASE("fused: without a barrier or a wait results are wrong") {
  const rounded_rows rows = random_views(130, 20, 2);
  const clip loss{.temperature = 0.05};
  const answer expected = by_definition(loss, rows.exact());
  answer came;
  std::size_t places = 0;
  const auto unnoticed =
      unnoticed_omissions([&] { came = on_emulated_gpu(loss, rows.rounded()); },
                          [&] { return !(excess(expected, came, loss.temperature, loss.reduction) <= 1); }, places);
  CHECK(places == 4);  // two barriers of a block's lanes; of the fused kernels a wait and a barrier
  CHECK(unnoticed == std::vector<std::string>{});
}

TEST_CASE("fused: rows of more than 256 numbers take the other way") {
  const rounded_rows rows = random_views(33, 300, 2);
  emulated_gpu::instance().places.clear();
  CHECK(excess(nt_xent{.temperature = 0.1}, rows, 0.1, reduction::mean) <= 1);
  CHECK(excess(clip{.temperature = 0.01}, rows, 0.01, reduction::mean) <= 1);
  CHECK(emulated_gpu::instance().places.size() == 2);
}

}  // namespace contrastive::testing
