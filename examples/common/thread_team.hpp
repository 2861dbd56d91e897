// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A few threads that share out numbered pieces of work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "common/matrix.hpp"

namespace examples {

/// Runs pieces of work on `threads` threads, the caller's among them. Who does which piece is open, so a result is the
/// same for any number of threads if no piece writes what another one reads or writes.
class thread_team {
 public:
  /// 0: as many threads as the machine has.
  explicit thread_team(int threads = 0);
  ~thread_team();
  thread_team(const thread_team&) = delete;
  thread_team& operator=(const thread_team&) = delete;

  int size() const { return static_cast<int>(helpers_.size()) + 1; }

  /// work(piece) for pieces 0 … count - 1; throws what one of them threw.
  void for_each(index count, const std::function<void(index)>& work);

  /// work(first, length) for consecutive blocks of [0, total). The blocks depend on the numbers alone, not on the threads.
  void for_blocks(index total, index block, const std::function<void(index, index)>& work);

 private:
  void help();
  void take_pieces();

  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  std::uint64_t round_ = 0;
  std::size_t busy_ = 0;
  bool leave_ = false;
  const std::function<void(index)>* work_ = nullptr;
  index count_ = 0;
  std::atomic<index> next_{0};
  std::exception_ptr error_;
};

}  // namespace examples
