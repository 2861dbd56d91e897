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

TEST_CASE("distributed: blocks of many rows go round in several laps, and through the engine in several parts") {
  // 2048 rows of 256 doubles are what travels at a time.
  const index_type n = 4700, d = 256;
  const matrix<double> a = random_rows<double>(n, d, 1), b = random_rows<double>(n, d, 2);
  const std::vector<int> labels = random_labels(n, 40, 3);
  const struct {
    const char* what;
    any_loss loss;
    views<double> rows;
    std::vector<std::vector<index_type>> bounds;
  } problems[] = {
      {"nt_xent", nt_xent{.temperature = 0.2}, {a.topRows(n / 2), b.topRows(n / 2)}, {{0, 1250, n / 2}, {0, 1150, n / 2}}},
      {"clip", clip{.temperature = 0.2}, {a, b}, {{0, 2200, n}, {0, 2200, n}}},
      {"sincere", sincere{.temperature = 0.2, .labels = labels}, {a}, {{0, 2550, n}}}};
  for (const auto& p : problems) {
    INFO(p.what);
    const answer whole = on_cpu<double>(p.loss, p.rows, {.threads = 2});
    const cut where{p.bounds};
    CHECK(error_on_threads(2, [&](const auto& ranks) { return error_on_rank(ranks, p.loss, p.rows, where, whole); }) <= 1e-11);
  }
}

}  // namespace contrastive::testing
