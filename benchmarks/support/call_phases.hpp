// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The phases of a call of the CPU engine, with the time of each on one thread: the engine's own parts, driven in its order.
#pragma once

#include <time.h>

#include <algorithm>
#include <contrastive/cpu/engine.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <string>
#include <vector>

namespace contrastive::benchmarks {

/// Of this thread alone: what others do on its core does not count.
inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

enum class phase_kind {
  serial,    // one thread works, the others wait
  tasks,     // equal tasks, shared out
  meetings,  // of blocks in pairs; each waits for the turns of both
};

/// What lies between two points where all threads meet.
struct phase {
  std::string name;
  phase_kind kind;
  index_type count;             // of tasks
  double seconds;               // of one task, or of one meeting
  double own_pair_seconds = 0;  // of a meeting of a block with itself, where that is half of one
};

/// All phases of a call, and its blocks.
struct call_phases {
  bool symmetric = false;
  index_type anchor_blocks = 0, candidate_blocks = 0, block_rows = 0;
  std::vector<phase> phases;

  /// The schedule that some threads follow.
  template <class Use>
  void with_schedule(int threads, Use use) const {
    const index_type anchors = (anchor_blocks + 1) / 2, candidates = (candidate_blocks + 1) / 2;  // twos
    if (symmetric)
      use(cpu::in_twos(anchor_blocks, candidate_blocks, cpu::tournament(candidates), threads));
    else
      use(cpu::in_twos(anchor_blocks, candidate_blocks, cpu::rotation(anchors, candidates), threads));
  }
  /// Of a task of a schedule.
  template <class Schedule>
  double seconds_of(const phase& of, const Schedule& schedule, index_type task) const {
    double sum = 0;
    schedule.each(task, [&](index_type I, index_type J) { sum += symmetric && I == J ? of.own_pair_seconds : of.seconds; });
    return sum;
  }
  /// On one thread.
  double seconds_of(const phase& of) const {
    if (of.kind != phase_kind::meetings) return static_cast<double>(of.count) * of.seconds;
    double sum = 0;
    with_schedule(1, [&](const auto& schedule) {
      for (index_type t = 0; t < schedule.num_tasks(); ++t) sum += seconds_of(of, schedule, t);
    });
    return sum;
  }
  double seconds() const {
    double sum = 0;
    for (const phase& of : phases) sum += seconds_of(of);
    return sum;
  }
};

/// Times the phases of value_and_gradient: of each the best of some rounds, of meetings the mean of those that some seconds
/// allow.
template <class T>
class phase_timer {
 public:
  /// block_rows 0: as the engine plans, else a divisor of the numbers of rows.
  phase_timer(index_type block_rows, std::size_t memory_budget)
      : block_rows_(block_rows), budget_(static_cast<index_type>(memory_budget / sizeof(T))) {}

  /// Calls beside() after each round: what is to be compared meets the same machine.
  template <class Beside, class L, class... E>
  call_phases measure(int rounds, Beside beside, const L& loss, const E&... embeddings) {
    const auto arguments = contrastive::detail::arguments_of<T>(embeddings...);
    p_.who = L::name, p_.temperature = loss.temperature, p_.similarity = loss.similarity, p_.reduction = loss.reduction;
    p_.arrangement = loss.arrangement, p_.arguments = arguments.data(), p_.count = static_cast<int>(arguments.size());
    p_.with_gradients = true;
    std::vector<shape> shapes;
    for (const auto& a : arguments) shapes.push_back({a.rows, a.cols});
    const argument_shapes all{shapes.data(), p_.count};
    p_.ranges = contrastive::detail::ranges_of(loss.arrangement, all);
    std::vector<T> sums(static_cast<std::size_t>(p_.ranges.total * shapes[0].cols));
    std::vector<matrix_view<T>> gradients;
    T* to = sums.data();
    for (const auto& a : arguments) gradients.emplace_back(to, a.rows, a.cols), to += a.rows * a.cols;
    p_.gradients = gradients.data(), p_.num_gradients = p_.count;
    auto pairs = contrastive::detail::bind(loss, all);
    contrastive::detail::with_rule(loss, all, [&](const auto& rule) {
      f_ = cpu::functions_of<T>(pairs, rule, p_.ranges.num_candidates(), p_.temperature, 0);
      for (int round = 0; round < rounds; ++round) run(), beside();
    });
    return call_;
  }

