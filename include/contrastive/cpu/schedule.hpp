// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which blocks of rows meet: in each round every block is in at most one task, so that tasks of a round write
// to disjoint rows without locks, and each sum is taken in an order that depends on the shape alone.
#pragma once

#include <contrastive/core/types.hpp>

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

struct block_pair {
  index anchors, candidates;  // negative: nothing to do
};

/// Every unordered pair of n blocks once: round 0 has each block with itself, the others are a round-robin tournament
/// (circle method: player n - 1 stays, the others move on by one seat a round).
class tournament {
 public:
  explicit tournament(index num_blocks) : n_(num_blocks), players_(num_blocks + num_blocks % 2) {}
  index rounds() const { return players_ > 1 ? players_ : 1; }
  index tasks(index round) const { return round == 0 ? n_ : players_ / 2; }
  block_pair pair(index round, index task) const {
    if (round == 0) return {task, task};
    const index circle = players_ - 1, turn = round - 1;
    const index a = task == 0 ? circle : (turn + task) % circle;
    const index b = (turn - task + circle) % circle;
    if (a >= n_ || b >= n_) return {-1, -1};
    return a < b ? block_pair{a, b} : block_pair{b, a};
  }

 private:
  index n_, players_;
};

/// Every pair of an anchor block and a candidate block once: in round r anchor block I meets candidate block I + r.
class rotation {
 public:
  rotation(index anchor_blocks, index candidate_blocks)
      : anchors_(anchor_blocks), candidates_(candidate_blocks), seats_(anchor_blocks > candidate_blocks ? anchor_blocks : candidate_blocks) {}
  index rounds() const { return candidates_ > 0 ? seats_ : 0; }
  index tasks(index) const { return anchors_; }
  block_pair pair(index round, index task) const {
    const index candidate = (task + round) % seats_;
    return candidate < candidates_ ? block_pair{task, candidate} : block_pair{-1, -1};
  }

 private:
  index anchors_, candidates_, seats_;
};

}  // namespace contrastive::inline CONTRASTIVE_FLAGS::cpu
