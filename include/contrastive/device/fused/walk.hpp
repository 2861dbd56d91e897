// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What all fused kernels do: a block's rows stay in shared memory, columns stream through it, and the products of both come
// from tensor cores into registers.
#pragma once

#include <contrastive/device/fused/products.hpp>
#include <contrastive/device/row_state.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Columns are counted from the first of the pass on, which an int holds.
///
/// Stages: how many tiles of columns are in shared memory, one of them on its way; `Planes` numbers a column come with each.
template <class Gpu, class Pairs, class R, int D, int Stages, int Planes>
class fused_walk {
 public:
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;
  using products = tile_products<Gpu, R, D>;

  /// Bytes of shared memory.
  CONTRASTIVE_HOST_DEVICE static constexpr std::size_t shared_bytes() {
    return static_cast<std::size_t>(shape::rows + Stages * shape::columns) * D * 2 +
           static_cast<std::size_t>(2 * shape::rows) * 8 +
           static_cast<std::size_t>(Stages * shape::columns * (Planes + 1)) * sizeof(float);
  }

  CONTRASTIVE_HOST_DEVICE explicit fused_walk(const fused_pass<Pairs, R>& pass) : pass_(pass) {
    rows_ = reinterpret_cast<R*>(Gpu::shared_memory());
    columns_ = rows_ + shape::rows * D;
    excluded_ = reinterpret_cast<std::uint64_t*>(columns_ + Stages * shape::columns * D);
    numbers_ = reinterpret_cast<float*>(excluded_ + 2 * shape::rows);
    first_row_ = pass.row_begin + Gpu::block() * shape::rows;
    num_columns_ = static_cast<int>(pass.column_end - pass.column_begin);
    column_source_ = source(pass.column_base + pass.column_begin);
    if (!pass.statements.one()) return;
    usual_ = {pass.statements.at(0, 0), {0, 1, 1, 2}, pass.uses_denominator, pass.uses_positive};
    diagonal_ = static_cast<int>(first_row_ - pass.column_begin);
  }

  /// The row of the pass that a number of this thread's part is of.
  CONTRASTIVE_HOST_DEVICE index_type row(int which) const { return first_row_ + part::row(which); }
  /// A row of the block, or the last one that is there, for what is read before it is known to be excluded.
  CONTRASTIVE_HOST_DEVICE index_type row_there(int of_block) const {
    const index_type row = first_row_ + of_block;
    return row < pass_.row_end ? row : pass_.row_end - 1;
  }
  CONTRASTIVE_HOST_DEVICE float row_factor(int which) const {
    return pass_.factors[pass_.row_base + row_there(part::row(which))];
  }

  /// Calls visit(task, first_column, columns, factors, numbers, part) for each tile in which a pair counts: its columns,
  /// (columns, D) swizzled, the f of them, the numbers that number(plane) points to, plane by plane, one a column, and the
  /// products, excluded where a pair is in no sum. meanwhile(columns) is called when the products of a tile are started, with
  /// the columns of the tile before, of the first its own: groups of products that it starts, `Groups` of them, are under way
  /// while the tile is visited. Returns the columns of the last tile, null if there is none.
  template <int Groups, class Number, class Meanwhile, class Visit>
  CONTRASTIVE_HOST_DEVICE const R* each_tile(const Number& number, const Meanwhile& meanwhile, const Visit& visit) const {
    walk_tile here = next(0);
    if (here.first >= num_columns_) return nullptr;
    fetch_rows<shape::rows>(rows_, source(pass_.row_base + pass_.row_begin), static_cast<int>(first_row_ - pass_.row_begin),
                            static_cast<int>(pass_.row_end - pass_.row_begin));
    fetch(here.first, 0, number);
    Gpu::commit_copies();
    const index_type looked_after = first_row_ + Gpu::thread();  // the row whose excluded pairs this thread finds
    listed_column listed = pass_.first_listed(looked_after);
    const auto exclude_in = [&](std::uint64_t* excluded, const walk_tile& of) {
      if (Gpu::thread() >= shape::rows) return false;
      const std::uint64_t out = pass_.excluded_columns(looked_after, of.first, shape::columns, of.task, listed);
      excluded[Gpu::thread()] = out;
      return out != 0;
    };
    std::uint64_t *excluded = excluded_, *excluded_then = excluded_ + shape::rows;
    bool some_then = exclude_in(excluded, here);
    const R* before = columns_;
    for (int stage = 0; here.first < num_columns_;) {
      Gpu::template wait_copies<0>();
      Gpu::publish_for_products();
      // What each thread's copies and exclusions brought is there for all, and nobody reads what is older than this tile any
      // more.
      const bool some = Gpu::sync_threads_or(some_then);
      const R* const columns = columns_ + stage * shape::columns * D;
      part mine;
      products::start_rows(mine, rows_, columns);
      meanwhile(before);
      const walk_tile then = next(here.first + shape::columns);
      const int stage_then = stage + 1 < Stages ? stage + 1 : 0;
      if (then.first < num_columns_) {
        fetch(then.first, stage_then, number);
        some_then = exclude_in(excluded_then, then);
      }
      Gpu::commit_copies();
      Gpu::sync_warp();  // what is excluded parts the ways of lanes
      products::template wait<Groups>();
      if (some) exclude(mine, excluded);
      float* const numbers = numbers_ + stage * shape::columns * (Planes + 1);
      visit(here.task, pass_.column_begin + here.first, columns, numbers, numbers + shape::columns, mine);
      before = columns, here = then, stage = stage_then;
      std::uint64_t* const free = excluded;
      excluded = excluded_then, excluded_then = free;
    }
    return before;
  }

