// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which blocks of rows meet.
#include <contrastive/cpu/schedule.hpp>
#include <map>
#include <set>
#include <support/catch.hpp>
#include <utility>

namespace contrastive::testing {
namespace {

/// Meets everybody in order, and checks that each block is in one meeting a round and that rounds follow each other.
/// Returns how often each pair met.
template <class Meetings>
std::map<std::pair<index_type, index_type>, int> hold(const Meetings& meetings, bool one_side) {
  std::map<std::pair<index_type, index_type>, int> met;
  std::map<index_type, index_type> rounds_of_anchor, rounds_of_candidate;
  index_type last = 0;
  for (index_type m = 0; m < meetings.num_meetings(); ++m) {
    const cpu::meeting now = meetings[m];
    CHECK(now.round >= last);
    last = now.round;
    auto& others = one_side ? rounds_of_anchor : rounds_of_candidate;
    if (now.anchors >= 0) CHECK(rounds_of_anchor[now.anchors]++ == now.round);
    if (now.candidates >= 0 && !(one_side && now.candidates == now.anchors)) CHECK(others[now.candidates]++ == now.round);
    if (now.anchors >= 0 && now.candidates >= 0) ++met[{now.anchors, now.candidates}];
  }
  return met;
}

}  // namespace

TEST_CASE("cpu: in a tournament every block meets itself and each other once, in one meeting a round") {
  for (index_type n = 0; n <= 13; ++n) {
    INFO(n << " blocks");
    const auto met = hold(cpu::tournament(n), true);
    CHECK(static_cast<index_type>(met.size()) == n * (n + 1) / 2);
    for (const auto& [pair, count] : met) {
      CHECK(pair.first <= pair.second);
      CHECK(pair.second < n);
      CHECK(count == 1);
    }
  }
}

TEST_CASE("cpu: in a rotation every anchor block meets every candidate block once, in one meeting a round") {
  for (index_type anchors = 1; anchors <= 6; ++anchors)
    for (index_type candidates = 0; candidates <= 7; ++candidates) {
      INFO(anchors << " and " << candidates << " blocks");
      const auto met = hold(cpu::rotation(anchors, candidates), false);
      CHECK(static_cast<index_type>(met.size()) == anchors * candidates);
      for (const auto& [pair, count] : met) CHECK((pair.first < anchors && pair.second < candidates && count == 1));
    }
}

}  // namespace contrastive::testing
