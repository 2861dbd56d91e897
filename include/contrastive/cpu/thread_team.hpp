// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Threads that wait for work and share out the tasks of one phase after another.
#pragma once

#include <atomic>
#include <contrastive/core/types.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>
#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// The process that runs, which fork() changes. Windows has none.
#if defined(_WIN32)
using process_number = int;
inline process_number this_process() { return 0; }
#else
using process_number = pid_t;
inline process_number this_process() { return ::getpid(); }
#endif

/// A callable in somebody's memory, for the time of a call.
class callable_view {
 public:
  template <class Callable>
  requires(!std::is_same_v<Callable, callable_view>) callable_view(Callable& callable)
      : object_(&callable),
        call_([](const void* object, index_type i) { (*static_cast<Callable*>(const_cast<void*>(object)))(i); }) {}
  callable_view() = default;

  void operator()(index_type i) const { call_(object_, i); }
  explicit operator bool() const { return call_ != nullptr; }

 private:
  const void* object_ = nullptr;
  void (*call_)(const void*, index_type) = nullptr;
};

/// The caller and up to threads - 1 workers, started when first needed. Where no more threads can be had, fewer work.
/// In the child of a fork(), which has the caller alone, they are started anew.
///
/// A body is a sequence of phases, the calls of share() and its like, and a phase is over once all its tasks are done. Nobody
/// waits for a thread that holds no task: a worker that the system wakes late, or puts aside for another program, finds phases
/// over, passes them, and takes tasks of the one that the others are in. So what a body does between phases must be the same on
/// all threads at any time of the run: it reads nothing that a task writes.
class thread_team {
 public:
  /// threads 0: as many as the machine has.
  explicit thread_team(int threads) : wanted_(threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency())) {
    if (wanted_ < 1) wanted_ = 1;
  }
  thread_team(const thread_team&) = delete;
  thread_team& operator=(const thread_team&) = delete;
  ~thread_team() {
    forget_workers_of_parent();
    quits_.store(true, std::memory_order_relaxed);
    announce();
    for (auto& worker : workers_) worker.join();
  }

  /// Threads that there are for the next run: 1, or all, started now if they are not there yet; with room for as many tasks of
  /// share_when_ready. May throw std::bad_alloc.
  int prepare(bool worth_threads, index_type most_tasks_when_ready = 0) {
    if (!worth_threads) return active_ = 1;
    if (most_tasks_when_ready > num_taken_) {
      taken_ = std::make_unique<std::atomic<std::uint64_t>[]>(static_cast<std::size_t>(most_tasks_when_ready));
      num_taken_ = most_tasks_when_ready;
    }
    forget_workers_of_parent();
    workers_.reserve(static_cast<std::size_t>(wanted_));
    while (static_cast<int>(workers_.size()) + 1 < wanted_) {
      const int number = static_cast<int>(workers_.size()) + 1;
#if defined(__cpp_exceptions)
      try {
        start(number);
      } catch (const std::system_error&) {
        wanted_ = number;
      }
#else
      start(number);
#endif
    }
    return active_ = static_cast<int>(workers_.size()) + 1;
  }
  /// Of the next run, or of the one in progress.
  int num_threads() const { return active_; }

  /// Calls body(thread) on the caller and on the prepared workers that come in time, and returns when all have left it. What a
  /// body throws stops the others at their next task, and of several exceptions the first is thrown on.
  template <class Body>
  void run(Body body) {
    if (active_ == 1) return body(0);
    const unsigned outer_phase = phase_here();  // this may be a task of another team
    job_ = body;
    stopped_.store(false, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    phase_.store(0, std::memory_order_relaxed);
    ++job_count_;
    inside_.store(0, std::memory_order_release);
    announce();
    work(0);
    inside_.fetch_or(closed, std::memory_order_acq_rel);
    for (unsigned now = inside_.load(std::memory_order_acquire); now != closed; now = inside_.load(std::memory_order_acquire))
      wait_for_change(inside_, now);
    phase_here() = outer_phase;
    if (first_exception_) std::rethrow_exception(std::exchange(first_exception_, nullptr));
  }

  /// Inside a body: task(t) for t in [0, count), each on one thread; all are done when it returns.
  template <class Task>
  void share(index_type count, Task task) {
    share_out(count, task);
  }
  /// Inside a body: task(i) for i in [0, count), `grain` at a time.
  template <class Task>
  void each(index_type count, index_type grain, Task task) {
    share((count + grain - 1) / grain, [&](index_type part) {
      for (index_type i = part * grain; i < count && i < (part + 1) * grain; ++i) task(i);
    });
  }
  /// Inside a body: task(), on one thread; it is done when this returns.
  template <class Task>
  void alone(Task task) {
    share(1, [&](index_type) { task(); });
  }
  /// Inside a body: as share() of tasks that have to wait for others. ready(t) becomes true when those are done, and stays
  /// true; the first task that is not done is ready. Threads take the first that is ready, and pass over what waits for a late
  /// thread.
  template <class Ready, class Task>
  void share_when_ready(index_type count, Ready ready, Task task) {
    if (active_ == 1) {
      for (index_type t = 0; t < count; ++t) task(t);
      return;
    }
    if (count == 0) return;
    const unsigned here = phase_here()++;
    const std::uint64_t stamp = (job_count_ << 32) + here + 1;
    for (index_type first = 0;;) {
      end_if_stopped();
      const unsigned progress = progress_.load(std::memory_order_acquire);  // before the look at what is ready
      while (first < count && is_taken(first, stamp)) ++first;
      if (first == count) break;
      const index_type t = take_ready(first, count, stamp, ready);
      if (t < count) {
        task(t);
        progress_.fetch_add(1, std::memory_order_release);
        progress_.notify_all();
        if (was_last(here, count)) return;
      } else {
        wait_for_change(progress_, progress);
      }
    }
    wait_until_over(here);
  }

 private:
  /// Ends the body of a thread when another one has thrown.
  struct stop {};

  static constexpr unsigned closed = 1u << 31;  // in inside_: nobody comes in any more

  /// The phase of the run that this thread is in.
  static unsigned& phase_here() {
    thread_local unsigned phase = 0;
    return phase;
  }

  void start(int number) {
    workers_.emplace_back([this, number, seen = job_number_.load(std::memory_order_relaxed)] { wait_for_work(number, seen); });
  }
  /// Of the threads of the process that called fork() the child has nothing but the handles, which can be neither joined nor
  /// detached: empty ones take their places.
  void forget_workers_of_parent() {
    if (const process_number here = this_process(); here != process_) {
      for (std::thread& worker : workers_) std::construct_at(&worker);
      workers_.clear();
      process_ = here;
    }
  }

  void announce() {
    job_number_.fetch_add(1, std::memory_order_release);
    job_number_.notify_all();
  }
  void wait_for_work(int number, unsigned seen) {
    for (;;) {
      wait_for_change(job_number_, seen);
      seen = job_number_.load(std::memory_order_acquire);
      if (quits_.load(std::memory_order_relaxed)) return;
      if (!come_in()) continue;
      work(number);
      if (inside_.fetch_sub(1, std::memory_order_acq_rel) == closed + 1) inside_.notify_all();
    }
  }
  bool come_in() {
    unsigned now = inside_.load(std::memory_order_relaxed);
    while (now < closed)
      if (inside_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) return true;
    return false;
  }

  void share_out(index_type count, callable_view task) {
    if (active_ == 1) {
      for (index_type t = 0; t < count; ++t) task(t);
      return;
    }
    if (count == 0) return;
    const unsigned here = phase_here()++;
    for (;;) {
      end_if_stopped();
      std::uint64_t next = next_.load(std::memory_order_acquire);
      if (next >> 32 != here) return;  // over
      const auto t = static_cast<index_type>(next & 0xffffffffu);
      if (t == count) break;
      if (!next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
      task(t);
      if (was_last(here, count)) return;
    }
    wait_until_over(here);
  }
  bool is_taken(index_type t, std::uint64_t stamp) const {
    return taken_[static_cast<std::size_t>(t)].load(std::memory_order_relaxed) >= stamp;
  }
  /// Of tasks [first, count); count: there is none, as far as it looks.
  template <class Ready>
  index_type take_ready(index_type first, index_type count, std::uint64_t stamp, Ready& ready) {
    constexpr index_type most_not_ready = 256;
    index_type looked_at = 0;
    for (index_type t = first; t < count && looked_at < most_not_ready; ++t) {
      auto& taken = taken_[static_cast<std::size_t>(t)];
      std::uint64_t now = taken.load(std::memory_order_relaxed);
      if (now >= stamp) continue;
      if (ready(t) && taken.compare_exchange_strong(now, stamp, std::memory_order_relaxed)) return t;
      ++looked_at;
    }
    return count;
  }
  /// After a task. True: it was the phase's last, and the next one has begun.
  bool was_last(unsigned here, index_type count) {
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 != count) return false;
    done_.store(0, std::memory_order_relaxed);
    next_.store(std::uint64_t{here + 1} << 32, std::memory_order_release);
    phase_.fetch_add(1, std::memory_order_release);  // no store: a later phase may be over before this line
    phase_.notify_all();
    return true;
  }
  void wait_until_over(unsigned here) {
    for (unsigned now = phase_.load(std::memory_order_acquire); now <= here; now = phase_.load(std::memory_order_acquire)) {
      wait_for_change(phase_, now);
      end_if_stopped();
    }
  }

#if defined(__cpp_exceptions)
  void work(index_type thread) {
    phase_here() = 0;
    try {
      job_(thread);
    } catch (const stop&) {
    } catch (...) {
      stop_others(std::current_exception());
    }
  }
  void end_if_stopped() const {
    if (stopped_.load(std::memory_order_relaxed)) throw stop{};
  }
  void stop_others(std::exception_ptr exception) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    first_exception_ = std::move(exception);
    for (auto* const waited_for : {&phase_, &progress_}) {
      waited_for->fetch_add(1, std::memory_order_release);
      waited_for->notify_all();
    }
  }
