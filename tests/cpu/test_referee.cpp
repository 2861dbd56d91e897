// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CPU engine against the definition: all losses, options, layouts, awkward sizes.
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

template <class T>
void check_against_the_definition(const setting& s) {
  INFO(s.text());
  evaluator<T> evaluate({.threads = 2});
  each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    INFO(what);
    const answer expected = by_definition(loss, rows), came = widened(call(evaluate, loss, rows));
    CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<T>(s.temperature));
  });
}

}  // namespace

TEMPLATE_TEST_CASE("cpu: at awkward sizes every loss agrees with its definition", "", float, double) {
  for (const setting& s : awkward_settings()) check_against_the_definition<TestType>(s);
}

TEMPLATE_TEST_CASE("cpu: over several blocks of rows every loss agrees with its definition", "", float, double) {
  // Few columns, for the definition's sake: it takes pair by pair. The cases made from the oracle have 1031 rows of 96.
  check_against_the_definition<TestType>({517, 4, similarity::cosine, reduction::mean, 0.1, 0});
}

}  // namespace contrastive::testing
