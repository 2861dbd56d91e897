// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The tile engine with losses such as a user would write: any sums in any arrangement, functions of one's own, lists with gaps,
// tiles of which all is said or nothing.
#include <cmath>
#include <device/host_machine.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/own_losses.hpp>
#include <support/random.hpp>

namespace contrastive::testing {
namespace {

using T = double;

constexpr device::tile_size small_tiles{.rows = 24, .columns = 40};
constexpr similarity all_similarities[] = {similarity::cosine, similarity::dot, similarity::negative_squared_euclidean};

/// A sum of each kind, in two stages, with a weight that depends on the batch:
///   l = log S_0 + log S_1 / 2 + log(1 + S_2) + e^(log S_0 - batch) S_3, θ = log S_0 in S_2, the exponential without a
///   gradient.
struct mixed_rule {
  double beta, margin;

  static constexpr auto sums =
      row_sums(exp_of(weight::D), clipped_exp_of(weight::P), softplus_above_theta(weight::P), clipped_x_of(weight::D));

  CONTRASTIVE_HOST_DEVICE double parameter(int k) const { return k == 0 ? beta : margin; }
  CONTRASTIVE_HOST_DEVICE bool uses_batch() const { return true; }
  CONTRASTIVE_HOST_DEVICE index_type batch_anchors() const { return 7; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE double batch_term(const S& s) const {
    return s.log(0);
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE double theta(const S& s) const {
    return s.log(0);
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<4> finish(const S& s) const {
    if (s.empty(1)) return {};
    const double w = std::exp(s.log(0) - s.batch()), inner = 1 / (1 + s[2]);
    return {.loss = s.log(0) + s.log(1) / 2 + std::log1p(s[2]) + w * s[3],
            .mass = 2,
            .slopes = {1 + inner * s.theta_slope(2), 0.5, inner, w}};
  }
};
/// Each third anchor lists two candidates, of which one is said not to be there every so often.
struct mixed : scattered {
  double bias = 0.2, beta = 1.5, margin = 0.13;
  index_type num_candidates = 1;

  static constexpr pair_statements says{.lists = true};

  mixed_rule rule(const argument_shapes&) const { return {beta, margin}; }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return j == 0 ? 1 : scattered::denominator(i, j);
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return 2; }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    if (i % 3 != 0 || (t == 1 && i % 4 == 0)) return no_candidate;
    return (5 * i + t) % num_candidates;
  }
};

/// Tiles of one kind after the other where pairs come in blocks: P is one in a block on the diagonal, but for (i, i), and D
/// outside; of every fifth block nothing is said.
struct blocks {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  index_type side = 4;

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr log_sum rule{};
  static constexpr pair_statements says{.symmetric = true, .tiles = true};

  double denominator(index_type i, index_type j) const { return i / side == j / side ? 0 : 1; }
  double positive(index_type i, index_type j) const { return i / side == j / side && i != j ? 1 : 0; }
  tile_statement of_tile(const tile& t) const {
    const index_type a = t.anchor_begin / side, c = t.candidate_begin / side;
    if ((t.anchor_end - 1) / side != a || (t.candidate_end - 1) / side != c || (a + c) % 5 == 4) return {};
    if (a == c) return {tile_weights::zeros, tile_positives::ones_off_diagonal};
    return {tile_weights::ones, tile_positives::none};
  }
};

}  // namespace

TEST_CASE("tile engine: losses of one's own agree with their definition") {
  INFO("seed " << run_seed());
  host_machine machine;
  const matrix<T> a = random_rows<T>(37, 6, 1), b = random_rows<T>(37, 6, 2), c = random_rows<T>(2, 6, 3);
  const auto check = [&](auto loss, const views<T>& rows) {
    for (const similarity s : all_similarities) {
      loss.similarity = s;
      INFO("similarity " << static_cast<int>(s));
      CHECK(error_of(by_definition(loss, rows), on_machine<T>(machine, loss, rows, small_tiles), loss.temperature,
                     loss.reduction == reduction::mean) <= tolerance<T>(loss.temperature));
    }
  };
  for (const auto kind : {arrangement::all_against_all, arrangement::first_against_all, arrangement::first_against_rest,
                          arrangement::both_ways}) {
    INFO("arrangement " << static_cast<int>(kind));
    for (const auto pool : {pooling::mean_log, pooling::log_sum}) {
      scattered loss;
      loss.arrangement = kind, loss.pooling = pool;
      check(loss, {a, b});
      scattered_normalized normalized;
      normalized.arrangement = kind, normalized.pooling = pool;
      check(normalized, {a, b});
    }
    two_wells wells;
    wells.arrangement = kind;
    check(wells, {a, b});
    for (const double temperature : {0.5, 0.05}) {
      mixed all;
      all.arrangement = kind, all.temperature = temperature;
      all.num_candidates = kind == arrangement::first_against_rest || kind == arrangement::both_ways ? 37 : 74;
      check(all, {a, b});
    }
  }
  for (const auto pool : {pooling::mean_log, pooling::log_sum}) {
    scattered_symmetric symmetric;
    symmetric.pooling = pool;
    check(symmetric, {a, b});
    outspoken spoken;
    spoken.pooling = pool, spoken.num_rows = 37;
    check(spoken, {a, c});
  }
  check(bounded{}, {a, b});
}

TEST_CASE("tile engine: tiles of which all is said, tiles of which nothing is, and any between") {
  host_machine machine;
  const matrix<T> z = random_rows<T>(61, 5, 1);
  for (const double temperature : {0.5, 0.01})
    for (const device::tile_size& tiles : {device::tile_size{4, 4}, {8, 4}, {4, 12}, {3, 5}, {64, 64}}) {
      INFO(tiles.rows << " rows, " << tiles.columns << " columns, temperature " << temperature);
      const blocks loss{.temperature = temperature};
      CHECK(error_of(by_definition(loss, views<T>{z}), on_machine<T>(machine, loss, views<T>{z}, tiles), temperature, true) <=
            tolerance<T>(temperature));
    }
}

}  // namespace contrastive::testing
