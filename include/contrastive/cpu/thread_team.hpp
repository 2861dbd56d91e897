// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Threads that wait for work, share out the tasks of a round and meet at its end.
#pragma once

#include <atomic>
#include <contrastive/core/types.hpp>
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
    job_ = {};
    job_number_.fetch_add(1, std::memory_order_release);
    job_number_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  /// Threads that there are for the next run: 1, or all, started now if they are not there yet. May throw std::bad_alloc.
  int prepare(bool worth_threads) {
    if (!worth_threads) return active_ = 1;
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

  /// Those of the last prepare().
  int active() const { return active_; }

  /// Calls body(thread) on each of the prepared threads and returns when all have come back. What a body throws stops the
  /// others where they next meet or take a task, and of several exceptions the first is thrown on.
  template <class Body>
  void run(Body body) {
    next_task_.store(0, std::memory_order_relaxed);
    if (active_ == 1) return body(0);
    arrived_.store(0, std::memory_order_relaxed);
    stopped_.store(false, std::memory_order_relaxed);
    working_.store(static_cast<unsigned>(active_) - 1, std::memory_order_relaxed);
    job_ = body;
    job_number_.fetch_add(1, std::memory_order_release);
    job_number_.notify_all();
    work(0);
    for (unsigned left = working_.load(std::memory_order_acquire); left != 0; left = working_.load(std::memory_order_acquire))
      wait_for_change(working_, left);
    if (first_exception_) std::rethrow_exception(std::exchange(first_exception_, nullptr));
  }

  /// Inside a body: task(t) for t in [0, count), each on one thread; all have met when it returns.
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
  /// Inside a body: the first thread calls task(), the others wait.
  template <class Task>
  void alone(index_type thread, Task task) {
    if (thread == 0) task();
    meet();
  }

 private:
  /// Ends the body of a thread when another one has thrown.
  struct stop {};

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

  void share_out(index_type count, callable_view task) {
    // A task that was taken is done, since others may wait for it: so the look at stopped_ comes first.
    while (!stopped_.load(std::memory_order_relaxed)) {
      const index_type t = next_task_.fetch_add(1, std::memory_order_relaxed);
      if (t >= count) break;
      task(t);
    }
    meet();
  }

  /// Waits until all active threads are here. The last one resets the tasks' counter.
  void meet() {
    if (active_ == 1) {
      next_task_.store(0, std::memory_order_relaxed);
      return;
    }
    const unsigned round = round_.load(std::memory_order_acquire);  // before `stopped_` is read: stop_others() sets that first
    end_if_stopped();
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == active_) {
      arrived_.store(0, std::memory_order_relaxed);
      next_task_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      round_.notify_all();
    } else {
      wait_for_change(round_, round);
      end_if_stopped();
    }
  }

  void wait_for_work(int number, unsigned seen) {
    for (;;) {
      wait_for_change(job_number_, seen);
      ++seen;
      if (!job_) return;
      work(number);
      if (working_.fetch_sub(1, std::memory_order_acq_rel) == 1) working_.notify_all();
    }
  }

#if defined(__cpp_exceptions)
  void work(index_type thread) {
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
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
#else
  void work(index_type thread) { job_(thread); }
  void end_if_stopped() const {}
#endif

  /// Spins for the few microseconds that rounds usually differ by, then sleeps.
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
  std::atomic<unsigned> job_number_{0}, round_{0}, working_{0};
  std::atomic<int> arrived_{0};
  std::atomic<bool> stopped_{false};
  std::exception_ptr first_exception_;
  process_number process_ = this_process();  // whose threads the workers are
  std::atomic<index_type> next_task_{0};
  std::vector<std::thread> workers_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
