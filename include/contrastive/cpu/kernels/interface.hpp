// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the engine asks of a set of tile kernels: raw pointers and sizes, nothing of a loss.
#pragma once

#include <contrastive/core/types.hpp>
#include <cstdint>
#include <limits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

// Layouts. `width` numbers (two vectors) are the unit of both:
//   slabs   (N, d) in slabs of `width` columns: element (r, k) at (k / width) · N · width + r · width + k % width; a slab of
//           successive rows is one contiguous run, whatever d is. Columns past d are 0.
//   panels  rows in groups of `width`, each k-major: element (r, k) at (r / width) · d · width + k · width + r % width.
//           Rows past the last are 0.
// A strip is some rows of a tile: (num_rows, num_columns) row-major, ld numbers from row to row; num_columns is a multiple of
// `width`.

/// Stands for the logit of a pair that does not count: e^(excluded - anything allowed) is 0, and nothing overflows.
template <class T>
inline constexpr T excluded = -std::numeric_limits<T>::max() / 4;
/// The maximum of no logits: above `excluded`, so that a tile without a pair that counts adds nothing.
template <class T>
inline constexpr T no_logit = -std::numeric_limits<T>::max() / 64;

/// x = rows · panels.
template <class T>
struct product {
  const T* rows;  // slabs, from the strip's first row on
  index_type slab_stride;
  index_type num_rows;
  const T* panels;
  index_type num_panels;
  index_type dim;
  T* x;  // strip
  index_type ld;
};

/// out += g · rows, or out += gᵀ · rows.
template <class T>
struct update {
  const T* g;  // strip
  index_type ld;
  index_type num_out, num_in;
  const T* rows;  // slabs, from the first of num_in rows on
  index_type slab_stride;
  index_type num_slabs;
  T* out;  // (num_out, num_slabs · width) row-major
  index_type out_stride;
};

/// A row, in pieces of `width` numbers that lie `step` apart: of slabs (step = slab stride) or row-major (step = width).
template <class N>
struct pieces {
  N* first;
  index_type step;
};

/// A strip of logits. Pairs that are in no sum, and columns past the tile's last, are `excluded`.
template <class T>
struct strip {
  T* x;  // (num_rows, num_columns)
  index_type num_rows, num_columns;
  index_type ld;
};

/// One sum over the pairs of a strip: Σ w g(y), y = scale (x + offset), limited.
template <class T>
struct strip_term {
  const T* weights;  // as the strip, or null: 1
  const T* own;      // as the strip: g or g' of a function of the loss's own, else null
  T scale, offset;
  T limit;      // the least y of exponentials, the largest of linear terms
  T margin;     // part of x that the reference is not relative to
  bool common;  // all rows and columns are relative to `level`
  T level;
};

/// Of the rows or the columns of a strip; null: not asked for. These, and what slope kernels say of rows, are written a vector
/// at a time: there is room for num_rows up to a multiple of `width`.
template <class T>
struct strip_sums {
  const T* level = nullptr;  // what each is relative to
  T* sum = nullptr;
  T* theta_slope = nullptr;
};

/// What turns logits into slopes. Levels and references come in two parts: x minus the first is nearly exact, and the second is
/// what the first lost in rounding.
template <class T>
struct strip_gains {
  const T* gain = nullptr;
  const T* level = nullptr;
  const T* level_rest = nullptr;
  const T* reference = nullptr;
  const T* reference_rest = nullptr;
};

/// The kinds of g that kernels are made for.
enum kernel_kind { exponential_kind, linear_kind, softplus_kind, own_kind, num_kernel_kinds };

