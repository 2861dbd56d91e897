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
    const auto words = words_of_ranks(num_ranks, [&](const auto& ranks) {
      if (const std::string fault = fault_on_rank(ranks, loss, rows, where, whole); !fault.empty())
        throw std::logic_error(fault);
    });
    for (const std::string& w : words) CHECK(w == "");
  });
}

}  // namespace

TEMPLATE_TEST_CASE("distributed: every loss comes out on any number of ranks", "", float, double) {
  constexpr double temperatures[] = {0.5, 0.1, 0.03, 0.01};
  int turn = 0;
  for (setting s : awkward_settings()) {
    if (s.n < 2 || ++turn % 2 == (std::is_same_v<TestType, double> ? 0 : 1)) continue;  // each scalar has its half
    s.temperature = temperatures[turn / 2 % 4];
    check_setting<TestType>(s, turn / 2 % 5 + 1);
  }
}

TEST_CASE("distributed: blocks of many rows go round in several laps, and through the engine in several parts") {
  // 2048 rows of 64 doubles are what travels at a time.
  const index_type n = 4400, few = 2400, d = 64;
  const matrix<double> a = random_rows<double>(n, d, 1), b = random_rows<double>(n, d, 2);
  const std::vector<int> labels = random_labels(few, 40, 3);
  const struct {
    const char* what;
    any_loss loss;
    views<double> rows;
    std::vector<std::vector<index_type>> bounds;
  } problems[] = {
      {"nt_xent", nt_xent{.temperature = 0.2}, {a.topRows(n / 2), b.topRows(n / 2)}, {{0, 1150, n / 2}, {0, 1050, n / 2}}},
      {"clip", clip{.temperature = 0.2}, {a.topRows(few), b.topRows(few)}, {{0, 2200, few}, {0, 2200, few}}},
      {"sincere", sincere{.temperature = 0.2, .labels = labels}, {a.topRows(few)}, {{0, 150, few}}}};
  for (const auto& p : problems) {
    INFO(p.what);
    const answer whole = on_cpu<double>(p.loss, p.rows, {.threads = 2});
    const cut where{p.bounds};
    CHECK(error_on_threads(2, [&](const auto& ranks) { return error_on_rank(ranks, p.loss, p.rows, where, whole); }) <= 1e-11);
  }
}

}  // namespace contrastive::testing
