// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A tile of products: where it lies, what is true of its pairs, and their weights.
#pragma once

#include <cmath>
#include <contrastive/device/lanes.hpp>
#include <contrastive/device/row_state.hpp>
#include <contrastive/device/rows.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Where a tile of products v · v / τ lies, and of what. Its rows are anchors and its columns candidates.
template <class T>
struct tile_place {
  T* products;  // (rows, columns), from row to row `stride`
  index_type stride;
  index_type first_row, first_column;  // the anchor and the candidate of product (0, 0)
  index_type rows, columns;
  index_type row_base, column_base;  // their global rows
  bool mirrored;                     // it stands for its mirror image too: the columns are anchors of the rows

  CONTRASTIVE_HOST_DEVICE index_type anchor(index_type r) const { return first_row + r; }
  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type c) const { return first_column + c; }
  CONTRASTIVE_HOST_DEVICE T& product(index_type r, index_type c) const { return products[r * stride + c]; }
};

/// The exponentials of the standard library.
struct standard_exponential {
  template <class T>
  CONTRASTIVE_HOST_DEVICE static T exp(T x) {
    return std::exp(x);
  }
};

/// Products of a tile that stand in a line: those of a row, or some of those of a column.
template <class T, bool Down>
struct tile_line {
  const T* first;
  index_type stride;
  index_type row, column;  // of the first product
  int count;

  CONTRASTIVE_HOST_DEVICE index_type row_of(int e) const { return Down ? row + e : row; }
  CONTRASTIVE_HOST_DEVICE index_type column_of(int e) const { return Down ? column : column + e; }

  /// Calls visit(e, step, products) for the products of this lane, those with the numbers e, e + step, …: AtOnce of them, and
  /// what is left one by one.
  template <int AtOnce, class Lanes, class Visit>
  CONTRASTIVE_HOST_DEVICE void each_run(const Lanes& lanes, const Visit& visit) const {
    const int step = static_cast<int>(lanes.size());
    int e = static_cast<int>(lanes.lane());
    for (; e + (AtOnce - 1) * step < count; e += AtOnce * step) run<AtOnce>(e, step, visit);
    for (; e < count; e += step) run<1>(e, step, visit);
  }

 private:
  template <int N, class Visit>
  CONTRASTIVE_HOST_DEVICE void run(int e, int step, const Visit& visit) const {
    const T* const from = first + (Down ? e * stride : e);
    T products[std::size_t{N}];
    unrolled<N>([&](int t) { products[t] = from[Down ? t * step * stride : t * step]; });
    visit(e, step, products);
  }
};
template <class T>
CONTRASTIVE_HOST_DEVICE tile_line<T, false> row_of_tile(const tile_place<T>& tile, index_type r) {
  return {tile.products + r * tile.stride, tile.stride, r, 0, static_cast<int>(tile.columns)};
}
template <class T>
CONTRASTIVE_HOST_DEVICE tile_line<T, true> part_of_column(const tile_place<T>& tile, index_type c, index_type first_row,
                                                          index_type end_row) {
  return {tile.products + first_row * tile.stride + c, tile.stride, first_row, c, static_cast<int>(end_row - first_row)};
}

/// The arms of a line's products, of rows R in products of T.
template <class T, class R, bool Down>
class line_arms {
 public:
  CONTRASTIVE_HOST_DEVICE line_arms(const arm_form<T>& arms, const tile_place<T>& tile, const tile_line<T, Down>& line) {
    const index_type row = tile.row_base + line.row, column = tile.column_base + line.column, own = Down ? column : row,
                     first = Down ? row : column;
    if constexpr (has_factors) {
      factor_ = arms.factors[own], factors_ = arms.factors + first;
    } else if (arms.offsets != nullptr) {
      offset_ = arms.offsets[own], offsets_ = arms.offsets + first;
    }
  }

  /// f_i f_j.
  CONTRASTIVE_HOST_DEVICE T factor(int e) const {
    if constexpr (has_factors)
      return factor_ * factors_[e];
    else
      return T(1);
  }
  /// Cosine: the similarity is known to be cosine.
  template <bool Cosine>
  CONTRASTIVE_HOST_DEVICE T arm(T product, int e, T factor) const {
    if constexpr (has_factors)
      return product * factor;
    else
      return Cosine || offsets_ == nullptr ? product : product + (offset_ + offsets_[e]);
  }

 private:
  static constexpr bool has_factors = !std::is_same_v<T, R>;

  T factor_ = 1, offset_ = 0;
  const T *factors_ = nullptr, *offsets_ = nullptr;
};

