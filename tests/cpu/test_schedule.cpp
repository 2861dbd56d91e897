// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which blocks of rows meet.
#include <contrastive/cpu/schedule.hpp>
#include <map>
#include <set>
#include <support/catch.hpp>
#include <type_traits>
#include <utility>
#include <vector>

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

/// What each block of the anchors and of the candidates meets, in order; where both are the same rows `candidates` stays empty.
struct partners {
  std::map<index_type, std::vector<index_type>> of_anchor, of_candidate;
  bool operator==(const partners&) const = default;
};

/// Does all tasks in order as `threads` threads would, and checks that turns never wait for a later task.
template <class Groups>
partners meet_in_twos(index_type anchors, index_type candidates, const Groups& twos, int threads) {
  constexpr bool one_side = std::is_same_v<Groups, cpu::tournament>;
  const cpu::in_twos<Groups> schedule(anchors, candidates, twos, threads);
  partners met;
  std::map<index_type, index_type> turns_of_anchor, turns_of_candidate;
  for (index_type t = 0; t < schedule.num_tasks(); ++t) {
    const cpu::meeting now = schedule.turns_of(t);
    auto& others = one_side ? turns_of_anchor : turns_of_candidate;
    if (now.anchors >= 0) CHECK(turns_of_anchor[now.anchors]++ == now.round);
    if (now.candidates >= 0 && !(one_side && now.candidates == now.anchors)) CHECK(others[now.candidates]++ == now.round);
    schedule.each(t, [&](index_type I, index_type J) {
      CHECK((0 <= I && I < anchors && 0 <= J && J < candidates));
      if (one_side) CHECK(I <= J);
      met.of_anchor[I].push_back(J);
      if (!one_side)
        met.of_candidate[J].push_back(I);
      else if (I != J)
        met.of_anchor[J].push_back(I);
    });
  }
  return met;
}

/// Every block of one side met every one of the other once.
void check_complete(const std::map<index_type, std::vector<index_type>>& met, index_type blocks, index_type others) {
  CHECK(static_cast<index_type>(met.size()) == (others > 0 ? blocks : 0));
  for (const auto& [block, partners] : met) {
    CHECK(static_cast<index_type>(partners.size()) == others);
    CHECK(static_cast<index_type>(std::set<index_type>(partners.begin(), partners.end()).size()) == others);
  }
}

constexpr int many = 1000;  // threads: each meeting is a task

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

TEST_CASE("cpu: in twos every block meets itself and each other once, in the same order for few threads and for many") {
  for (index_type n = 1; n <= 21; ++n) {
    INFO(n << " blocks");
    const cpu::tournament twos((n + 1) / 2);
    const partners few = meet_in_twos(n, n, twos, 1), with_many = meet_in_twos(n, n, twos, many);
    check_complete(few.of_anchor, n, n);
    CHECK(few == with_many);
  }
}

TEST_CASE("cpu: in twos every anchor block meets every candidate block once, in the same order for few threads and for many") {
  for (index_type anchors = 1; anchors <= 9; ++anchors)
    for (index_type candidates = 0; candidates <= 10; ++candidates) {
      INFO(anchors << " and " << candidates << " blocks");
      const cpu::rotation twos((anchors + 1) / 2, (candidates + 1) / 2);
      const partners few = meet_in_twos(anchors, candidates, twos, 1),
                     with_many = meet_in_twos(anchors, candidates, twos, many);
      check_complete(few.of_anchor, anchors, candidates);
      check_complete(few.of_candidate, candidates, anchors);
      CHECK(few == with_many);
    }
}

TEST_CASE("cpu: in twos there are fewer tasks for few threads, and for many as many at a time as there are blocks in pairs") {
  const index_type blocks = 16;
  const cpu::tournament twos(blocks / 2);
  CHECK(cpu::in_twos(blocks, blocks, twos, 1).num_tasks() == twos.num_meetings());
  const cpu::in_twos schedule(blocks, blocks, twos, 2);
  // After the rounds of the twos with themselves each 8 tasks in a row have no block in common.
  for (index_type t = 4 * blocks / 2; t < schedule.num_tasks(); t += blocks / 2) {
    std::set<index_type> busy;
    for (index_type at = t; at < t + blocks / 2; ++at) {
      const cpu::meeting now = schedule.turns_of(at);
      busy.insert(now.anchors), busy.insert(now.candidates);
    }
    CHECK(static_cast<index_type>(busy.size()) == blocks);
  }
}

}  // namespace contrastive::testing
