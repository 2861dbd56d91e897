// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What all fused kernels do: a block's rows stay in shared memory, columns stream through it, and the products of both come
// from tensor cores into registers.
#pragma once

#include <contrastive/device/fused/pass.hpp>
#include <contrastive/device/row_state.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Rows of D numbers in shared memory. The pieces of 16 bytes of a row are turned by its number, so that eight rows lie in
/// different banks.
template <int D>
struct swizzled_rows {
  static constexpr int pieces = D / 8;
  /// Where piece 2 · pair + half lies. With `pair` known when it is compiled, four addresses serve all pairs of a row.
  CONTRASTIVE_HOST_DEVICE static int at(int row, int pair, int half) {
    return (row * pieces + pair / 4 * 8 + (pair % 4 * 2 ^ ((row ^ half) & 7))) * 8;
  }
};

/// The products of a warp's 16 rows and a tile's columns, as tensor cores leave them: a thread has of 8 columns each the
/// numbers (row(0), column(c, 0)), (row(0), column(c, 1)), (row(1), column(c, 0)), (row(1), column(c, 1)).
template <class Gpu, int D>
struct thread_part {
  using shape = fused_shape<D>;
  static constexpr int groups = shape::columns / 8;

  float product[std::size_t{groups}][4];

  CONTRASTIVE_HOST_DEVICE static int row(int which) { return Gpu::thread() / 32 * 16 + which * 8 + Gpu::thread() % 32 / 4; }
  CONTRASTIVE_HOST_DEVICE static int column(int group, int which) { return group * 8 + Gpu::thread() % 4 * 2 + which; }
};

template <class Gpu, class Pairs, class R, int D>
class fused_walk {
 public:
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;

  /// Bytes of shared memory; `planes` numbers a column come with each tile.
  CONTRASTIVE_HOST_DEVICE static constexpr std::size_t shared_bytes(int planes) {
    return static_cast<std::size_t>(shape::rows + shape::stages * shape::columns) * D * 2 +
           static_cast<std::size_t>(shape::rows) * 8 +
           static_cast<std::size_t>(shape::stages * shape::columns * (planes + 1)) * sizeof(float);
  }

  CONTRASTIVE_HOST_DEVICE fused_walk(const fused_pass<Pairs, R>& pass, int planes) : pass_(pass), planes_(planes) {
    rows_ = reinterpret_cast<R*>(Gpu::shared_memory());
    columns_ = rows_ + shape::rows * D;
    excluded_ = reinterpret_cast<std::uint64_t*>(columns_ + shape::stages * shape::columns * D);
    numbers_ = reinterpret_cast<float*>(excluded_ + shape::rows);
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

  /// Calls visit(task, first_column, columns, factors, numbers, part) for each tile in which a pair counts: the rows of its
  /// columns (columns, D) swizzled, their f, the numbers that number(plane, column) points to, plane by plane, and the
  /// products, excluded where a pair is in no sum.
  template <class Number, class Visit>
  CONTRASTIVE_HOST_DEVICE void operator()(const Number& number, const Visit& visit) const {
    index_type here = next(pass_.column_begin), then = 0;
    if (here >= pass_.column_end) return;
    fetch_rows<shape::rows>(rows_, pass_.row_base, first_row_, pass_.row_end);
    fetch(here, 0, number);
    Gpu::commit_copies();
    const index_type listing = first_row_ + Gpu::thread();  // of the row whose pairs this thread excludes
    index_type listed = pass_.first_listed(listing);
    for (int stage = 0; here < pass_.column_end; here = then, stage = 1 - stage) {
      then = next(here + shape::columns);
      if (then < pass_.column_end) fetch(then, 1 - stage, number);
      Gpu::commit_copies();
      Gpu::template wait_copies<1>();
      const tile_task task = task_of(here);
      bool some = false;
      if (Gpu::thread() < shape::rows) {
        const std::uint64_t out = pass_.excluded_columns(listing, here, shape::columns, task, listed);
        excluded_[Gpu::thread()] = out, some = out != 0;
      }
      // What each thread's copies and exclusions brought is there for all.
      some = Gpu::sync_threads_or(some);
      part mine;
      multiply(mine, columns_ + stage * shape::columns * D);
      if (some) exclude(mine);
      float* const numbers = numbers_ + stage * shape::columns * (planes_ + 1);
      visit(task, here, columns_ + stage * shape::columns * D, numbers, numbers + shape::columns, mine);
      Gpu::sync_threads();  // before copies overwrite what a slower warp has not read
    }
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
    constexpr int pieces = swizzled_rows<D>::pieces, turns = Count * pieces / shape::threads;
    static_assert(turns * shape::threads == Count * pieces);
    unrolled<turns, 2>([&](int turn) {
      const int e = turn * shape::threads + Gpu::thread(), r = e / pieces, piece = e % pieces;
      const index_type from = first + r < end ? first + r : end - 1;
      Gpu::template copy<16>(to + swizzled_rows<D>::at(r, piece / 2, piece % 2), pass_.rows + (base + from) * D + piece * 8);
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

  CONTRASTIVE_HOST_DEVICE void multiply(part& out, const R* columns) const {
    const int lane = Gpu::thread() % 32, first = Gpu::thread() / 32 * 16;
    unrolled<part::groups>([&](int c) { unrolled<4>([&](int q) { out.product[c][q] = 0; }); });
    unrolled<D / 16, 4>([&](int k) {  // one turn of the swizzle
      typename Gpu::bits a[4];
      Gpu::load_matrices(a, rows_ + swizzled_rows<D>::at(first + lane % 16, k, lane / 16));
      unrolled<part::groups / 2>([&](int c) {
        typename Gpu::bits b[4];
        Gpu::load_matrices(b, columns + swizzled_rows<D>::at(c * 16 + lane % 8 + lane / 16 * 8, k, lane / 8 % 2));
        Gpu::template multiply_add<R>(out.product[2 * c], a, b[0], b[1]);
        Gpu::template multiply_add<R>(out.product[2 * c + 1], a, b[2], b[3]);
      });
    });
  }
  CONTRASTIVE_HOST_DEVICE void exclude(part& of) const {
    const std::uint64_t out[2] = {excluded_[part::row(0)], excluded_[part::row(1)]};
    unrolled<part::groups>([&](int c) {
      unrolled<4>([&](int q) {
        if ((out[q / 2] >> part::column(c, q % 2) & 1) != 0) of.product[c][q] = excluded<float>;
      });
    });
  }

  const fused_pass<Pairs, R>& pass_;
  int planes_;
  R *rows_, *columns_;       // (shape::rows, D) and (stages, shape::columns, D), swizzled
  std::uint64_t* excluded_;  // (shape::rows)
  float* numbers_;           // (stages, 1 + planes, shape::columns)
  index_type first_row_;
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
