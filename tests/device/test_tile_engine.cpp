// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The tile engine on a machine of loops, against the definition and the oracle's cases: all losses, options, layouts, awkward
// sizes, edges. What a kernel does to a row is the same function here and there. In CONTRASTIVE_SCALAR.
#include <algorithm>
#include <cstring>
#include <device/host_machine.hpp>
#include <support/agreement.hpp>
#include <support/cases.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

using T = CONTRASTIVE_SCALAR;

constexpr device::tile_size small_tiles{.rows = 24, .columns = 40};

void check_against_the_definition(const setting& s, const device::tile_size& tiles) {
  INFO(s.text());
  host_machine machine;
  each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    INFO(what);
    const answer expected = by_definition(loss, rows), came = on_machine<T>(machine, loss, rows, tiles);
    CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
  });
}

bool same_bits(const answer& a, const answer& b) {
  bool same = std::memcmp(&a.loss, &b.loss, sizeof a.loss) == 0 && a.temperature_gradient == b.temperature_gradient &&
              a.valid_anchors == b.valid_anchors && a.per_anchor == b.per_anchor && a.gradients.size() == b.gradients.size();
  for (std::size_t g = 0; same && g < a.gradients.size(); ++g) same = a.gradients[g] == b.gradients[g];
  return same;
}

}  // namespace

TEST_CASE("tile engine: at awkward sizes every loss agrees with its definition") {
  for (const setting& s : awkward_settings()) check_against_the_definition(s, small_tiles);
}

TEST_CASE("tile engine: the size of the tiles does not matter") {
  for (const auto& [rows, columns] : {std::pair<index_type, index_type>{1, 1}, {1, 100}, {100, 1}, {7, 32}, {2048, 4096}})
    for (const similarity kind : all_similarities)
      check_against_the_definition({33, 5, kind, reduction::none, 0.2, 0}, {rows, columns});
  for (const double temperature : {0.2, 0.01})  // columns in several parts
    check_against_the_definition({170, 5, similarity::cosine, reduction::none, temperature, 0}, {300, 64});
}

TEST_CASE("tile engine: rows in any order, and many threads a row, give the same") {
  INFO("seed " << run_seed());
  host_machine forwards, backwards{.backwards = true}, threads{.lanes = 4};
  for (const similarity kind : all_similarities)
    each_loss<T>({9, 5, kind, reduction::none, 0.2, 0}, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const device::tile_size tiles{6, 7};
      const answer straight = on_machine<T>(forwards, loss, rows, tiles);
      CHECK(same_bits(straight, on_machine<T>(backwards, loss, rows, tiles)));
      CHECK(error_of(straight, on_machine<T>(threads, loss, rows, tiles), 0.2, false) <= tolerance<T>(0.2));
    });
}

#if defined(CONTRASTIVE_WITH_BFLOAT16)  // with float, what they are computed in
TEST_CASE("tile engine: rows of bfloat16 in products of bfloat16 agree with the definition") {
  INFO("seed " << run_seed());
  using S = Eigen::bfloat16;
  host_machine machine;
  std::vector<matrix<S>> rounded;
  std::vector<matrix<double>> exact;
  for (std::uint64_t which = 1; which <= 2; ++which) {
    rounded.push_back(random_rows<double>(40, 33, which).cast<S>());
    exact.push_back(rounded.back().cast<double>());
  }
  const std::vector<int> labels = random_labels(80, 5, 11);
  const auto check = [&](const auto& loss) {
    INFO(loss.name << ", similarity " << static_cast<int>(loss.similarity) << ", temperature " << loss.temperature);
    const answer expected = by_definition(loss, views<double>(exact.begin(), exact.end()));
    const answer came = on_machine<S>(machine, loss, views<S>(rounded.begin(), rounded.end()), small_tiles);
    CHECK(error_of(expected.loss, came.loss) <= tolerance<float>(loss.temperature));
    CHECK(error_of(expected.temperature_gradient, came.temperature_gradient) * loss.temperature <=
          tolerance<float>(loss.temperature));
    CHECK(error_of(expected.bias_gradient, came.bias_gradient) <= tolerance<float>(loss.temperature));
    // The gradient's matrix is rounded to 8 bits.
    const double share = 1 / std::max(1.0, static_cast<double>(expected.valid_anchors));
    for (std::size_t g = 0; g < came.gradients.size(); ++g)
      CHECK(relative_error(expected.gradients[g], came.gradients[g], share / loss.temperature) <= 4e-3);
  };
  for (const similarity kind : {similarity::cosine, similarity::dot})
    for (const double temperature : {0.5, 0.1, 0.01}) {
      check(nt_xent{temperature, kind});
      check(clip{temperature, kind});
      check(siglip{.temperature = temperature, .similarity = kind, .bias = -2});
      check(sincere{.temperature = temperature, .similarity = kind, .labels = labels});
      check(sup_con{.temperature = temperature, .similarity = kind, .pooling = pooling::log_sum, .labels = labels});
    }
}
#endif

