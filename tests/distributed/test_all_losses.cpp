// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Threads as ranks: every loss, cut anywhere, comes out as in one process.
#include <distributed/on_threads.hpp>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

template <class T>
void check_setting(const setting& s, int num_ranks) {
  INFO(s.text() << ", " << num_ranks << " ranks");
  std::uint64_t seed = run_seed() + static_cast<std::uint64_t>(num_ranks);
  each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    const cut where = cut_rows(loss, rows, num_ranks, ++seed);
    INFO(what << ", cut with seed " << seed);
    const answer whole = on_cpu<T>(loss, rows, {.threads = 1});
    const double bound = std::is_same_v<T, double> ? 1e-12 / s.temperature : tolerance<float>(s.temperature) / 3;
    CHECK(error_on_threads(num_ranks, [&](const auto& ranks) { return error_on_rank(ranks, loss, rows, where, whole); }) <=
          bound);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("distributed: every loss comes out on any number of ranks", "", float, double) {
  int ranks = 1;
  for (const setting& s : awkward_settings()) {
    if (s.n < 2) continue;
    check_setting<TestType>(s, ranks);
    ranks = ranks % 5 + 1;
  }
}

}  // namespace contrastive::testing