 private:
  /// Keeps the shortest time of each phase.
  void record(const phase& now) {
    if (at_ == call_.phases.size()) {
      call_.phases.push_back(now);
    } else {
      phase& best = call_.phases[at_];
      best.seconds = std::min(best.seconds, now.seconds);
      best.own_pair_seconds = std::min(best.own_pair_seconds, now.own_pair_seconds);
    }
    ++at_;
  }
  /// `work` does all tasks of a phase.
  template <class Work>
  void time(const char* name, phase_kind kind, index_type count, Work work) {
    const double began = thread_seconds();
    work();
    record({name, kind, count, (thread_seconds() - began) / static_cast<double>(std::max<index_type>(count, 1))});
  }
  template <class Task>
  void time_meetings(const char* name, bool in_rounds, Task task) {
    constexpr double most = 2;  // seconds
    double seconds[2] = {0, 0};
    index_type count[2] = {0, 0};
    call_.with_schedule(1, [&](const auto& schedule) {
      for (index_type t = 0; t < schedule.num_tasks() && (seconds[0] < most || count[0] == 0); ++t)
        schedule.each(t, [&](index_type I, index_type J) {
          const int own_pair = call_.symmetric && I == J;
          const double began = thread_seconds();
          task(I, J);
          seconds[own_pair] += thread_seconds() - began, ++count[own_pair];
        });
    });
    const auto mean = [&](int own_pair) {
      return count[own_pair] > 0 ? seconds[own_pair] / static_cast<double>(count[own_pair]) : 0;
    };
    if (in_rounds)
      record({name, phase_kind::meetings, 0, mean(0), mean(1)});
    else
      record({name, phase_kind::tasks, call_.anchor_blocks, mean(0) * static_cast<double>(call_.candidate_blocks)});
  }

