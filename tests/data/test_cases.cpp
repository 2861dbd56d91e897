// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Values and gradients of the public implementations' formulas, from float64 automatic differentiation.
#include <support/cases.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>

namespace contrastive::testing {
namespace {

/// The cases of one loss in three ways: the definition, the CPU engine in double, the CPU engine in float. Where another
/// processor is emulated the definition, which has no kernels, is left out.
void check_file(const std::string& file, int at_least) {
#if !defined(CONTRASTIVE_TEST_KERNELS_ALONE)
  SECTION("by definition") {
    // The definition takes pair by pair: a thousand rows take it seconds.
    CHECK(check_cases<double>(
              file, [](const auto& loss, const auto& views) { return by_definition(loss, views); }, 200) >= 2);
  }
#endif
  SECTION("on the CPU in double") {
    CHECK(check_cases<double>(file, [](const auto& loss, const auto& views) { return on_cpu<double>(loss, views); }) >=
          at_least);
  }
  SECTION("on the CPU in float") {
    CHECK(check_cases<float>(file, [](const auto& loss, const auto& views) { return on_cpu<float>(loss, views); }) >= at_least);
  }
}

}  // namespace

TEST_CASE("info_nce: the cases come out in all engines") { check_file("info_nce.json", 15); }
TEST_CASE("nt_xent: the cases come out in all engines") { check_file("nt_xent.json", 19); }
TEST_CASE("conditional_contrastive: the cases come out in all engines") { check_file("conditional_contrastive.json", 11); }
TEST_CASE("weighted_info_nce: the cases come out in all engines") { check_file("weighted_info_nce.json", 9); }
TEST_CASE("sup_con: the cases come out in all engines") { check_file("sup_con.json", 7); }
TEST_CASE("clip: the cases come out in all engines") { check_file("clip.json", 2); }
TEST_CASE("decoupled: the cases come out in all engines") { check_file("decoupled.json", 14); }
TEST_CASE("hard_negative: the cases come out in all engines") { check_file("hard_negative.json", 8); }
TEST_CASE("sincere: the cases come out in all engines") { check_file("sincere.json", 16); }
TEST_CASE("siglip: the cases come out in all engines") { check_file("siglip.json", 8); }
TEST_CASE("soft_targets: the cases come out in all engines") { check_file("soft_targets.json", 6); }
TEST_CASE("d2d_ce: the cases come out in all engines") { check_file("d2d_ce.json", 2); }
TEST_CASE("info_nce with what is known of its rows: the cases come out in all engines") {
  check_file("info_nce_known.json", 10);
}
TEST_CASE("clip with ids: the cases come out in all engines") { check_file("clip_known.json", 2); }
TEST_CASE("nt_xent with ids: the cases come out in all engines") { check_file("nt_xent_known.json", 2); }
TEST_CASE("sup_con with weights of its anchors: the cases come out in all engines") { check_file("sup_con_weighted.json", 4); }
TEST_CASE("big inputs: the cases come out in all engines") { check_file("big.json", 28); }

}  // namespace contrastive::testing