#else
  void work(index_type thread) {
    phase_here() = 0;
    job_(thread);
  }
  void end_if_stopped() const {}
#endif

  /// Spins for the few microseconds that phases usually differ by, then sleeps.
  static void wait_for_change(const std::atomic<unsigned>& value, unsigned old) {
    for (int spin = 0; spin < 1000; ++spin) {
      if (value.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
  }

  int wanted_;
  int active_ = 1;
  callable_view job_;
  std::uint64_t job_count_ = 0;
  std::atomic<unsigned> job_number_{0};
  std::atomic<bool> quits_{false};
  std::atomic<unsigned> inside_{closed};  // workers in the body
  std::atomic<std::uint64_t> next_{0};    // phase, and in the lower half the first task of it that nobody has taken
  std::atomic<index_type> done_{0};       // tasks of the phase
  std::atomic<unsigned> phase_{0};        // phases that are over
  std::atomic<unsigned> progress_{0};     // tasks done of share_when_ready
  std::unique_ptr<std::atomic<std::uint64_t>[]> taken_;  // of those, when each was last taken: job and phase
  index_type num_taken_ = 0;
  std::atomic<bool> stopped_{false};
  std::exception_ptr first_exception_;
  process_number process_ = this_process();  // whose threads the workers are
  std::vector<std::thread> workers_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
