// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which pairs of blocks of rows are computed. In a round each block belongs to at most one pair, so that the pairs
// of a round write to disjoint rows without locks, and each sum is taken in an order that depends on the shape alone.
#pragma once

#include <atomic>
#include <contrastive/core/types.hpp>
#include <memory>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// Rows [0, size) in blocks of `block` rows, the last one shorter.
struct blocks {
  index_type size = 0;
  index_type block = 1;

  /// About `parts` blocks, of a multiple of `width` rows, at least `least`, at most `largest`, both such multiples.
  static blocks of(index_type size, index_type width, index_type least, index_type largest, index_type parts) {
    const index_type even = (size + parts - 1) / parts;
    const index_type block = (even + width - 1) / width * width;
    return {size, block < least ? least : (block > largest ? largest : block)};
  }
  index_type count() const { return (size + block - 1) / block; }
  index_type begin(index_type b) const { return b * block; }
  index_type end(index_type b) const { return (b + 1) * block < size ? (b + 1) * block : size; }
};

/// A pair of blocks and its round. A negative block: there is no pair, and nothing to do.
struct meeting {
  index_type round;
  index_type anchors, candidates;
};

/// Every unordered pair of n blocks once: round 0 has each block with itself, the others are a round-robin tournament
/// (circle method: player n - 1 stays, the others move on by one seat a round). In a round each block is in at most one pair.
class tournament {
 public:
  explicit tournament(index_type num_blocks) : n_(num_blocks), players_(num_blocks + num_blocks % 2) {}
  index_type num_meetings() const { return n_ > 1 ? n_ + (players_ - 1) * (players_ / 2) : n_; }
  /// Meetings in the round of meeting m, the first of them, and the most that can go on at a time in all rounds but the first.
  index_type round_size(index_type m) const { return m < n_ ? n_ : players_ / 2; }
  index_type round_begin(index_type m) const { return m < n_ ? 0 : m - (m - n_) % (players_ / 2); }
  index_type seats() const { return players_ / 2; }
  meeting operator[](index_type m) const {
    if (m < n_) return {0, m, m};
    const index_type circle = players_ - 1, turn = (m - n_) / (players_ / 2), seat = (m - n_) % (players_ / 2);
    const index_type a = seat == 0 ? circle : (turn + seat) % circle;
    const index_type b = (turn - seat + circle) % circle;
    const index_type low = a < b ? a : b, high = a < b ? b : a;
    return {turn + 1, low, high < n_ ? high : -1};
  }

 private:
  index_type n_, players_;
};

/// Every pair of an anchor block and a candidate block once: in round r anchor block I meets candidate block I + r. In a
/// round each block of either side is in at most one pair.
class rotation {
 public:
  rotation(index_type anchor_blocks, index_type candidate_blocks)
      : anchors_(anchor_blocks),
        candidates_(candidate_blocks),
        seats_(anchor_blocks > candidate_blocks ? anchor_blocks : candidate_blocks) {}
  index_type num_meetings() const { return candidates_ > 0 ? seats_ * seats_ : 0; }
  index_type round_size(index_type) const { return seats_; }
  index_type round_begin(index_type m) const { return m - m % seats_; }
  index_type seats() const { return seats_; }
  meeting operator[](index_type m) const {
    const index_type round = m / seats_, anchor = m % seats_, candidate = (anchor + round) % seats_;
    return {round, anchor < anchors_ ? anchor : -1, candidate < candidates_ ? candidate : -1};
  }

 private:
  index_type anchors_, candidates_, seats_;
};

/// Blocks in twos, which meet by `Groups`, a tournament or a rotation; in a meeting of two twos each block of one meets each
/// block of the other, in two rounds. Where there are few threads one does these four meetings, and finds rows in its cache.
/// Where there are many each meeting is a task, and of a round of twos the first rounds come before the second ones. Either way
/// a block meets the same others in the same order.
template <class Groups>
class in_twos {
 public:
  in_twos(index_type anchor_blocks, index_type candidate_blocks, const Groups& twos, int threads)
      : anchors_(anchor_blocks), candidates_(candidate_blocks), twos_(twos), together_(4 * threads <= twos.seats()) {}

  index_type num_tasks() const { return together_ ? twos_.num_meetings() : most_tasks(); }
  /// Of any number of threads.
  index_type most_tasks() const { return 4 * twos_.num_meetings(); }
  /// Whose turn a task waits for: of twos where they stay together, else of blocks.
  meeting turns_of(index_type task) const {
    if (together_) return twos_[task];
    const index_type begin = twos_.round_begin(task / 4), size = twos_.round_size(task / 4), place = task - 4 * begin;
    return of_blocks(twos_[begin + place / 2 % size], place / (2 * size), place % 2);
  }
  /// Calls meet(I, J) for the pairs of blocks of a task.
  template <class Meet>
  void each(index_type task, Meet meet) const {
    const auto one = [&](const meeting& now) {
      if (now.anchors >= 0 && now.candidates >= 0) meet(now.anchors, now.candidates);
    };
    if (!together_) return one(turns_of(task));
    for (index_type place = 0; place < 4; ++place) one(of_blocks(twos_[task], place / 2, place % 2));
  }

 private:
  /// Of a meeting of twos, in one of its two rounds. Successive ones share a block where they can.
  meeting of_blocks(const meeting& of, index_type round, index_type seat) const {
    const index_type now = 2 * of.round + round;
    const bool with_itself = std::is_same_v<Groups, tournament> && of.anchors == of.candidates;
    if (with_itself && round == 1 && seat == 1) return {now, -1, -1};  // the two have met
    const auto block = [](index_type two, index_type which, index_type count) {
      return two >= 0 && 2 * two + which < count ? 2 * two + which : -1;
    };
    return {now, block(of.anchors, with_itself && round == 1 ? 0 : seat ^ round, anchors_),
            block(of.candidates, with_itself && round == 1 ? 1 : seat, candidates_)};
  }

  index_type anchors_, candidates_;
  Groups twos_;
  bool together_;
};

/// How many rounds each block has behind it. A meeting is ready when both its blocks, which may be negative or the same, have
/// all rounds before its own behind them: so the sums of a block are taken in the order of its rounds, and threads wait for
/// those blocks alone, not for each other.
class block_turns {
 public:
  void reserve(index_type size) {
    if (size <= size_) return;
    turns_ = std::make_unique<std::atomic<index_type>[]>(static_cast<std::size_t>(size));
    size_ = size;
  }
  void clear() {
    for (index_type b = 0; b < size_; ++b) turns_[static_cast<std::size_t>(b)].store(0, std::memory_order_relaxed);
  }
  bool ready(const meeting& m) const { return has_turn(m.anchors, m.round) && has_turn(m.candidates, m.round); }
  void finish(const meeting& m) {
    for (const index_type b : {m.anchors, m.candidates})
      if (b >= 0) turns_[static_cast<std::size_t>(b)].store(m.round + 1, std::memory_order_release);
  }

 private:
  bool has_turn(index_type b, index_type round) const {
    return b < 0 || turns_[static_cast<std::size_t>(b)].load(std::memory_order_acquire) == round;
  }

  std::unique_ptr<std::atomic<index_type>[]> turns_;
  index_type size_ = 0;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
