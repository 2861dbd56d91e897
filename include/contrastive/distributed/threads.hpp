// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Threads of one process as ranks: for tests, examples and programs that already have a thread a device.
#pragma once

#include <condition_variable>
#include <contrastive/core/errors.hpp>
#include <contrastive/distributed/evaluator.hpp>
#include <cstddef>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// Where the threads of one process meet; outlives its communicators.
///
///   contrastive::distributed::thread_group group(2);
///   std::thread other([&] { contrastive::distributed::thread_communicator ranks{group, 1}; });
///   contrastive::distributed::thread_communicator ranks{group, 0};
///   other.join();
class thread_group {
 public:
  /// Of so many ranks, at least 1.
  explicit thread_group(int size) : inboxes_(static_cast<std::size_t>(size < 1 ? 0 : size)), blocks_(inboxes_.size()) {
    if (size < 1) detail::refuse("thread_group", "size", "at least 1 rank", size);
  }
  int size() const { return static_cast<int>(inboxes_.size()); }  ///< how many ranks

 private:
  friend class thread_communicator;

  /// Memory of the rank before, which waits until it has been read.
  struct message {
    const void* memory;
    std::size_t bytes;
    int* unread;  // of its sender
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::deque<message>> inboxes_;  // of each rank
  std::vector<const void*> blocks_;           // of each rank, for a gathering
  int arrived_ = 0;
  unsigned gatherings_ = 0;
  bool left_ = false;  // a rank is gone: who waits for it waits in vain
};

/// One rank of a group, for one thread at a time. When it ends, calls of others that wait for it throw std::runtime_error.
class thread_communicator {
 public:
  /// Rank `rank` of the group. Throws std::invalid_argument where there is none.
  thread_communicator(thread_group& group, int rank) : group_(group), rank_(rank) {
    if (rank < 0 || rank >= group.size())
      detail::refuse("thread_communicator", "rank", "0 to " + std::to_string(group.size() - 1), rank);
  }
  thread_communicator(const thread_communicator&) = delete;
  thread_communicator& operator=(const thread_communicator&) = delete;
  ~thread_communicator() {
    const std::lock_guard<std::mutex> lock(group_.mutex_);
    take_back();
    group_.left_ = true;
    group_.changed_.notify_all();
  }

  int rank() const { return rank_; }          ///< this rank
  int size() const { return group_.size(); }  ///< how many there are

  /// See communicator.
  void all_gather(const void* own, std::size_t bytes, void* all) {
    {
      const std::lock_guard<std::mutex> lock(group_.mutex_);
      group_.blocks_[static_cast<std::size_t>(rank_)] = own;
    }
    meet();
    for (std::size_t r = 0; bytes > 0 && r < group_.blocks_.size(); ++r)
      std::memcpy(static_cast<std::byte*>(all) + r * bytes, group_.blocks_[r], bytes);
    meet();  // nobody's memory is gone before all have read it
  }

  /// See communicator.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    if (bytes > 0) {
      const std::lock_guard<std::mutex> lock(group_.mutex_);
      ++unread_;
      group_.inboxes_[static_cast<std::size_t>((rank_ + 1) % size())].push_back({to_next, bytes, &unread_});
      group_.changed_.notify_all();
    }
    if (previous_bytes > 0) awaited_.push_back({from_previous, previous_bytes});
  }

  /// See communicator.
  void wait() {
    auto& inbox = group_.inboxes_[static_cast<std::size_t>(rank_)];
    std::unique_lock<std::mutex> lock(group_.mutex_);
    for (; !awaited_.empty(); awaited_.pop_front()) {
      wait_until(lock, [&] { return !inbox.empty(); });
      const thread_group::message came = inbox.front();
      const place to = awaited_.front();
      if (came.bytes != to.bytes)
        detail::fail<std::logic_error>("contrastive: thread_communicator: a shift expected " + std::to_string(to.bytes) +
                                       " bytes, got " + std::to_string(came.bytes));
      std::memcpy(to.memory, came.memory, came.bytes);  // under the lock: the sender can not go away meanwhile
      inbox.pop_front();
      --*came.unread;
      group_.changed_.notify_all();
    }
    wait_until(lock, [&] { return unread_ == 0; });
  }

 private:
  /// Own messages, and places for those of others: their memory is about to go. Under the lock.
  void take_back() {
    auto& inbox = group_.inboxes_[static_cast<std::size_t>((rank_ + 1) % size())];
    for (auto m = inbox.begin(); m != inbox.end();) m = m->unread == &unread_ ? inbox.erase(m) : m + 1;
    unread_ = 0;
    awaited_.clear();
  }
  struct place {
    void* memory;
    std::size_t bytes;
  };

  template <class Condition>
  void wait_until(std::unique_lock<std::mutex>& lock, Condition there, int arrived = 0) {
    group_.changed_.wait(lock, [&] { return there() || group_.left_; });
    if (there()) return;
    group_.arrived_ -= arrived;
    take_back();
    detail::fail<std::runtime_error>("contrastive: thread_communicator: a rank has left the group");
  }
  void meet() {
    std::unique_lock<std::mutex> lock(group_.mutex_);
    const unsigned now = group_.gatherings_;
    if (++group_.arrived_ == size()) {
      group_.arrived_ = 0, ++group_.gatherings_;
      group_.changed_.notify_all();
    } else {
      wait_until(
          lock, [&] { return group_.gatherings_ != now; }, 1);
    }
  }

  thread_group& group_;
  int rank_;
  int unread_ = 0;  // own messages that the next rank has not read
  std::deque<place> awaited_;
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
