// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The two products of a tile on tensor cores, from shared memory into registers: by warps of 16 rows (sm_80), or by warpgroups
// of 64 (sm_90a). Where the numbers of a result are is the same.
#pragma once

#include <contrastive/device/fused/pass.hpp>
#include <cstddef>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// `Rows` rows of D numbers in shared memory: panels of 64 numbers a row, row by row. The pieces of 16 bytes of a row in a
/// panel are turned by its number, so that eight rows lie in different banks.
template <int D, int Rows>
struct swizzled_rows {
  static constexpr int pieces = D / 8, panel = Rows * 64;
  /// Where piece 2 · pair + half lies. With `pair` known when it is compiled, four addresses serve all pairs of a row.
  CONTRASTIVE_HOST_DEVICE static int at(int row, int pair, int half) {
    return pair / 4 * panel + row * 64 + (pair % 4 * 2 ^ ((row ^ half) & 7)) * 8;
  }
};

/// The products of a block's rows and a tile's columns, as tensor cores leave them: a thread has of 8 columns each the numbers
/// (row(0), column(c, 0)), (row(0), column(c, 1)), (row(1), column(c, 0)), (row(1), column(c, 1)).
template <class Gpu, int D>
struct thread_part {
  using shape = fused_shape<D>;
  static constexpr int groups = shape::columns / 8;

  float product[std::size_t{groups}][4];

  CONTRASTIVE_HOST_DEVICE static int row(int which) { return Gpu::thread() / 32 * 16 + which * 8 + Gpu::thread() % 32 / 4; }
  CONTRASTIVE_HOST_DEVICE static int column(int group, int which) { return group * 8 + Gpu::thread() % 4 * 2 + which; }
};

template <class Gpu, class R, int D>
struct tile_products {
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;
  using rows_at = swizzled_rows<D, shape::rows>;
  using columns_at = swizzled_rows<D, shape::columns>;
  static constexpr int groups = D / 8;

  /// Left factors of add_columns, 16 columns a piece.
  struct factors {
    typename Gpu::bits piece[std::size_t{shape::columns / 16}][4];
  };

  /// Starts out = rows · columnsᵀ, a group of products.
  CONTRASTIVE_HOST_DEVICE static void start_rows(part& out, const R* rows, const R* columns) {
    if constexpr (Gpu::has_warpgroups) {
      const auto a = Gpu::panels_at(rows + Gpu::warpgroup() * 64 * 64, 0), b = Gpu::panels_at(columns, 0);
      constexpr int step = 16 * static_cast<int>(sizeof(R));
      Gpu::begin_products();
      Gpu::template multiply_rows<shape::columns, false>(out.product, a, b);
      unrolled<D / 16 - 1>([&](int before) {
        const int k = before + 1;
        Gpu::template multiply_rows<shape::columns, true>(
            out.product, Gpu::further(a, k / 4 * rows_at::panel * static_cast<int>(sizeof(R)) + k % 4 * step),
            Gpu::further(b, k / 4 * columns_at::panel * static_cast<int>(sizeof(R)) + k % 4 * step));
      });
      Gpu::commit_products();
    } else {
      unrolled<part::groups>([&](int c) { unrolled<4>([&](int q) { out.product[c][q] = 0; }); });
      const int lane = Gpu::thread() % 32, first = Gpu::thread() / 32 * 16;
      unrolled<D / 16, 4>([&](int k) {  // one turn of the swizzle
        typename Gpu::bits a[4];
        Gpu::load_matrices(a, rows + rows_at::at(first + lane % 16, k, lane / 16));
        unrolled<part::groups / 2>([&](int c) {
          typename Gpu::bits b[4];
          Gpu::load_matrices(b, columns + columns_at::at(c * 16 + lane % 8 + lane / 16 * 8, k, lane / 8 % 2));
          Gpu::template multiply_add<R>(out.product[2 * c], a, b[0], b[1]);
          Gpu::template multiply_add<R>(out.product[2 * c + 1], a, b[2], b[3]);
        });
      });
    }
  }

  /// Rounded to R: the layout of a product's numbers is that of a left factor.
  CONTRASTIVE_HOST_DEVICE static void pack(factors& to, const part& from) {
    unrolled<shape::columns / 16>([&](int k) {
      unrolled<4>([&](int q) {
        const auto& four = from.product[2 * k + q / 2];
        to.piece[k][q] = Gpu::template pack<R>(four[q % 2 * 2], four[q % 2 * 2 + 1]);
      });
    });
  }

  /// Starts out += left · columns, a group of products. All lanes of a warp meet.
  CONTRASTIVE_HOST_DEVICE static void start_columns(float (&out)[std::size_t{groups}][4], const factors& left,
                                                    const R* columns) {
    if constexpr (Gpu::has_warpgroups) {
      constexpr int together = D < 128 ? D : 128, panel_bytes = columns_at::panel * static_cast<int>(sizeof(R));
      const auto b = Gpu::panels_at(columns, panel_bytes);
      Gpu::begin_products();
      unrolled<shape::columns / 16>([&](int k) {
        unrolled<D / together>([&](int piece) {
          auto& sums = reinterpret_cast<float(&)[std::size_t{together / 8}][4]>(out[piece * together / 8]);
          Gpu::template multiply_columns<together>(
              sums, left.piece[k],
              Gpu::further(b, piece * together / 64 * panel_bytes + k * 16 * 64 * static_cast<int>(sizeof(R))));
        });
      });
      Gpu::commit_products();
    } else {
      const int lane = Gpu::thread() % 32;
      unrolled<shape::columns / 16>([&](int k) {
        unrolled<D / 16>([&](int c) {
          typename Gpu::bits b[4];
          Gpu::load_transposed(b, columns + columns_at::at(k * 16 + lane % 16, c, lane / 16));
          Gpu::template multiply_add<R>(out[2 * c], left.piece[k], b[0], b[1]);
          Gpu::template multiply_add<R>(out[2 * c + 1], left.piece[k], b[2], b[3]);
        });
      });
    }
  }

  /// Until all groups but the last `Left` are there.
  template <int Left>
  CONTRASTIVE_HOST_DEVICE static void wait() {
    if constexpr (Gpu::has_warpgroups) Gpu::template wait_products<Left>();
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
