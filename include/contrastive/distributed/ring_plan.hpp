// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Who meets whom in the ring: what of a rank's rows travels, in which blocks, and the pieces in which the engine takes them.
#pragma once

#include <algorithm>
#include <contrastive/distributed/spread_rows.hpp>
#include <cstddef>
#include <limits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// Rows of one rank and one argument, one after another.
struct row_piece {
  int argument;
  index_type row;     // of the rank's rows of that argument
  index_type local;   // of its anchors, or of its candidates that travel
  index_type number;  // of the anchor or the candidate, as the loss counts
  index_type count;
};

class ring_plan {
 public:
  static constexpr index_type most_rows = 2048;       // of a piece: what the engine keeps of its rows stays small
  static constexpr index_type block_bytes = 1 << 20;  // of the rows that travel at a time: the others wait for the next lap

  /// `says` that D and P are symmetric is true of all pairs of anchors and candidates [tiled_begin, tiled_end).
  ring_plan(const spread_rows& rows, int num_ranks, arrangement kind, bool says_symmetric, index_type tiled_begin,
            index_type tiled_end, std::size_t bytes_of_number)
      : where_(rows), num_ranks_(num_ranks), both_ways_(kind == arrangement::both_ways) {
    const argument_range anchors = anchors_of(kind, rows.count());
    for (int a = 0; a < anchors.end; ++a) anchors_.push_back(a);
    const bool same_rows = rows.ranges.candidate_begin == 0;
    for (int a = same_rows ? 0 : 1; a < rows.count(); ++a) (rows[a].replicated ? resident_ : travelling_).push_back(a);
    symmetric_ =
        says_symmetric && same_rows && tiled_begin == 0 && tiled_end == rows.ranges.num_anchors() && travelling_ == anchors_;
    lap_rows_ = std::max(most_rows, block_bytes / (rows.cols * static_cast<index_type>(bytes_of_number)));
  }

  bool both_ways() const { return both_ways_; }
  /// Each pair of blocks is looked at once.
  bool symmetric() const { return symmetric_; }
  /// Are candidates that travel anchors of pairs in the other order?
  bool has_columns() const { return both_ways_ || symmetric_; }
  /// Steps of a lap in which ranks compute.
  int steps() const { return symmetric_ ? num_ranks_ / 2 + 1 : num_ranks_; }
  index_type num_anchors() const { return where_.rows_on(where_.rank, {anchors_.front(), anchors_.back() + 1}); }
  bool any_gradient_travels() const {
    return std::any_of(travelling_.begin(), travelling_.end(), [&](int a) { return where_[a].needs_gradient; });
  }

  /// A rank's candidates that travel; the others every rank has.
  index_type travelling_rows(int rank) const {
    index_type rows = 0;
    for (const int a : travelling_) rows += where_[a].rows_on(rank);
    return rows;
  }
  index_type num_laps() const {
    index_type most = 0;
    for (int r = 0; r < num_ranks_; ++r) most = std::max(most, travelling_rows(r));
    return (most + lap_rows_ - 1) / lap_rows_;
  }
  /// Those of them that travel in a lap.
  index_type block_begin(index_type lap) const { return lap * lap_rows_; }
  std::size_t block_rows(int rank, index_type lap) const {
    return static_cast<std::size_t>(std::clamp<index_type>(travelling_rows(rank) - block_begin(lap), 0, lap_rows_));
  }
  std::size_t most_block_rows() const {
    std::size_t most = 0;
    for (int r = 0; r < num_ranks_; ++r) most = std::max(most, block_rows(r, 0));
    return most;
  }
  /// Of the pieces in which the engine takes rows.
  std::size_t most_piece_rows() const {
    index_type most = 0;
    for (const spread_argument& a : where_.arguments) most = std::max(most, *std::max_element(a.rows.begin(), a.rows.end()));
    return static_cast<std::size_t>(std::min(most, most_rows));
  }

  std::vector<row_piece> anchors() const { return pieces_of(anchors_, where_.rank, 0, 0, no_end); }
  /// This rank's candidates that travel, and those that every rank has.
  std::vector<row_piece> own_travelling() const {
    return pieces_of(travelling_, where_.rank, where_.ranges.candidate_begin, 0, no_end);
  }
  std::vector<row_piece> resident() const {
    return pieces_of(resident_, where_.rank, where_.ranges.candidate_begin, 0, no_end);
  }
  const std::vector<int>& resident_arguments() const { return resident_; }
  /// The block of a rank in a lap.
  std::vector<row_piece> block(int rank, index_type lap) const {
    return pieces_of(travelling_, rank, where_.ranges.candidate_begin, block_begin(lap), block_begin(lap) + lap_rows_);
  }
  /// Where two ranks have each other's block, each looks at half of the pairs: the one takes the first half of each block of
  /// the other, this one has the rest of its own as anchors. So both have as much to do in every lap.
  std::vector<row_piece> first_half_of_block(int rank, index_type lap) const {
    return pieces_of(travelling_, rank, where_.ranges.candidate_begin, block_begin(lap), half_of_block(rank, lap));
  }
  std::vector<row_piece> anchors_of_second_halves() const {
    std::vector<row_piece> all;
    for (index_type lap = 0; block_rows(where_.rank, lap) > 0; ++lap)
      for (const row_piece& piece :
           pieces_of(anchors_, where_.rank, 0, half_of_block(where_.rank, lap), block_begin(lap) + lap_rows_))
        all.push_back(piece);
    return all;
  }

 private:
  static constexpr index_type no_end = std::numeric_limits<index_type>::max();

  index_type half_of_block(int rank, index_type lap) const {
    return block_begin(lap) + static_cast<index_type>(block_rows(rank, lap) / 2);
  }
  /// Rows [begin, end) of a rank's rows of these arguments.
  std::vector<row_piece> pieces_of(const std::vector<int>& arguments, int rank, index_type first_number, index_type begin,
                                   index_type end) const {
    std::vector<row_piece> pieces;
    index_type local = 0;
    for (const int a : arguments) {
      const index_type rows = where_[a].rows_on(rank), last = std::min(rows, end - local);
      for (index_type r = std::max<index_type>(0, begin - local); r < last; r += most_rows)
        pieces.push_back({a, r, local + r, where_[a].begin(rank) + r - first_number, std::min(most_rows, last - r)});
      local += rows;
    }
    return pieces;
  }

  const spread_rows& where_;
  int num_ranks_;
  bool both_ways_, symmetric_ = false;
  index_type lap_rows_ = most_rows;
  std::vector<int> anchors_, travelling_, resident_;  // arguments
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
