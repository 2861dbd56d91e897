// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Values and gradients of the public implementations' formulas, from float64 automatic differentiation.
#include <support/cases.hpp>
#include <support/engines.hpp>

namespace contrastive::testing {
namespace {

/// The cases of one loss in three ways: the definition, the CPU engine in double, the CPU engine in float.
void check_file(const std::string& file, int at_least) {
  const json cases = read_cases(file, CONTRASTIVE_TEST_DATA);
  REQUIRE(static_cast<int>(cases.size()) >= at_least);
  SECTION("by definition") {
    // The definition takes pair by pair: a thousand rows take it seconds.
    json small = json::array();
    for (const json& c : cases)
      if (!c.contains("generated") || c["generated"][0]["rows"].get<int>() <= 200) small.push_back(c);
    REQUIRE(small.size() >= 2);
    check_cases<double>(small, [](const auto& loss, const auto& views) { return by_definition(loss, views); });
  }
  SECTION("on the CPU in double") {
    check_cases<double>(cases, [](const auto& loss, const auto& views) { return on_cpu<double>(loss, views); });
  }
  SECTION("on the CPU in float") {
    check_cases<float>(cases, [](const auto& loss, const auto& views) { return on_cpu<float>(loss, views); });
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
TEST_CASE("big inputs: the cases come out in all engines") { check_file("big.json", 28); }

}  // namespace contrastive::testing
