// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The kernels of the tile engine on the emulated GPU.
#include <device/call_on.hpp>
#include <emulated_gpu/machine.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

constexpr device::tile_size small_tiles{.rows = 24, .columns = 200};  // more columns than threads

template <class L>
void check_against_the_definition(const L& loss, const views<float>& rows) {
  emulated_machine machine;
  CHECK(error_of(by_definition(loss, rows), call_on(machine, loss, rows, small_tiles), loss.temperature, true) <=
        tolerance<float>(loss.temperature));
}

}  // namespace

TEST_CASE("kernels: a thread, a warp and a block a row give what the definition gives") {
  INFO("seed " << run_seed());
  const matrix<float> a = random_rows<float>(37, 6, 1), b = random_rows<float>(37, 6, 2);
  const std::vector<int> labels = random_labels(74, 5, 3);
  for (const std::uint64_t seed : {1u, 2u}) {
    emulated_gpu::instance().seed = seed;
    check_against_the_definition(nt_xent{.temperature = 0.2}, {a, b});
    check_against_the_definition(clip{.temperature = 0.02}, {a, b});
    check_against_the_definition(sincere{.temperature = 0.1, .labels = labels}, {a, b});
  }
}

TEST_CASE("kernels: without a barrier their results are wrong") {
  const matrix<float> a = random_rows<float>(70, 6, 1), b = random_rows<float>(70, 6, 2);  // anchors for each warp
  const nt_xent loss{.temperature = 0.01};                                                 // with maxima of rows
  const views<float> rows{a, b};
  const answer expected = by_definition(loss, rows);
  answer came;
  std::size_t barriers = 0;
  const auto unnoticed = unnoticed_omissions(
      [&] {
        emulated_machine machine;
        came = call_on(machine, loss, rows, small_tiles);
      },
      [&] { return !(error_of(expected, came, loss.temperature, true) <= tolerance<float>(loss.temperature)); }, barriers);
  CHECK(barriers == 2);
  CHECK(unnoticed == std::vector<std::string>{});
}

}  // namespace contrastive::testing
