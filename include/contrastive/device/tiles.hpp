// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A tile of products: where it lies, what is true of its pairs, and their weights.
#pragma once

#include <contrastive/device/row_state.hpp>
#include <contrastive/device/rows.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Where a tile of products v · v / τ lies, and of what. Transposed, its rows are candidates and its columns anchors.
template <class T>
struct tile_place {
  T* products;  // (rows, columns), from row to row `stride`
  index_type stride;
  index_type first_row, first_column;  // anchor and candidate, transposed the other way round
  index_type rows, columns;
  index_type row_base, column_base;  // the global rows of the first two
  bool transposed;

  CONTRASTIVE_HOST_DEVICE index_type anchor(index_type r, index_type c) const {
    return transposed ? first_column + c : first_row + r;
  }
  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type r, index_type c) const {
    return transposed ? first_row + r : first_column + c;
  }
  CONTRASTIVE_HOST_DEVICE index_type num_anchors() const { return transposed ? columns : rows; }
  CONTRASTIVE_HOST_DEVICE index_type num_candidates() const { return transposed ? rows : columns; }

  CONTRASTIVE_HOST_DEVICE T& product(index_type r, index_type c) const { return products[r * stride + c]; }
  /// The product of the tile's a-th anchor and its c-th candidate.
  CONTRASTIVE_HOST_DEVICE T& product_of(index_type a, index_type c) const { return transposed ? product(c, a) : product(a, c); }
  CONTRASTIVE_HOST_DEVICE T arm(const arm_form<T>& arms, index_type r, index_type c) const {
    return arms(product(r, c), row_base + r, column_base + c);
  }
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

/// The weights of a pair in a tile of which D and P are true. 1 where they are ones.
template <tile_weights D, tile_positives P>
struct pair_in_tile {
  CONTRASTIVE_HOST_DEVICE static constexpr bool ones(weight of) {
    return of == weight::D ? D == tile_weights::ones : P == tile_positives::ones;
  }
  CONTRASTIVE_HOST_DEVICE static constexpr bool none(weight of) { return of == weight::P && P == tile_positives::none; }

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

constexpr index_type terms_in_T = 32;  // that a lane sums before it goes over to double

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