  /// As engine::run(), for a loss with one stage, one direction, and listed positives.
  void run() {
    using kind = phase_kind;
    at_ = 0;
    const index_type n = p_.ranges.num_anchors();
    time("find listed pairs", kind::serial, 1, [&] {
      plan_.make(p_, f_, kernels_.width, false, budget_);
      if (block_rows_ > 0) plan_.anchors.block = plan_.candidates.block = block_rows_;
      terms_.make(f_);
      products_.reserve(p_, plan_);
      rows_.reserve(n, kernels_.width, f_, terms_);
      strips_.reserve(p_, plan_, f_, terms_);
      listed_.find(p_, f_);
      strips_.reserve(scratch_);
    });
    temperatures_.resize(static_cast<std::size_t>(n));
    call_.symmetric = plan_.symmetric, call_.block_rows = plan_.anchors.block;
    call_.anchor_blocks = plan_.anchors.count(), call_.candidate_blocks = plan_.candidates.count();
    const index_type groups = listed_.num_groups(), row_tasks = (p_.ranges.total + 63) / 64,
                     part = std::max<index_type>(64, (p_.ranges.total + 63) / 64);

    time("prepare rows", kind::tasks, row_tasks, [&] {
      products_.prepare(team_, scratch_.products, 1 + row_tasks, [&](index_type t) {
        if (t > 0) return products_.clear_gradients((t - 1) * 64, t * 64);
        double low = 0, high = 0;
        products_.bounds(low, high);
        terms_.choose_shifts(f_, f_.statement_of({0, n, plan_.tiled_begin, plan_.tiled_end}), low, high);
      });
    });
    time("clear", kind::tasks, row_tasks, [&] {
      for (index_type i = 0; i < n; ++i) rows_.clear(i), temperatures_[static_cast<std::size_t>(i)] = 0;
      for (index_type g = 0; g < groups; ++g) listed_.clear(g);
    });
    auto* const columns = plan_.symmetric ? &rows_ : nullptr;
    time_meetings("forward", plan_.symmetric,
                  [&](index_type I, index_type J) { strips_.sum(scratch_, I, J, false, rows_, columns); });
    time("add listed pairs", kind::tasks, groups, [&] {
      each_listed([&](index_type i, index_type, T& number) { rows_.add_pair(i, false, static_cast<double>(number), 1, 1); });
    });
    time("rule", kind::tasks, groups, [&] { rows_.finish(0, n, 0); });
    double loss = 0, mass = 0;
    time("reduce", kind::serial, 1, [&] {
      for (index_type i = 0; i < n; ++i) {
        const cpu::anchor_end& row = rows_.end(i);
        loss += row.loss * p_.anchor_weights.or_one(i), mass += row.mass * p_.anchor_weights.or_one(i);
      }
      rows_.clear_padding();
    });
    time("gains", kind::tasks, groups, [&] {
      for (index_type i = 0; i < n; ++i) rows_.set_gains(i, 1 / mass);
    });
    time_meetings("backward", true, [&](index_type I, index_type J) {
      strips_.slope(scratch_, I, J, rows_, columns,
                    [&](index_type i, double t, double) { temperatures_[static_cast<std::size_t>(i)] += t; });
    });
    time("slopes of listed pairs", kind::tasks, groups, [&] {
      each_listed([&](index_type i, index_type, T& number) {
        number = static_cast<T>(rows_.slope(i, static_cast<double>(number), 1, 1, temperatures_[static_cast<std::size_t>(i)]));
      });
    });
    time("write gradients", kind::tasks, (p_.ranges.total + part - 1) / part, [&] {
      for (index_type begin = 0; begin < p_.ranges.total; begin += part) {
        const index_type end = std::min(p_.ranges.total, begin + part);
        listed_.each_that_reaches(
            begin - p_.ranges.anchor_begin, end - p_.ranges.anchor_begin, begin - p_.ranges.candidate_begin,
            end - p_.ranges.candidate_begin,
            [&](index_type i, index_type j, T slope) { products_.accumulate_pair(i, j, slope, begin, end); });
        for (index_type row = begin; row < end; ++row) products_.write_gradient(row);
      }
    });
    time("conclude", kind::serial, 1, [&] {
      double temperature = loss;
      for (const double t : temperatures_) temperature += t;
      if (!products_.finite()) temperature = 0;
      volatile double sink = temperature;
      static_cast<void>(sink);
    });
  }
  template <class Visit>
  void each_listed(Visit visit) {
    for (index_type i = 0; i < p_.ranges.num_anchors(); ++i)
      for (index_type t = 0; t < listed_.per_anchor(); ++t)
        if (const index_type j = listed_.candidate(i, t); j != no_candidate) visit(i, j, listed_.number(i, t));
  }

  index_type block_rows_, budget_;
  cpu::kernel_table<T> kernels_ = cpu::kernels_for<T>(cpu::best_instruction_set());
  cpu::thread_team team_{1};
  cpu::strip_scratch<T> scratch_;
  cpu::listed_pairs<T> listed_;
  cpu::products<T> products_{kernels_};
  cpu::strips<T> strips_{kernels_, products_, listed_};
  cpu::anchor_states<T> rows_;
  std::vector<double> temperatures_;
  cpu::loss_functions<T> f_{};
  cpu::problem<T> p_{};
  cpu::plan<T> plan_;
  cpu::term_plans<T> terms_;

  call_phases call_;
  std::size_t at_ = 0;  // the next phase
};

}  // namespace contrastive::benchmarks