template <class T>
struct kernel_table {
  int width;
  void (*multiply)(const product<T>&);
  void (*accumulate)(const update<T>&);
  void (*accumulate_transposed)(const update<T>&);
  void (*maxima)(const strip<T>&, const T* weights, T* rows, T* columns);
  using sum_kernel = void(const strip<T>&, const strip_term<T>&, const strip_sums<T>& rows, const strip_sums<T>& columns);
  sum_kernel *sum_plain, *sum_plain_with_columns;
  using plain_slope_kernel = void(const strip<T>&, const strip_term<T>&, const strip_gains<T>& rows,
                                  const strip_gains<T>& columns, T* out, T* temperature, T* slopes);
  plain_slope_kernel *slope_plain, *slope_plain_with_columns;
  // Of the sums of D and of P, in this order.
  void (*sum_both)(const strip<T>&, const strip_term<T>*, const strip_sums<T>* rows, const strip_sums<T>* columns);
  void (*slope_both)(const strip<T>&, const strip_term<T>*, const strip_gains<T>* rows, const strip_gains<T>* columns, T* out,
                     T* temperature);
  sum_kernel* sum_term[num_kernel_kinds];
  using slope_kernel = void(const strip<T>&, const strip_term<T>&, const strip_gains<T>& rows, const strip_gains<T>& columns,
                            T* out, bool add, T* temperature, T* slopes);
  slope_kernel* slope_term[num_kernel_kinds];
  void (*dots)(const T* rows, index_type slab_stride, index_type dim, index_type anchor, const index_type* partners,
               index_type count, T* out);
  void (*add_row)(pieces<T> out, T g, pieces<const T> row, index_type num_slabs);
  void (*pack)(const T* rows, index_type slab_stride, index_type dim, T* panel);
  double (*squares)(pieces<const T> z, index_type num_slabs);
  void (*scale)(pieces<T> z, index_type num_slabs, double factor);
  T (*remove_direction)(pieces<T> h, pieces<const T> u, index_type num_slabs);
  void (*combine)(pieces<T> out, pieces<const T> h, pieces<const T> u, index_type num_slabs, T scale, T along);
};

// ---- bfloat16: the upper 16 bits of a float
//
// Products of two numbers of 8 bits are exact in float, so embeddings of this type lose nothing; what is float by nature (the
// gradient's matrix) is split into two such numbers, which together keep 16 bits.
//   pairs   of a matrix (depth, columns): element (k, c) at (c / 32) · panel + (k / 2) · 64 + (c % 32) · 2 + k % 2, as the
//           processors' dot products of pairs read it.

/// c = Σ over the parts of a: a_part · b, or added to c.
struct bf16_product {
  const std::uint16_t* a;  // (num_rows, depth) row-major, parts one after another; readable up to the next multiple of 32 rows
  index_type a_stride, a_part;
  int num_parts;
  const std::uint16_t* b;  // pairs, (depth, num_panels · 32)
  index_type b_panel;
  index_type num_rows, num_panels, depth;  // depth: a multiple of 32
  float* c;                                // panels of 32 columns, c_panel apart
  index_type c_stride, c_panel;
  bool add;
  const float* row_factors;     // (num_rows), or null
  const float* column_factors;  // (num_panels · 32): element (r, c) times row_factors[r] column_factors[c]
};

/// g(r, c) row_factors[r] column_factors[c] as the sum of two numbers of bfloat16, row-major and transposed.
struct bf16_split {
  const float* g;  // strip
  index_type ld, num_rows, num_columns;
  const float* row_factors;
  const float* column_factors;
  std::uint16_t* straight;    // (num_rows, num_columns) with this stride, the second part `part` further on
  std::uint16_t* transposed;  // (num_columns, num_rows up to a multiple of 32) likewise; what is past the last row is 0.
                              // Null: not asked for
  index_type stride, part;
};

struct bf16_kernel_table {
  void (*product)(const bf16_product&);
  void (*split)(const bf16_split&);
  /// to[k] = line[k] · power, k < depth, of numbers that are bfloat16 and stay so.
  void (*narrow)(const float* line, float power, index_type depth, std::uint16_t* to);
  /// 32 rows of (32, depth) row-major as the pairs of their transpose: one panel.
  void (*pack_panel)(const std::uint16_t* rows, index_type depth, std::uint16_t* panel);
  /// The same 32 rows as pairs: 32 of the rows of (all rows, depth), whose panels are `panel_size` apart.
  void (*pack_pairs)(const std::uint16_t* rows, index_type depth, std::uint16_t* pairs, index_type panel_size);
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
