// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The two products of the engine, logits from rows and gradients from slopes, behind the same verbs for float and double and
// for bfloat16.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/bf16_rows.hpp>
#include <contrastive/cpu/plan.hpp>
#include <contrastive/cpu/prepared_rows.hpp>
#include <contrastive/cpu/thread_team.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// One thread's memory.
template <class T>
struct product_scratch {
  // Panels of the blocks of candidates that were met last, one of an even number and one of an odd one, as blocks meet in twos.
  aligned_buffer<T> panels[2];
  index_type packed[2] = {-1, -1};
  // Of products of bfloat16.
  aligned_buffer<std::uint16_t> straight, transposed;  // (2, largest_block, largest_block): slopes in two parts
  aligned_buffer<T> line;                              // a row of an argument
};

template <class T>
class products {
 public:
  explicit products(const kernel_table<T>& kernels) : kernels_(kernels) {}

  /// bfloat16 goes its own way where there are kernels for it and rows are multiplied as they are.
  static bool takes_bf16(const problem<T>& p) {
    return std::is_same_v<T, float> && p.bf16 != nullptr && p.similarity != similarity::negative_squared_euclidean;
  }
  void reserve(const problem<T>& p, const plan<T>& how) {
    p_ = &p, plan_ = &how;
    bf16_ = takes_bf16(p) ? p.bf16 : nullptr;
    prepared_.reserve(kernels_, p.similarity, p.temperature, p.arguments, p.count, p.ranges.total,
                      p.with_gradients ? p.gradients : nullptr, p.order, how.n);
    if (bf16_ == nullptr) return;
    bf16_anchors_.reserve(*bf16_, p.ranges.anchor_begin, p.same_rows() ? std::max(how.n, how.tiled()) : how.n,
                          p.arguments[0].cols);
    if (!p.same_rows())
      bf16_candidates_.reserve(*bf16_, p.ranges.candidate_begin + how.tiled_begin, how.tiled(), p.arguments[0].cols);
  }
  void reserve(product_scratch<T>& s) const {
    if (bf16_ == nullptr) {
      const index_type blocks = plan_->candidates.count();
      for (index_type b = 0; b < std::min<index_type>(blocks, 2); ++b)
        s.panels[b].reserve((plan_->candidates.block + kernels_.width - 1) / kernels_.width * prepared_.panel_size());
      return;
    }
    s.line.reserve(bf16_anchors_.depth());
    s.straight.reserve(2 * largest_block * largest_block), s.transposed.reserve(2 * largest_block * largest_block);
  }

  /// Reads all rows, and once their norms are known calls others(t) for t in [0, num_others). On all threads.
  template <class Task>
  void prepare(thread_team& team, product_scratch<T>& s, index_type num_others, Task others) {
    s.packed[0] = s.packed[1] = -1;
    const bool centred = p_->similarity == similarity::negative_squared_euclidean;
    if (centred) {
      team.each(p_->ranges.total, 64, [&](index_type row) { prepared_.read(row); });
      team.alone([&] { prepared_.find_centre(); });
    }
    team.each(p_->ranges.total, 64, [&](index_type row) {
      if (!centred) prepared_.read(row);
      prepared_.shape(row);
    });
    const index_type packs = bf16_ == nullptr ? 0 : num_groups();
    team.share(num_others + packs, [&](index_type t) {
      if (t < num_others) return others(t);
      if constexpr (std::is_same_v<T, float>) pack_bf16(t - num_others, s);
    });
  }