 private:
  struct walk_tile {
    int first;  // column
    tile_task task;
  };
  /// The first tile from `column` on in which a pair counts.
  CONTRASTIVE_HOST_DEVICE walk_tile next(int column) const {
    const bool one = pass_.statements.one();
    for (; column < num_columns_; column += shape::columns) {
      const bool usual = one && (column + shape::columns <= diagonal_ || diagonal_ + shape::rows <= column);
      const tile_task task = usual ? usual_ : pass_.task(first_row_, shape::rows, pass_.column_begin + column, shape::columns);
      if (!task.skipped) return {column, task};
    }
    return {column, {}};
  }

  /// What this thread copies first of rows from a global one on: a piece of 16 bytes.
  CONTRASTIVE_HOST_DEVICE const R* source(index_type global_row) const {
    constexpr int pieces = D / 8;
    return pass_.rows + (global_row + Gpu::thread() / pieces) * D + Gpu::thread() % pieces * 8;
  }
  /// Rows behind the last one are the last one: their pairs are excluded.
  template <int Count>
  CONTRASTIVE_HOST_DEVICE void fetch_rows(R* to, const R* source, int first, int end) const {
    using at = swizzled_rows<D, Count>;
    constexpr int together = shape::threads / at::pieces, turns = Count / together;  // rows of a turn
    static_assert(turns * together == Count);
    const int r = Gpu::thread() / at::pieces, piece = Gpu::thread() % at::pieces;
    const R* const from = source + static_cast<index_type>(first) * D;
    R* const mine = to + at::at(r, piece / 2, piece % 2);
    const auto place = [&](int turn) {  // pieces are turned alike every eight rows
      return together % 8 == 0 ? mine + turn * together * 64 : to + at::at(r + turn * together, piece / 2, piece % 2);
    };
    if (first + Count <= end)
      unrolled<turns>([&](int turn) { Gpu::template copy<16>(place(turn), from + turn * together * D); });
    else
      unrolled<turns, 1>([&](int turn) {
        const bool there = first + r + turn * together < end;
        Gpu::template copy<16>(place(turn), there ? from + turn * together * D : from + (end - 1 - first - r) * D);
      });
  }
  /// A plane of numbers is copied by as many threads as it has columns.
  template <class Number>
  CONTRASTIVE_HOST_DEVICE void fetch(int first, int stage, const Number& number) const {
    fetch_rows<shape::columns>(columns_ + stage * shape::columns * D, column_source_, first, num_columns_);
    constexpr int together = shape::threads / shape::columns;
    const int c = Gpu::thread() % shape::columns, group = Gpu::thread() / shape::columns;
    const int there = first + c < num_columns_ ? first + c : num_columns_ - 1;
    float* const to = numbers_ + stage * shape::columns * (Planes + 1) + c;
    if (group == 0) Gpu::template copy<4>(to, pass_.factors + (pass_.column_base + pass_.column_begin) + there);
    unrolled<Planes>([&](int plane) {
      if (group == (plane + 1) % together) Gpu::template copy<4>(to + (plane + 1) * shape::columns, number(plane) + there);
    });
  }

  CONTRASTIVE_HOST_DEVICE static void exclude(part& of, const std::uint64_t* excluded_columns) {
    const std::uint64_t out[2] = {excluded_columns[part::row(0)], excluded_columns[part::row(1)]};
    unrolled<part::groups>([&](int c) {
      unrolled<4>([&](int q) {
        if ((out[q / 2] >> part::column(c, q % 2) & 1) != 0) of.product[c][q] = excluded<float>;
      });
    });
  }

  const fused_pass<Pairs, R>& pass_;
  R *rows_, *columns_;       // (shape::rows, D) and (Stages, shape::columns, D), swizzled
  std::uint64_t* excluded_;  // (2, shape::rows), of this tile and the next
  float* numbers_;           // (Stages, 1 + Planes, shape::columns)
  index_type first_row_;
  int num_columns_;
  const R* column_source_;
  // Where all regions are alike: what is true of tiles without a pair (i, i), and the column that is the first row.
  tile_task usual_ = {};
  int diagonal_ = 0;
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