/// What kernels are told of a tile whose listed pairs are marked as excluded: D is ones or general; P none, ones or general.
struct tile_task {
  tile_statement says = {};
  bool skipped = true;         // no pair counts
  bool diagonal_left = false;  // D and P are what `says` says but where i = j: that pair counts nowhere and is to be excluded

  tile_task() = default;
  CONTRASTIVE_HOST_DEVICE tile_task(tile_statement said, const tile& t, bool uses_denominator, bool uses_positive) {
    const bool diagonal = t.anchor_begin < t.candidate_end && t.candidate_begin < t.anchor_end;
    const bool no_d = !uses_denominator || said.denominator == tile_weights::zeros,
               no_p = !uses_positive || said.positive == tile_positives::none;
    const bool d_off = said.denominator == tile_weights::ones_off_diagonal,
               p_off = said.positive == tile_positives::ones_off_diagonal;
    skipped = no_d && no_p;
    diagonal_left = diagonal && !skipped && (no_d || d_off) && (no_p || p_off);
    const bool off_is_ones = diagonal_left || !diagonal;
    const bool d_ones = !uses_denominator || said.denominator == tile_weights::ones || (d_off && off_is_ones),
               p_ones = said.positive == tile_positives::ones || (p_off && off_is_ones);
    says.leaves_out = said.leaves_out;
    says.denominator = d_ones ? tile_weights::ones : tile_weights::general;
    says.positive = no_p ? tile_positives::none : p_ones ? tile_positives::ones : tile_positives::general;
  }
};

template <class Pairs>
inline constexpr bool lists_positives = contrastive::detail::statements_of<Pairs>().positives_listed;

/// work.template operator()<D, P>() for what is true of the tile.
template <class Pairs, class Work>
CONTRASTIVE_HOST_DEVICE void with_statement(tile_statement says, const Work& work) {
  using enum tile_weights;
  constexpr bool listed = lists_positives<Pairs>;
  if constexpr (!contrastive::detail::has_tiles<Pairs>) {
    work.template operator()<general, listed ? tile_positives::none : tile_positives::general>();
  } else if constexpr (listed) {
    if (says.denominator == ones)
      work.template operator()<ones, tile_positives::none>();
    else
      work.template operator()<general, tile_positives::none>();
  } else if (says.denominator == ones) {
    if (says.positive == tile_positives::none)
      work.template operator()<ones, tile_positives::none>();
    else if (says.positive == tile_positives::ones)
      work.template operator()<ones, tile_positives::ones>();
    else
      work.template operator()<ones, tile_positives::general>();
  } else if (says.positive == tile_positives::none) {
    work.template operator()<general, tile_positives::none>();
  } else {
    work.template operator()<general, tile_positives::general>();
  }
}

/// Are all that tiles add up in a stage e^y, so that nothing is to be asked where a pair is excluded, if all y are small?
template <class Rule, tile_weights D, tile_positives P, bool Second>
inline constexpr bool sums_vanish = [] {
  bool so = !Second && D != tile_weights::general && P != tile_positives::general && !requires(const Rule& rule) {
    rule.parameter(0);
  };
  for (const row_sum& s : Rule::sums.sum) {
    const bool asked = !s.second_stage && !(s.of == weight::P && P == tile_positives::none);
    so = so && (!asked || s.g == pair_function::exponential);
  }
  return so;
}();

/// The weights of a pair in a tile of which D and P are true. 1 where they are ones.
template <tile_weights D, tile_positives P>
struct pair_in_tile {
  CONTRASTIVE_HOST_DEVICE static constexpr bool ones(weight of) {
    return of == weight::D ? D == tile_weights::ones : P == tile_positives::ones;
  }
  CONTRASTIVE_HOST_DEVICE static constexpr bool none(weight of) { return of == weight::P && P == tile_positives::none; }

  /// Products that a lane asks memory for before it looks at the first; where weights are asked for, code for each is long.
  static constexpr int at_once = D == tile_weights::general || P == tile_positives::general ? 2 : 8;

  double denominator = 1, positive = 1;

  template <class Pairs>
  CONTRASTIVE_HOST_DEVICE pair_in_tile(const Pairs& pairs, index_type i, index_type j, bool uses_d, bool uses_p) {
    if constexpr (D == tile_weights::general)
      if (uses_d) denominator = static_cast<double>(pairs.denominator(i, j));
    if constexpr (P == tile_positives::general)
      if (uses_p) positive = static_cast<double>(pairs.positive(i, j));
  }
  CONTRASTIVE_HOST_DEVICE double of(weight w) const { return w == weight::D ? denominator : positive; }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