TEST_CASE("tile engine: what is fixed gets no gradient, and the others the same") {
  INFO("seed " << run_seed());
  host_machine machine;
  const matrix<T> q = random_rows<T>(30, 5, 1), k = random_rows<T>(30, 5, 2), queue = random_rows<T>(50, 5, 3);
  for (const bool in_batch : {true, false}) {
    const info_nce loss{.temperature = 0.2, .in_batch_negatives = in_batch};
    const answer all = on_machine<T>(machine, loss, views<T>{q, k, queue}, small_tiles),
                 some = on_machine<T>(machine, loss, views<T>{q, k, queue}, small_tiles, {false, false, true}),
                 none = on_machine<T>(machine, loss, views<T>{q, k, queue}, small_tiles, {true, true, true});
    CHECK(some.loss == all.loss);
    CHECK(some.gradients[0] == all.gradients[0]);
    CHECK(some.gradients[1] == all.gradients[1]);
    CHECK(none.temperature_gradient == all.temperature_gradient);
  }
}

TEST_CASE("tile engine: temperatures from 30 down to 0.0001 are finite and agree with the definition") {
  host_machine machine;
  for (const double temperature : {30.0, 1.0, 0.021, 0.019, 0.005, 0.001, 0.0001}) {
    const setting s{23, 5, similarity::cosine, reduction::mean, temperature, 0};
    INFO(s.text());
    each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_machine<T>(machine, loss, rows, small_tiles);
      CHECK(error_of(expected.loss, came.loss) <= tolerance<T>(temperature));
      CHECK(error_of(expected, came, temperature, true) <= tolerance<T>(temperature) * std::max(1.0, 0.1 / temperature));
    });
  }
}

