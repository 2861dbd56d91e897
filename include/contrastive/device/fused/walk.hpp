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

/// Stages: how many tiles of columns are in shared memory, one of them on its way.
template <class Gpu, class Pairs, class R, int D, int Stages>
class fused_walk {
 public:
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;
  using products = tile_products<Gpu, R, D>;

  /// Bytes of shared memory; `planes` numbers a column come with each tile.
  CONTRASTIVE_HOST_DEVICE static constexpr std::size_t shared_bytes(int planes) {
    return static_cast<std::size_t>(shape::rows + Stages * shape::columns) * D * 2 +
           static_cast<std::size_t>(2 * shape::rows) * 8 +
           static_cast<std::size_t>(Stages * shape::columns * (planes + 1)) * sizeof(float);
  }

  CONTRASTIVE_HOST_DEVICE fused_walk(const fused_pass<Pairs, R>& pass, int planes) : pass_(pass), planes_(planes) {
    rows_ = reinterpret_cast<R*>(Gpu::shared_memory());
    columns_ = rows_ + shape::rows * D;
    excluded_ = reinterpret_cast<std::uint64_t*>(columns_ + Stages * shape::columns * D);
    numbers_ = reinterpret_cast<float*>(excluded_ + 2 * shape::rows);
    first_row_ = pass.row_begin + Gpu::block() * shape::rows;
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

  /// Calls visit(task, first_column, factors, numbers, part) for each tile in which a pair counts: the f of its columns, the
  /// numbers that number(plane, column) points to, plane by plane, and the products, excluded where a pair is in no sum.
  /// meanwhile(columns) is called when the products of a tile are started, with the columns of the tile before, (columns, D)
  /// swizzled, of the first its own: groups of products that it starts, `Groups` of them, are under way while the tile is
  /// visited. Returns the columns of the last tile, null if there is none.
  template <int Groups, class Number, class Meanwhile, class Visit>
  CONTRASTIVE_HOST_DEVICE const R* each_tile(const Number& number, const Meanwhile& meanwhile, const Visit& visit) const {
    index_type here = next(pass_.column_begin);
    if (here >= pass_.column_end) return nullptr;
    fetch_rows<shape::rows>(rows_, pass_.row_base, first_row_, pass_.row_end);
    fetch(here, 0, number);
    Gpu::commit_copies();
    const index_type listing = first_row_ + Gpu::thread();  // of the row whose pairs this thread excludes
    index_type listed = pass_.first_listed(listing);
    const R* before = columns_;
    int stage = 0;
    for (bool odd = false; here < pass_.column_end; odd = !odd) {
      Gpu::template wait_copies<0>();
      Gpu::publish_for_products();
      const tile_task task = task_of(here);
      std::uint64_t* const excluded = excluded_ + (odd ? shape::rows : 0);
      bool some = false;
      if (Gpu::thread() < shape::rows) {
        const std::uint64_t out = pass_.excluded_columns(listing, here, shape::columns, task, listed);
        excluded[Gpu::thread()] = out, some = out != 0;
      }
      // What each thread's copies and exclusions brought is there for all, and nobody reads the oldest stage any more.
      some = Gpu::sync_threads_or(some);
      const index_type then = next(here + shape::columns);
      const int stage_then = stage + 1 < Stages ? stage + 1 : 0;
      if (then < pass_.column_end) fetch(then, stage_then, number);
      Gpu::commit_copies();
      const R* const columns = columns_ + stage * shape::columns * D;
      part mine;
      products::start_rows(mine, rows_, columns);
      meanwhile(before);
      products::template wait<Groups>();
      if (some) exclude(mine, excluded);
      float* const numbers = numbers_ + stage * shape::columns * (planes_ + 1);
      visit(task, here, numbers, numbers + shape::columns, mine);
      before = columns, here = then, stage = stage_then;
    }
    return before;
  }

 private:
  CONTRASTIVE_HOST_DEVICE tile_task task_of(index_type column) const {
    return pass_.task(first_row_, shape::rows, column, shape::columns);
  }
  /// The first tile from `column` on in which a pair counts.
  CONTRASTIVE_HOST_DEVICE index_type next(index_type column) const {
    while (column < pass_.column_end && task_of(column).skipped) column += shape::columns;
    return column;
  }

  /// Rows behind the last one are the last one: their pairs are excluded.
  template <int Count>
  CONTRASTIVE_HOST_DEVICE void fetch_rows(R* to, index_type base, index_type first, index_type end) const {
    constexpr int pieces = swizzled_rows<D, Count>::pieces, turns = Count * pieces / shape::threads;
    static_assert(turns * shape::threads == Count * pieces);
    unrolled<turns, 2>([&](int turn) {
      const int e = turn * shape::threads + Gpu::thread(), r = e / pieces, piece = e % pieces;
      const index_type from = first + r < end ? first + r : end - 1;
      Gpu::template copy<16>(to + swizzled_rows<D, Count>::at(r, piece / 2, piece % 2), pass_.rows + (base + from) * D + piece * 8);
    });
  }
  template <class Number>
  CONTRASTIVE_HOST_DEVICE void fetch(index_type first, int stage, const Number& number) const {
    fetch_rows<shape::columns>(columns_ + stage * shape::columns * D, pass_.column_base, first, pass_.column_end);
    float* const to = numbers_ + stage * shape::columns * (planes_ + 1);
    for (int e = Gpu::thread(); e < shape::columns * (planes_ + 1); e += shape::threads) {
      const int plane = e / shape::columns;
      const index_type c = first + e % shape::columns, there = c < pass_.column_end ? c : pass_.column_end - 1;
      Gpu::template copy<4>(to + e, plane == 0 ? pass_.factors + pass_.column_base + there : number(plane - 1, there));
    }
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
  int planes_;
  R *rows_, *columns_;       // (shape::rows, D) and (stages, shape::columns, D), swizzled
  std::uint64_t* excluded_;  // (2, shape::rows), of this tile and the next
  float* numbers_;           // (stages, 1 + planes, shape::columns)
  index_type first_row_;
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
