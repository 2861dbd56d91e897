// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which blocks of rows meet: in each round every block is in one meeting, so that the meetings of a round write
// to disjoint rows without locks, and each sum is taken in an order that depends on the shape alone.
#pragma once

#include <atomic>
#include <contrastive/core/types.hpp>
#include <memory>

namespace contrastive::inline CONTRASTIVE_FLAGS::cpu {

/// Rows [0, size) in blocks of `block` rows, the last one shorter.
struct blocks {
  index size = 0;
  index block = 1;

  /// About `parts` blocks, of a multiple of `width` rows, at least `least`, at most `largest`, both such multiples.
  static blocks of(index size, index width, index least, index largest, index parts) {
    const index even = (size + parts - 1) / parts;
    const index block = (even + width - 1) / width * width;
    return {size, block < least ? least : (block > largest ? largest : block)};
  }
  index count() const { return (size + block - 1) / block; }
  index begin(index b) const { return b * block; }
  index end(index b) const { return (b + 1) * block < size ? (b + 1) * block : size; }
};

/// One meeting of the schedule. A negative block: nobody is there, and nothing to do.
struct meeting {
  index round;
  index anchors, candidates;
};

/// Every unordered pair of n blocks once: round 0 has each block with itself, the others are a round-robin tournament
/// (circle method: player n - 1 stays, the others move on by one seat a round). In each round each block is in one meeting.
class tournament {
 public:
  explicit tournament(index num_blocks) : n_(num_blocks), players_(num_blocks + num_blocks % 2) {}
  index num_meetings() const { return n_ > 1 ? n_ + (players_ - 1) * (players_ / 2) : n_; }
  meeting operator[](index m) const {
    if (m < n_) return {0, m, m};
    const index circle = players_ - 1, turn = (m - n_) / (players_ / 2), seat = (m - n_) % (players_ / 2);
    const index a = seat == 0 ? circle : (turn + seat) % circle;
    const index b = (turn - seat + circle) % circle;
    const index low = a < b ? a : b, high = a < b ? b : a;
    return {turn + 1, low, high < n_ ? high : -1};
  }

 private:
  index n_, players_;
};

/// Every pair of an anchor block and a candidate block once: in round r anchor block I meets candidate block I + r. In each
/// round each block of either side is in one meeting.
class rotation {
 public:
  rotation(index anchor_blocks, index candidate_blocks)
      : anchors_(anchor_blocks), candidates_(candidate_blocks), seats_(anchor_blocks > candidate_blocks ? anchor_blocks : candidate_blocks) {}
  index num_meetings() const { return candidates_ > 0 ? seats_ * seats_ : 0; }
  meeting operator[](index m) const {
    const index round = m / seats_, anchor = m % seats_, candidate = (anchor + round) % seats_;
    return {round, anchor < anchors_ ? anchor : -1, candidate < candidates_ ? candidate : -1};
  }

 private:
  index anchors_, candidates_, seats_;
};

/// How many rounds each block has behind it. A meeting begins when both blocks have all rounds before its own behind them: so
/// the sums of a block are taken in the order of its rounds, and threads wait for those blocks alone, not for each other.
/// Meetings must be taken in their order.
class block_turns {
 public:
  void reserve(index size) {
    if (size <= size_) return;
    turns_ = std::make_unique<std::atomic<unsigned>[]>(static_cast<std::size_t>(size));
    size_ = size;
  }
  void clear() {
    for (index b = 0; b < size_; ++b) turns_[static_cast<std::size_t>(b)].store(0, std::memory_order_relaxed);
  }
  void wait(index block, index round) const {
    const auto& turn = turns_[static_cast<std::size_t>(block)];
    const auto wanted = static_cast<unsigned>(round);
    for (int spin = 0; spin < 1000; ++spin) {
      if (turn.load(std::memory_order_acquire) == wanted) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    for (unsigned now = turn.load(std::memory_order_acquire); now != wanted; now = turn.load(std::memory_order_acquire))
      turn.wait(now, std::memory_order_acquire);
  }
  void finish(index block, index round) {
    auto& turn = turns_[static_cast<std::size_t>(block)];
    turn.store(static_cast<unsigned>(round) + 1, std::memory_order_release);
    turn.notify_all();
  }

 private:
  std::unique_ptr<std::atomic<unsigned>[]> turns_;
  index size_ = 0;
};

}  // namespace contrastive::inline CONTRASTIVE_FLAGS::cpu
