// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a fused kernel passes over: each block owns some rows and sees all columns, a tile of them at a time.
//
// Rows are anchors and columns candidates, or transposed the other way round.
#pragma once

#include <algorithm>
#include <contrastive/device/listed.hpp>
#include <contrastive/device/tiles.hpp>
#include <cstdint>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// How a block is made for rows of D numbers of 16 bits: each warp has 16 of the rows. D = 256 leaves a thread no registers for
/// more, and a block of sm_120 has 99 KiB.
template <int D>
struct fused_shape {
  static_assert(D == 64 || D == 128 || D == 256);
  static constexpr int warps = D <= 128 ? 8 : 4, threads = warps * 32, rows = warps * 16, columns = D <= 128 ? 64 : 32;
};
constexpr index_type widest_fused = 256;
constexpr index_type most_fused_rows = index_type{1}
                                       << 26;  // a block each 64 or 128 of them, of 2^20 that are launched at most
/// D for rows of `dim` numbers.
constexpr index_type fused_width(index_type dim) { return dim <= 64 ? 64 : dim <= 128 ? 128 : 256; }

/// What pair weights say of the regions of a pass, of which the host asks them, at most 8 · 8.
class region_statements {
 public:
  static constexpr int most = 8;  // a side

  /// ask(first_row, end_row, first_column, end_column) of the whole pass and, where that says too little, of its regions.
  template <class Ask>
  region_statements(index_type rows, index_type columns, index_type multiple_of, const Ask& ask) {
    said_[0] = ask(0, rows, 0, columns);
    region_rows_ = rows, region_columns_ = columns;
    one_ = said_[0].denominator != tile_weights::general && said_[0].positive != tile_positives::general;
    if (one_) return;
    const auto side = [&](index_type count) {
      return ((count + most - 1) / most + multiple_of - 1) / multiple_of * multiple_of;
    };
    region_rows_ = side(rows), region_columns_ = side(columns);
    for (index_type r = 0; r * region_rows_ < rows; ++r)
      for (index_type c = 0; c * region_columns_ < columns; ++c)
        said_[r * most + c] = ask(r * region_rows_, std::min(rows, (r + 1) * region_rows_), c * region_columns_,
                                  std::min(columns, (c + 1) * region_columns_));
  }

  /// Is the same said of all of them?
  CONTRASTIVE_HOST_DEVICE bool one() const { return one_; }
  CONTRASTIVE_HOST_DEVICE tile_statement at(index_type row, index_type column) const {
    if (one_) return said_[0];
    return said_[row / region_rows_ * most + column / region_columns_];
  }

 private:
  tile_statement said_[most * most];
  index_type region_rows_ = 1, region_columns_ = 1;
  bool one_ = true;
};

/// A listed column of a row, counted from the first of the pass on, and the place of the next one in the sorted lists.
struct listed_column {
  int column = 0;
  index_type place = 0;
};

template <class Pairs, class R>
struct fused_pass {
  static constexpr bool leaves_out = contrastive::detail::statements_of<Pairs>().leaves_out;

  Pairs pairs;
  pair_lists<Pairs> lists;
  candidate_lists order;  // of the listed pairs, if transposed
  const R* rows;          // all global rows (total, D)
  const float* factors;   // f of all global rows
  float inverse_temperature;
  index_type row_begin, row_end;        // the rows of the pass; block b has those from row_begin + b · shape::rows on
  index_type column_begin, column_end;  // its columns
  index_type row_base, column_base;     // the global rows of row 0 and of column 0
  bool transposed;
  bool uses_denominator, uses_positive;
  region_statements statements;

  CONTRASTIVE_HOST_DEVICE int num_columns() const { return static_cast<int>(column_end - column_begin); }
  CONTRASTIVE_HOST_DEVICE index_type anchor(index_type row, index_type column) const { return transposed ? column : row; }
  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type row, index_type column) const { return transposed ? row : column; }

  /// What is true of the tile of a block's rows and of `columns` columns.
  CONTRASTIVE_HOST_DEVICE tile_task task(index_type first_row, index_type rows_of_block, index_type first_column,
                                         index_type columns) const {
    const index_type last_row = first_row + rows_of_block < row_end ? first_row + rows_of_block : row_end,
                     last_column = first_column + columns < column_end ? first_column + columns : column_end;
    const tile there = transposed ? tile{first_column, last_column, first_row, last_row}
                                  : tile{first_row, last_row, first_column, last_column};
    return {statements.at(first_row - row_begin, first_column - column_begin), there, uses_denominator, uses_positive};
  }

  /// The first listed column of a row.
  CONTRASTIVE_HOST_DEVICE listed_column first_listed(index_type row) const {
    if (row >= row_end) return {};
    return next_listed(row, {-1, transposed ? order.find(row) : 0});
  }
  /// A bit a column from `first` on: the pairs of a row that are in no sum of the tile. Listed pairs are summed by themselves;
  /// `listed`, which began as first_listed(row), goes on with the tiles.
  CONTRASTIVE_HOST_DEVICE std::uint64_t excluded_columns(index_type row, int first, int columns, const tile_task& task,
                                                         [[maybe_unused]] listed_column& listed) const {
    if (row >= row_end) return ~std::uint64_t{0};
    std::uint64_t out = 0;
    const int end = num_columns();
    if (end - first < columns) out = ~std::uint64_t{0} << (end - first);
    const auto exclude = [&](int column) {
      if (column >= first && column < first + columns) out |= std::uint64_t{1} << (column - first);
    };
    if (task.diagonal_left) exclude(static_cast<int>(row - column_begin));
    if constexpr (contrastive::detail::has_lists<Pairs>)
      for (; listed.column < first + columns; listed = next_listed(row, listed)) exclude(listed.column);
    if constexpr (leaves_out)
      if (task.says.leaves_out)
        for (int c = first; c < first + columns && c < end; ++c)
          if (pairs.leaves_out(anchor(row, column_begin + c), candidate(row, column_begin + c))) exclude(c);
    return out;
  }

 private:
  CONTRASTIVE_HOST_DEVICE listed_column next_listed(index_type row, listed_column from) const {
    listed_column next{num_columns() + 64, from.place};  // behind all tiles
    if constexpr (contrastive::detail::has_lists<Pairs>) {
      if (!transposed) {
        for (index_type e = row * lists.per_anchor; e < (row + 1) * lists.per_anchor; ++e) {
          const index_type c = lists.candidate(e) - column_begin;
          if (c > from.column && c < next.column) next.column = static_cast<int>(c);
        }
      } else if (from.place < order.count && order.candidates[from.place] == row) {
        next = {static_cast<int>(order.entries[from.place] / lists.per_anchor - column_begin), from.place + 1};
      }
    }
    return next;
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