  /// x (anchors of the tile, panels of its candidates) = arms. The tile's candidates are of one block, and begin with a panel.
  void logits(product_scratch<T>& s, const tile& t, index_type panels, T* x, index_type ld) const {
    const index_type begin = t.anchor_begin, num_anchors = t.anchor_end - begin, first = t.candidate_begin - plan_->tiled_begin;
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) {
        const bf16_rows &a = bf16_anchors_, &c = bf16_candidates();
        return bf16_->product({a.straight(begin), a.depth(), 0, 1, c.panel(first), c.panel_size(), num_anchors, panels,
                               a.depth(), x, ld, bf16_rows::group, false, a.factors(begin), c.scaled_factors(first)});
      }
    const index_type block = first / plan_->candidates.block, in_block = first - plan_->candidates.begin(block);
    kernels_.multiply({prepared_.row(p_->ranges.anchor_begin + begin), prepared_.slab_stride(), num_anchors,
                       panels_of(s, block) + in_block / kernels_.width * prepared_.panel_size(), panels,
                       prepared_.prepared_dim(), x, ld});
  }
  /// The arm of one pair. Of bfloat16 it may differ from the tiles' by a rounding.
  T arm(index_type i, index_type j) const {
    const index_type anchor = p_->ranges.anchor_begin + i, other = p_->ranges.candidate_begin + j;
    T x;
    kernels_.dots(prepared_.row(0), prepared_.slab_stride(), prepared_.plain_dim(), anchor, &other, 1, &x);
    return x + prepared_.rest(anchor, other);
  }

  /// H of the anchors += G · candidates, and, if asked for, H of the candidates += Gᵀ · anchors, for slopes G of a tile.
  void accumulate(product_scratch<T>& s, const tile& t, const T* g, index_type ld, index_type columns, bool candidates_too) {
    const index_type num_anchors = t.anchor_end - t.anchor_begin, num_candidates = t.candidate_end - t.candidate_begin;
    const index_type anchor = p_->ranges.anchor_begin + t.anchor_begin,
                     candidate = p_->ranges.candidate_begin + t.candidate_begin;
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) return accumulate_bf16(s, t, g, ld, columns, candidates_too);
    const index_type stride = prepared_.slab_stride(), slabs = prepared_.num_slabs();
    prepared_.for_each_gradient(
        anchor, anchor + num_anchors, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          kernels_.accumulate(
              {g + offset * ld, ld, count, num_candidates, prepared_.row(candidate), stride, slabs, out, out_stride});
        });
    if (!candidates_too) return;
    prepared_.for_each_gradient(
        candidate, candidate + num_candidates, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          kernels_.accumulate_transposed(
              {g + offset, ld, count, num_anchors, prepared_.row(anchor), stride, slabs, out, out_stride});
        });
  }
  /// What a single pair of slope g gives its rows, if they are global rows of [begin, end).
  void accumulate_pair(index_type i, index_type j, T g, index_type begin, index_type end) {
    const index_type anchor = p_->ranges.anchor_begin + i, other = p_->ranges.candidate_begin + j;
    const auto add = [&](index_type to, index_type from) {
      if (to < begin || to >= end) return;
      if (T* const h = prepared_.gradient(to))
        kernels_.add_row({h, kernels_.width}, g, {prepared_.row(from), prepared_.slab_stride()}, prepared_.num_slabs());
    };
    add(anchor, other), add(other, anchor);
  }
  void clear_gradients(index_type begin, index_type end) {
    for (index_type row = begin; row < std::min(end, p_->ranges.total); ++row) prepared_.clear_gradient(row);
  }
  void scale_gradient(index_type i, double scale) { prepared_.scale_gradient(p_->ranges.anchor_begin + i, scale); }
  /// After all tiles, before single pairs. On all threads.
  void finish_tiles(thread_team& team) {
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) finish_bf16(team);
  }
  /// The chain rule back to the caller's row.
  void write_gradient(index_type row) { prepared_.write_gradient(row); }
  /// After write_gradient of all rows. On all threads.
  void move_rows(thread_team& team) {
    if (prepared_.moves_rows()) team.share(prepared_.num_slabs(), [&](index_type slab) { prepared_.move_rows(slab); });
  }

  bool finite() const { return prepared_.finite(); }
  bool wants_gradient(index_type candidate_begin, index_type candidate_end) const {
    return prepared_.wants_gradient(p_->ranges.candidate_begin + candidate_begin, p_->ranges.candidate_begin + candidate_end);
  }
  /// Bounds of all arms.
  void bounds(double& low, double& high) const {
    const auto& r = p_->ranges;
    prepared_.similarity_bounds(r.anchor_begin, r.anchor_end, r.candidate_begin, r.candidate_end, low, high);
    low /= p_->temperature, high /= p_->temperature;
  }

 private:
  /// Panels of a block of candidates, packed when it is met: rows are kept once, and packing a block takes a hundredth of the
  /// time of the products with it.
  const T* panels_of(product_scratch<T>& s, index_type block) const {
    T* const panels = s.panels[block % 2].data();
    if (s.packed[block % 2] != block) {
      const index_type first = p_->ranges.candidate_begin + plan_->tiled_begin;
      prepared_.pack(first + plan_->candidates.begin(block), first + plan_->candidates.end(block), panels);
      s.packed[block % 2] = block;
    }
    return panels;
  }

  // ---- bfloat16: logits are (z_i · z_j) f_i f_j / τ with the factors f of bf16_rows, and the tiles sum
  // f_i H_i = Σ_j (f_i G_ij f_j) z_j, so that one matrix serves rows and columns.

  const bf16_rows& bf16_candidates() const { return p_->same_rows() ? bf16_anchors_ : bf16_candidates_; }

  index_type num_groups() const { return bf16_anchors_.num_groups() + (p_->same_rows() ? 0 : bf16_candidates_.num_groups()); }
  void pack_bf16(index_type g, product_scratch<T>& s) {
    const bool of_anchors = g < bf16_anchors_.num_groups();
    (of_anchors ? bf16_anchors_ : bf16_candidates_)
        .pack(
            of_anchors ? g : g - bf16_anchors_.num_groups(), p_->similarity == similarity::cosine,
            static_cast<T>(1 / p_->temperature), s.line.data(),
            [&](index_type r, float* line) { prepared_.read_plain(r, line); }, [&](index_type r) { return prepared_.norm(r); });
  }
  void accumulate_bf16(product_scratch<T>& s, const tile& t, const T* g, index_type ld, index_type columns,
                       bool candidates_too) {
    constexpr index_type part = largest_block * largest_block;
    const bf16_rows &a = bf16_anchors_, &c = bf16_candidates();
    const index_type num_anchors = t.anchor_end - t.anchor_begin, num_candidates = t.candidate_end - t.candidate_begin;
    const index_type anchor = p_->ranges.anchor_begin + t.anchor_begin,
                     candidate = p_->ranges.candidate_begin + t.candidate_begin;
    const index_type first = t.candidate_begin - plan_->tiled_begin, panels = a.depth() / bf16_rows::group;
    const auto whole_groups = [](index_type rows) {
      return (rows + bf16_rows::group - 1) / bf16_rows::group * bf16_rows::group;
    };
    bf16_->split({g, ld, num_anchors, columns, a.factors(t.anchor_begin), c.factors(first), s.straight.data(),
                  candidates_too ? s.transposed.data() : nullptr, largest_block, part});
    prepared_.for_each_gradient(
        anchor, anchor + num_anchors, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          bf16_->product({s.straight.data() + offset * largest_block, largest_block, part, 2, c.pairs(first),
                          c.pairs_panel_size(), count, panels, whole_groups(num_candidates), out, out_stride, bf16_rows::group,
                          true, nullptr, nullptr});
        });
    if (!candidates_too) return;
    prepared_.for_each_gradient(
        candidate, candidate + num_candidates, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          bf16_->product({s.transposed.data() + offset * largest_block, largest_block, part, 2, a.pairs(t.anchor_begin),
                          a.pairs_panel_size(), count, panels, whole_groups(num_anchors), out, out_stride, bf16_rows::group,
                          true, nullptr, nullptr});
        });
  }
  /// From f H to H with rows times √(1 / τ), as the other products leave it.
  void finish_bf16(thread_team& team) {
    const double root = std::sqrt(1 / p_->temperature);
    const auto divide = [&](const bf16_rows& rows) {
      team.each(rows.count(), 64, [&](index_type i) {
        const double factor = static_cast<double>(*rows.factors(i));
        prepared_.scale_gradient(rows.begin() + i, factor > 0 ? root / factor : 0);
      });
    };
    divide(bf16_anchors_);
    if (!p_->same_rows()) divide(bf16_candidates_);
  }

  const kernel_table<T>& kernels_;
  const problem<T>* p_ = nullptr;
  const plan<T>* plan_ = nullptr;
  prepared_rows<T> prepared_;
  const bf16_kernel_table* bf16_ = nullptr;  // of the call in progress, or null: products in T
  bf16_rows bf16_anchors_, bf16_candidates_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
