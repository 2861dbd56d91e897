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

/// A strip of logits with the weights of its pairs. Columns past the tile's last are `excluded` in x and 0 in the weights.
template <class T>
struct logits {
  T* x;  // (num_rows, num_columns)
  index_type num_rows, num_columns;
  index_type ld;
  const T* denominator;  // likewise D_ij, or null: 1 for all
  const T* positive;     // likewise P_ij, or null: none in this tile
  bool log_sum;          // how positives are pooled
  bool fixed;            // `shift` serves all rows and columns
  T shift;
};

/// Sums of a strip, one entry a row or a column. Null members of the columns: not asked for.
template <class T>
struct sums {
  T* max = nullptr;
  T* sum = nullptr;
  T* positive_max = nullptr;
  T* positive_sum = nullptr;
  T* positive_weight = nullptr;
  T* positive_logit = nullptr;
};

/// What turns logits into dL/dx: D gain e^(x - log_z) - P positive_gain [e^(x - log_positive)]. Logarithms come in two parts:
/// x minus the first is nearly exact, and the second is what the first lost in rounding.
template <class T>
struct gains {
  const T* gain = nullptr;
  const T* log_z = nullptr;
  const T* log_z_rest = nullptr;
  const T* positive_gain = nullptr;
  const T* log_positive = nullptr;
  const T* log_positive_rest = nullptr;
};

template <class T>
struct kernel_table {
  int width;
  void (*multiply)(const product<T>&);
  void (*accumulate)(const update<T>&);
  void (*accumulate_turned)(const update<T>&);
  void (*maxima)(const logits<T>&, const sums<T>& rows, const sums<T>& columns);
  void (*sum_rows)(const logits<T>&, const sums<T>& rows, const sums<T>& columns);
  void (*sum_rows_and_columns)(const logits<T>&, const sums<T>& rows, const sums<T>& columns);
  void (*sum_general)(const logits<T>&, const sums<T>& rows, const sums<T>& columns);
  void (*slope_rows)(const logits<T>&, const gains<T>& rows, const gains<T>& columns, T* temperature);
  void (*slope_rows_and_columns)(const logits<T>&, const gains<T>& rows, const gains<T>& columns, T* temperature);
  void (*slope_general)(const logits<T>&, const gains<T>& rows, const gains<T>& columns, T* temperature);
  void (*dots)(const T* rows, index_type slab_stride, index_type dim, index_type anchor, const index_type* partners,
               index_type count, T* out);
  void (*same_logits)(const T* rows, index_type slab_stride, index_type dim, bool euclidean, const index_type* anchors,
                      const index_type* partners, index_type count, T* out);
  void (*add_row)(T* out, T g, const T* row);
  void (*pack)(const T* rows, index_type slab_stride, index_type dim, T* panel);
  double (*squares)(pieces<const T> z, index_type num_slabs);
  void (*scale)(pieces<T> z, index_type num_slabs, double factor);
  T (*dot)(pieces<const T> h, pieces<const T> u, index_type num_slabs);
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

/// g(r, c) row_factors[r] column_factors[c] as the sum of two numbers of bfloat16, row-major and turned.
struct bf16_split {
  const float* g;  // strip
  index_type ld, num_rows, num_columns;
  const float* row_factors;
  const float* column_factors;
  std::uint16_t* straight;  // (num_rows, num_columns) with this stride, the second part `part` further on
  std::uint16_t* turned;    // (num_columns, num_rows up to a multiple of 32) likewise; what is past the last row is 0
  index_type stride, part;
};

struct bf16_kernel_table {
  void (*product)(const bf16_product&);
  void (*split)(const bf16_split&);
  /// 32 rows of (32, depth) row-major as the pairs of their transpose: one panel.
  void (*pack_panel)(const std::uint16_t* rows, index_type depth, std::uint16_t* panel);
  /// The same 32 rows as pairs: 32 of the rows of (all rows, depth), whose panels are `panel_size` apart.
  void (*pack_pairs)(const std::uint16_t* rows, index_type depth, std::uint16_t* pairs, index_type panel_size);
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
