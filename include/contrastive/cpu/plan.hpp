// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How a call is done, decided before anything is computed: blocks, strips, and which kernel each sum of the loss takes.
#pragma once

#include <algorithm>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/problem.hpp>
#include <contrastive/cpu/schedule.hpp>
#include <limits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

inline constexpr index_type usual_strip_rows = 64;  // a strip of 64 × 256 logits is 64 KiB: it stays in the second-level cache
inline constexpr index_type largest_block = 256;    // rows; a slab of them is 32 KiB
inline constexpr index_type least_block = 64;       // rows; less would leave the kernels too little to do at a time
inline constexpr index_type fewest_blocks = 8;      // a side, so that threads share evenly

/// Where one exponential e^(y - shift) serves all pairs: all y lie within `range` of each other, the shift is the middle of
/// their bounds, and neither the largest sum nor the smallest term leaves the type's range. Where pairs carry weights the
/// shift is the upper bound, so that what they scale is at most 1.
template <class T>
struct fixed_shift_limits;
template <>
struct fixed_shift_limits<float> {  // e^±87 are the limits; e^(70 + log N) and e^-70 stay inside
  static constexpr double range = 140, weighted_range = 70;
};
template <>
struct fixed_shift_limits<double> {  // e^±708
  static constexpr double range = 1200, weighted_range = 600;
};

/// How the sums of a loss are taken of strips.
template <class T>
struct term_plans {
  kernel_kind kinds[most_row_sums];
  strip_term<T> terms[most_row_sums];  // but for weights and own values
  bool simple[most_row_sums];          // e^(s / τ): where no weights are needed there is a faster kernel
  int slots[most_row_sums];            // of the vectors of gains; -1: the sum has no slopes in tiles
  int num_slots = 0;
  bool fixed = false;  // one shift for all exponentials
  double shifts[most_row_sums] = {};

  void make(const loss_functions<T>& f) {
    num_slots = 0, fixed = false;
    for (int k = 0; k < f.num_terms; ++k) {
      const pair_term& t = f.terms[k];
      constexpr T most = std::numeric_limits<T>::max();
      strip_term<T> term{nullptr, nullptr, 1, static_cast<T>(t.offset), most, static_cast<T>(t.margin), true, 0};
      kernel_kind kind = linear_kind;
      switch (t.g) {
        case pair_function::exponential:
          kind = exponential_kind, term.scale = static_cast<T>(t.scale), term.limit = -most;
          break;
        case pair_function::clipped_exponential:
          kind = exponential_kind, term.limit = 0;
          break;
        case pair_function::logit:
          break;
        case pair_function::clipped_logit:
          term.limit = 0;
          break;
        case pair_function::softplus:
          kind = softplus_kind;
          break;
        case pair_function::softplus_of_minus:
          kind = softplus_kind, term.scale = -1, term.common = !t.second_stage;
          break;
        case pair_function::one:
        case pair_function::own:
          kind = own_kind;
          break;
      }
      const bool in_tiles = t.of == weight::D || !f.says.positives_listed;
      kinds[k] = kind, terms[k] = term;
      simple[k] = t.g == pair_function::exponential && t.scale == 1 && t.offset == 0;
      slots[k] = in_tiles && t.g != pair_function::one ? num_slots++ : -1;
    }
  }
  /// Once all similarities are known to lie in [low, high] · τ. `all`: what is said of all pairs.
  void choose_shifts(const loss_functions<T>& f, const tile_statement& all, double low, double high) {
    using limits = fixed_shift_limits<T>;
    bool weighted = false;
    for (int k = 0; k < f.num_terms; ++k)
      if (is_exponential(f.terms[k].g))
        weighted = weighted || (f.terms[k].of == weight::D ? all.denominator == tile_weights::general
                                                           : all.positive == tile_positives::general);
    fixed = true;
    for (int k = 0; k < f.num_terms; ++k) {
      const pair_term& t = f.terms[k];
      if (!is_exponential(t.g)) continue;
      const double least = contrastive::detail::argument_of(t.g, t.scale, t.offset, low),
                   most = contrastive::detail::argument_of(t.g, t.scale, t.offset, high);
      fixed = fixed && most - least <= (weighted ? limits::weighted_range : limits::range);
      shifts[k] = static_cast<double>(static_cast<T>(weighted ? most : (least + most) / 2));
    }
    for (int k = 0; k < f.num_terms; ++k)
      if (is_exponential(f.terms[k].g)) terms[k].common = fixed, terms[k].level = static_cast<T>(shifts[k]);
  }
};

/// What does not change during a call.
template <class T>
struct plan {
  index_type n = 0, tiled_begin = 0, tiled_end = 0;  // anchors; candidates of the tiles
  bool symmetric = false;                            // each unordered pair is looked at once
  blocks anchors, candidates;
  index_type strip_rows = usual_strip_rows;
  bool keeps = false;            // the logits, from the forward to the backward pass
  bool one_exponential = false;  // is all that the tiles give the gradient
  bool sums_slopes = false;      // Σ G is wanted, for the bias

  index_type tiled() const { return tiled_end - tiled_begin; }

  void make(const problem<T>& p, const loss_functions<T>& f, index_type width, bool in_bf16, index_type budget) {
    n = p.ranges.num_anchors(), tiled_begin = f.tiled_begin, tiled_end = f.tiled_end;
    if (p.same_rows() && tiled_begin != 0)
      contrastive::detail::refuse(p.who, "tiled_begin()", "0 where anchors are candidates too", tiled_begin);
    symmetric = f.says.symmetric && p.same_rows() && tiled_end == n;
    anchors = blocks::of(n, width, least_block, largest_block, fewest_blocks);
    candidates =
        p.same_rows() ? blocks{tiled(), anchors.block} : blocks::of(tiled(), width, least_block, largest_block, fewest_blocks);
    strip_rows = in_bf16 ? largest_block : usual_strip_rows;
    // bfloat16 is computed again sooner than it is read again.
    keeps = p.with_gradients && !p.is_part() && !in_bf16 && kept_logits(width) <= budget;
    sums_slopes = p.with_gradients && p.wants_bias && !f.rule_says.balanced;
    int of_denominator = 0;
    one_exponential = !p.is_part() && f.says.positives_listed && !symmetric && !p.same_rows() && !p.both_ways() && !sums_slopes;
    for (int k = 0; k < f.num_terms; ++k)
      if (const pair_term& t = f.terms[k]; t.of == weight::D) {
        ++of_denominator;
        one_exponential = one_exponential && t.g == pair_function::exponential && t.scale == 1 && t.offset == 0;
      }
    one_exponential = one_exponential && of_denominator == 1;
  }
  /// From row to row of a strip: no multiple of 1 KiB, of which the first-level cache holds few.
  static index_type row_length(index_type columns, index_type width) {
    return columns * static_cast<index_type>(sizeof(T)) % 1024 == 0 ? columns + width : columns;
  }
  /// Numbers that the logits of all tiles take.
  index_type kept_logits(index_type width) const {
    const index_type pairs =
        symmetric ? candidates.count() * (candidates.count() + 1) / 2 : anchors.count() * candidates.count();
    return pairs * anchors.block * row_length(candidates.block, width);
  }
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
