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

using T = CONTRASTIVE_SCALAR;

constexpr device::tile_size small_tiles{.rows = 24, .columns = 40};
constexpr similarity all_similarities[] = {similarity::cosine, similarity::dot, similarity::negative_squared_euclidean};

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
