// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The threads behind thread_team.
#include "common/thread_team.hpp"

#include <algorithm>

namespace examples {

thread_team::thread_team(int threads) {
  const unsigned all = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t wanted = threads > 0 ? static_cast<std::size_t>(threads) : all;
  for (std::size_t t = 1; t < wanted; ++t) helpers_.emplace_back([this] { help(); });
}

thread_team::~thread_team() {
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  start_.notify_all();
  for (auto& helper : helpers_) helper.join();
}

void thread_team::for_each(index count, const std::function<void(index)>& work) {
  if (count <= 1 || helpers_.empty()) {
    for (index piece = 0; piece < count; ++piece) work(piece);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    count_ = count;
    next_ = 0;
    busy_ = helpers_.size();
    error_ = nullptr;
    ++round_;
  }
  start_.notify_all();
  take_pieces();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void thread_team::for_blocks(index total, index block, const std::function<void(index, index)>& work) {
  for_each((total + block - 1) / block, [&](index piece) { work(piece * block, std::min(block, total - piece * block)); });
}

void thread_team::help() {
  std::uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return leave_ || round_ != seen; });
      if (leave_) return;
      seen = round_;
    }
    take_pieces();
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) done_.notify_one();
  }
}

void thread_team::take_pieces() {
  try {
    for (index piece = next_++; piece < count_; piece = next_++) (*work_)(piece);
  } catch (...) {
    next_ = count_;
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

}  // namespace examples
