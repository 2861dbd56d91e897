// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Values and gradients of the public implementations' formulas, by the Thrust engine.
#include <support/cases.hpp>
#include <support/on_thrust.hpp>

namespace contrastive::testing {

TEMPLATE_TEST_CASE("thrust: the cases of every loss come out", "", float, double) {
  using T = TestType;
  thrust_engine::evaluator<T> evaluate;
  for (const char* loss : {"info_nce", "nt_xent", "conditional_contrastive", "weighted_info_nce", "sup_con", "clip", "big"}) {
    const json cases = read_cases(std::string(loss) + ".json", CONTRASTIVE_TEST_DATA);
    REQUIRE(cases.size() >= 2);
    check_cases<T>(cases, [&](const auto& l, const auto& views) { return on_thrust<T>(l, views, evaluate); });
  }
}

}  // namespace contrastive::testing
