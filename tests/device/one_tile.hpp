// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Both products of one tile on tensor cores, of small integers, whose sums are exact: what a GPU and the emulated one must give
// before anything else can be right.
#pragma once

#include <contrastive/device/fused/products.hpp>
#include <vector>

namespace contrastive::testing {

template <class Gpu, class R, int D>
struct one_tile {
  using shape = device::fused_shape<D>;
  using products = device::tile_products<Gpu, R, D>;
  using part = typename products::part;
  static constexpr int threads = shape::threads, blocks_at_once = 1;
  const R *rows, *columns;  // (shape::rows, D), (shape::columns, D)
  float* of_rows;           // (shape::rows, shape::columns)
  float* of_columns;        // (shape::rows, D)

  static index_type blocks() { return 1; }
  static constexpr std::size_t shared_bytes() { return static_cast<std::size_t>(shape::rows + shape::columns) * D * sizeof(R); }
  CONTRASTIVE_HOST_DEVICE static float factor(int row, int column) {
    return static_cast<float>((row * 3 + column * 5) % 7 - 3);
  }

  CONTRASTIVE_HOST_DEVICE void operator()() const {
    R* const left = reinterpret_cast<R*>(Gpu::shared_memory());
    R* const right = left + shape::rows * D;
    for (int e = Gpu::thread(); e < shape::rows * D; e += threads)
      left[products::rows_at::at(e / D, e % D / 16, e % 16 / 8) + e % 8] = rows[e];
    for (int e = Gpu::thread(); e < shape::columns * D; e += threads)
      right[products::columns_at::at(e / D, e % D / 16, e % 16 / 8) + e % 8] = columns[e];
    Gpu::publish_for_products();
    Gpu::sync_threads();
    part mine;
    products::start_rows(mine, left, right);
    products::template wait<0>();
    typename products::factors factors;
    float out[products::groups][4] = {};
    device::unrolled<part::groups>([&](int c) {
      device::unrolled<4>([&](int q) {
        const int row = part::row(q / 2), column = part::column(c, q % 2);
        of_rows[row * shape::columns + column] = mine.product[c][q];
        mine.product[c][q] = factor(row, column);
      });
    });
    products::pack(factors, mine);
    products::start_columns(out, factors, right);
    products::template wait<0>();
    device::unrolled<products::groups>([&](int c) {
      device::unrolled<4>([&](int q) { of_columns[part::row(q / 2) * D + part::column(c, q % 2)] = out[c][q]; });
    });
  }
};

/// Element (r, k) of rows and of columns.
inline float small_integer(int r, int k, int seed) { return static_cast<float>((r * 7 + k * 11 + r * k * seed) % 9 - 4); }

/// How many numbers of both products are wrong. on_gpu(rows, columns, of_rows, of_columns) runs a tile of vectors.
template <class R, int D, class OnGpu>
int wrong_in_one_tile(const OnGpu& on_gpu) {
  using shape = device::fused_shape<D>;
  std::vector<R> rows, columns;
  for (int r = 0; r < shape::rows; ++r)
    for (int k = 0; k < D; ++k) rows.push_back(static_cast<R>(small_integer(r, k, 1)));
  for (int c = 0; c < shape::columns; ++c)
    for (int k = 0; k < D; ++k) columns.push_back(static_cast<R>(small_integer(c, k, 2)));
  std::vector<float> of_rows(static_cast<std::size_t>(shape::rows * shape::columns), -1e30f),
      of_columns(static_cast<std::size_t>(shape::rows * D), -1e30f);
  on_gpu(rows, columns, of_rows, of_columns);
  int wrong = 0;
  for (int r = 0; r < shape::rows; ++r) {
    for (int c = 0; c < shape::columns; ++c) {
      float expected = 0;
      for (int k = 0; k < D; ++k) expected += small_integer(r, k, 1) * small_integer(c, k, 2);
      wrong += of_rows[static_cast<std::size_t>(r * shape::columns + c)] == expected ? 0 : 1;
    }
    for (int k = 0; k < D; ++k) {
      float expected = 0;
      for (int c = 0; c < shape::columns; ++c) expected += one_tile<int, R, D>::factor(r, c) * small_integer(c, k, 2);
      wrong += of_columns[static_cast<std::size_t>(r * D + k)] == expected ? 0 : 1;
    }
  }
  return wrong;
}

}  // namespace contrastive::testing
