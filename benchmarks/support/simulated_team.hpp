// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A call on threads that there are not: who takes which task when, by the rules of cpu/schedule.hpp and cpu/thread_team.hpp.
#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

#include "benchmarks/support/call_phases.hpp"

namespace contrastive::benchmarks {

/// What threads cost each other, in seconds.
struct team_costs {
  double hop;   // a cache line that another core has written
  double wake;  // to wake one of the threads that sleep between calls
};

/// The seconds of a call, and what they went into.
struct simulated_call {
  double seconds = 0;
  double work = 0;      // all tasks, shared evenly
  double serial = 0;    // one thread works, the others wait
  double too_few = 0;   // tasks or blocks: with these no order would be faster
  double turns = 0;     // waiting for the turns of blocks beyond that
  double together = 0;  // waking threads, taking tasks, meeting
};

class simulated_team {
 public:
  simulated_team(int threads, const team_costs& costs) : threads_(threads), costs_(costs) {}

  simulated_call run(const call_phases& call) const {
    simulated_call out;
    const double woken = costs_.wake * (threads_ - 1);  // the caller wakes one after the other
    out.together += woken;
    for (const phase& of : call.phases) {
      const double work = call.seconds_of(of), even = work / threads_;
      out.work += even;
      if (of.kind == phase_kind::serial) {
        out.serial += work - even;
      } else {
        double shortest = even, took = 0, free_of_costs = 0;
        if (of.kind == phase_kind::tasks) {
          const auto all = [&](auto task) {
            for (index_type t = 0; t < of.count; ++t) task(-1, -1, of.seconds);
          };
          took = finish(call, costs_.hop, all), free_of_costs = shortest = finish(call, 0, all);
        } else {
          const auto all = [&](auto task) {
            call.with_schedule(threads_, [&](const auto& schedule) {
              for (index_type t = 0; t < schedule.num_tasks(); ++t) {
                const cpu::meeting turns = schedule.turns_of(t);
                task(turns.anchors, turns.candidates, call.seconds_of(of, schedule, t));
              }
            });
          };
          took = finish(call, costs_.hop, all), free_of_costs = finish(call, 0, all);
          shortest = std::max(even, longest_chain(call, of));
        }
        out.too_few += shortest - even, out.turns += free_of_costs - shortest, out.together += took - free_of_costs;
      }
      if (threads_ > 1)
        out.together += costs_.hop * (threads_ + 1);  // each arrives by one line, then all see another one change
    }
    out.seconds = out.work + out.serial + out.too_few + out.turns + out.together;
    return out;
  }

 private:
  /// When the last of the tasks is done, which are taken in order, one each `hop` seconds at most, by the threads that are free
  /// first, and wait until their blocks are free.
  template <class All>
  double finish(const call_phases& call, double hop, All all) const {
    std::priority_queue<double, std::vector<double>, std::greater<>> free;
    for (int t = 0; t < threads_; ++t) free.push(0);
    const index_type others = call.symmetric ? 0 : call.anchor_blocks;  // the candidates' first block
    std::vector<double> turns(static_cast<std::size_t>(others + call.candidate_blocks), 0.0);
    double last_taken = 0, last = 0;
    if (threads_ == 1) hop = 0;
    all([&](index_type anchors, index_type candidates, double seconds) {
      const double taken = std::max(free.top(), last_taken + hop);
      free.pop();
      last_taken = taken;
      double begin = taken;
      const index_type blocks[] = {anchors, candidates < 0 ? -1 : others + candidates};
      for (const index_type b : blocks)
        if (b >= 0) begin = std::max(begin, turns[static_cast<std::size_t>(b)]);
      const double end = begin + seconds + (begin > taken ? hop : 0);
      for (const index_type b : blocks)
        if (b >= 0) turns[static_cast<std::size_t>(b)] = end;
      free.push(end);
      last = std::max(last, end);
    });
    return last;
  }
  /// The seconds of the meetings of one block, which can only follow each other.
  static double longest_chain(const call_phases& call, const phase& of) {
    const double others =
        static_cast<double>(call.symmetric ? call.candidate_blocks - 1 : std::max(call.anchor_blocks, call.candidate_blocks));
    return others * of.seconds + of.own_pair_seconds;
  }

  int threads_;
  team_costs costs_;
};

}  // namespace contrastive::benchmarks