TEST_CASE("tile engine: a positive alone in its denominator has loss 0 and gradients 0") {
  INFO("seed " << run_seed());
  host_machine machine;
  for (const double temperature : {0.5, 0.07, 0.01, 0.005})
    for (const index_type d : {1, 4, 33, 128}) {
      const matrix<T> a = random_rows<T>(1, d, 1), b = a + T(0.1) * random_rows<T>(1, d, 2);
      for (const similarity kind : all_similarities) {
        INFO("temperature " << temperature << ", d " << d << ", similarity " << static_cast<int>(kind));
        const auto check = [&](const auto& loss) {
          const answer r = on_machine<T>(machine, loss, views<T>{a, b}, small_tiles);
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

TEST_CASE("tile engine: rows without a direction, anchors without a positive, rows of any scale") {
  INFO("seed " << run_seed());
  host_machine machine;
  const matrix<T> zero = matrix<T>::Zero(5, 3);
  const answer flat = on_machine<T>(machine, nt_xent{}, views<T>{zero, zero}, small_tiles);
  CHECK(error_of(std::log(9.0), flat.loss) <= tolerance<T>(1));
  CHECK(flat.gradients.at(0).norm() == 0);

  const std::vector<int> distinct{0, 1, 2, 3, 4, 5};
  const matrix<T> z = random_rows<T>(6, 3, 1);
  for (const auto pool : {pooling::mean_log, pooling::log_sum}) {
    const answer none =
        on_machine<T>(machine, sup_con{0.01, similarity::cosine, reduction::mean, pool, distinct}, views<T>{z}, small_tiles);
    CHECK(none.loss == 0);
    CHECK(none.valid_anchors == 0);
    CHECK(none.temperature_gradient == 0);
    CHECK(none.gradients.at(0).norm() == 0);
  }

  const matrix<T> a = random_rows<T>(9, 4, 1), b = random_rows<T>(9, 4, 2);
  const answer expected = on_machine<T>(machine, nt_xent{.temperature = 0.2}, views<T>{a, b}, small_tiles);
  for (const double scale : {1e-10, 1e10, std::is_same_v<T, double> ? 1e300 : 1e30}) {
    matrix<T> scaled = a;
    scaled.row(3) *= static_cast<T>(scale);
    const answer came = on_machine<T>(machine, nt_xent{.temperature = 0.2}, views<T>{scaled, b}, small_tiles);
    CHECK(error_of(expected.loss, came.loss) <= tolerance<T>(0.2));
    CHECK(error_of(expected.gradients[1], came.gradients[1]) <= tolerance<T>(0.2));
  }

  const T offset = 1024;
  const nt_xent far{.temperature = 0.5, .similarity = similarity::negative_squared_euclidean};
  const matrix<T> far_a = a.array() + offset, far_b = b.array() + offset, near_a = far_a.array() - offset,
                  near_b = far_b.array() - offset;
  CHECK(error_of(on_machine<T>(machine, far, views<T>{near_a, near_b}, small_tiles),
                 on_machine<T>(machine, far, views<T>{far_a, far_b}, small_tiles), 0.5, true) <= tolerance<T>(0.5));
  for (const float scale : {1e-30f, 1e-10f, 1e10f, 1e30f}) {
    const matrix<float> w = scale * random_weights(9, 9, 3);
    const weighted_info_nce loss{.temperature = 0.2, .weights = w};
    CHECK(error_of(by_definition(loss, views<T>{a, b}), on_machine<T>(machine, loss, views<T>{a, b}, small_tiles), 0.2, true) <=
          tolerance<T>(0.2));
  }
}

TEST_CASE("tile engine: NaN, infinity and a label that is no row of the proxies give NaN everywhere") {
  host_machine machine;
  const auto all_nan = [](const answer& r) {
    bool all = std::isnan(r.loss) && std::isnan(r.temperature_gradient);
    for (const auto& g : r.gradients) all = all && g.array().isNaN().all();
    for (const double l : r.per_anchor) all = all && std::isnan(l);
    return all;
  };
  for (const similarity kind : all_similarities)
    for (const T bad :
         {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity()})
      each_loss<T>({30, 3, kind, reduction::none, 0.2, 0}, [&](const char* what, const any_loss& loss, const views<T>& rows) {
        INFO(what << ", similarity " << static_cast<int>(kind));
        std::vector<matrix<T>> copies;
        for (const auto& v : rows) {
          copies.emplace_back(v.rows, v.cols);
          for (index_type i = 0; i < v.rows; ++i)
            for (index_type k = 0; k < v.cols; ++k) copies.back()(i, k) = v(i, k);
        }
        copies.back()(copies.back().rows() - 1, 1) = bad;
        CHECK(all_nan(on_machine<T>(machine, loss, views<T>(copies.begin(), copies.end()), small_tiles)));
      });
  // On the host the loss refuses such a label; in device memory it can not look.
  const matrix<T> h = random_rows<T>(4, 3, 1), proxies = random_rows<T>(2, 3, 2);
  for (const int bad : {-1, 2, 1000000}) {
    const std::vector<int> labels{0, 1, bad, 1};
    CHECK(all_nan(on_machine<T>(machine, conditional_contrastive{.reduction = reduction::none, .labels = labels},
                                views<T>{h, proxies}, small_tiles)));
  }
}

TEST_CASE("tile engine: the cases of the oracle come out") {
  host_machine machine;
  for (const char* file :
       {"info_nce.json", "nt_xent.json", "conditional_contrastive.json", "weighted_info_nce.json", "sup_con.json", "clip.json",
        "decoupled.json", "hard_negative.json", "sincere.json", "siglip.json", "soft_targets.json", "d2d_ce.json"}) {
    CHECK(check_cases<T>(file, [&](const auto& loss, const auto& views) {
            return on_machine<T>(machine, loss, views, small_tiles);
          }) >= 2);
  }
  // Of the thousand rows of the others a machine of loops takes minutes.
  CHECK(check_cases<T>(
            "big.json",
            [&](const auto& loss, const auto& views) {
              return on_machine<T>(machine, loss, views, {64, 96});
            },
            200) >= 2);
}

TEST_CASE("tile engine: memory grows with the rows, not with their square") {
  const auto bytes = [](index_type n) {
    host_machine machine;
    T some = 0;
    const device::argument<T, T> z{{nullptr, n, 128}, true, {&some, n, 128}}, both[] = {z, z};
    const shape shapes[] = {{n, 128}, {n, 128}};
    const argument_shapes given{shapes, 2};
    const nt_xent loss;
    const auto request = device::request_of<T, T, T>(loss, both, 2, contrastive::detail::ranges_of(loss.arrangement, given));
    return device::engine_for<T>(machine, loss.bind(given), nt_xent::rule, request, {}).bytes();
  };
  const double a_row = static_cast<double>(bytes(200000) - bytes(100000)) / 200000;
  CHECK(a_row <= 2 * 128 * static_cast<double>(sizeof(T)) + 300);
  CHECK(bytes(1000000) < bytes(100000) * 10);
}

}  // namespace contrastive::testing
