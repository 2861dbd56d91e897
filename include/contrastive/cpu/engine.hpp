// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CPU engine: tiles of logits, first for the sums of each anchor, then, computed again or kept where they are few, for the
// gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/anchor_states.hpp>
#include <contrastive/cpu/bf16_rows.hpp>
#include <contrastive/cpu/kernels/dispatch.hpp>
#include <contrastive/cpu/pair_functions.hpp>
#include <contrastive/cpu/prepared_rows.hpp>
#include <contrastive/cpu/request.hpp>
#include <contrastive/cpu/schedule.hpp>
#include <contrastive/cpu/thread_team.hpp>
#include <limits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// Where one exponential e^(x - shift) serves all pairs: all logits lie within `range` of each other, the shift is the middle
/// of their bounds, and neither the largest sum nor the smallest term leaves the type's range. Where pairs carry weights the
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

/// One engine a scalar type; losses reach it as pair_functions. Keeps its memory and its threads.
///
///   1. prepare   the rows in slabs and panels                               O(N d)
///   2. forward   blocks of anchors meet blocks of candidates: logits in strips, from them the sums of each anchor. Where the
///                loss is symmetric each unordered pair is looked at once, and rows and columns are both summed.
///   3. finish    losses, gains of each anchor                               O(N)
///   4. backward  the same strips again, computed anew or kept where all fit the budget, turned into dL/dx, times the rows
///   5. write     the chain rule through the similarity                      O(N d)
/// Tiles of candidates whose gradient nobody wants are done with in 2. bfloat16 goes its own way to products: bf16_rows.
/// Pairs that a loss lists are looked at one by one, beside the tiles.
template <class T>
class engine {
 public:
  engine(int threads, std::size_t memory_budget)
      : kernels_(kernels_for<T>(best_instruction_set())),
        team_(threads),
        budget_(static_cast<index_type>(memory_budget / sizeof(T))) {}

  /// Memory is taken before anything is written: std::bad_alloc leaves the request's outputs as they were.
  outcome run(const pair_functions<T>& f, const request<T>& r) {
    plan(f, r);
    if (f_.prepare_anchor != nullptr) {
      factors_.reserve(n_);
      const auto body = [&](index_type) {
        each(n_, 16, [&](index_type i) { factors_.data()[i] = f_.prepare_anchor(f_.pairs, i); });
      };
      team_.run(body);
      f_.set_anchor_factors(f_.pairs, factors_.data());
    }
    return evaluate();
  }

 private:
  static constexpr index_type usual_strip_rows =
      64;                                           // a strip of 64 × 256 logits is 64 KiB: it stays in the second-level cache
  static constexpr index_type largest_block = 256;  // rows; a slab of them is 32 KiB
  static constexpr index_type least_block = 64;     // rows; less would leave the kernels too little to do at a time
  static constexpr index_type fewest_blocks = 8;    // a side, so that threads share evenly
  static constexpr index_type listed_rows = 64;     // anchors whose listed pairs are one task
  static constexpr index_type worth_threads =
      4'000'000;  // multiply-adds; one thread needs some 40 µs for them, waking others 10

  /// One thread's memory.
  struct scratch {
    aligned_buffer<T> x, denominator, positive;      // a strip
    aligned_buffer<T> rows, columns;                 // (7, strip_rows_), (6, largest_block): sums and, in the rows, temperature
    aligned_buffer<T> unit;                          // (6, strip_rows_): gains of 1
    aligned_buffer<std::uint16_t> straight, turned;  // (2, largest_block, largest_block): the gradient's matrix in bfloat16
    aligned_buffer<T> line;                          // a row of an argument
    aligned_buffer<index_type> partners;             // (listed_per_anchor)
  };

  /// From row to row of a strip: no multiple of 1 KiB, of which the first-level cache holds few.
  index_type row_length(index_type columns) const {
    return columns * static_cast<index_type>(sizeof(T)) % 1024 == 0 ? columns + kernels_.width : columns;
  }
  bool log_sum() const { return r_.pooling == pooling::log_sum; }
  bool has_columns() const { return symmetric_ || r_.both_ways; }
  anchor_states<T>& column_states() { return symmetric_ ? rows_ : columns_; }

  /// What follows the plan, on all threads at once.
  outcome evaluate() {
    const auto body = [&](index_type thread) {
      scratch& s = scratch_[static_cast<std::size_t>(thread)];
      prepare(s, thread);
      forward(s);
      finish(s, thread);
      if (r_.gradients == nullptr) return;
      backward(s);
      write();
    };
    team_.run(body);
    return conclude();
  }

  void plan(const pair_functions<T>& f, const request<T>& r) {
    f_ = f, r_ = r;
    n_ = r.ranges.num_anchors();
    same_rows_ = r.ranges.anchor_begin == r.ranges.candidate_begin;
    symmetric_ = f.symmetric && same_rows_ && f.tiled_begin == 0 && f.tiled_end == n_;
    if (same_rows_ && f.tiled_begin != 0)
      contrastive::detail::refuse("loss", "tiled_begin()", "0 where anchors are candidates too", f.tiled_begin);
    const index_type width = kernels_.width, tiled = f.tiled_end - f.tiled_begin;
    anchors_ = blocks::of(n_, width, least_block, largest_block, fewest_blocks);
    candidates_ =
        same_rows_ ? blocks{tiled, anchors_.block} : blocks::of(tiled, width, least_block, largest_block, fewest_blocks);

    const bool gradients = r.gradients != nullptr;
    bf16_ = std::is_same_v<T, float> && r.similarity != similarity::negative_squared_euclidean ? r.bf16 : nullptr;
    prepared_.reserve(kernels_, r.similarity, r.temperature, r.arguments, r.count, r.ranges.total, bf16_ == nullptr ? tiled : 0,
                      r.gradients);
    rows_.reserve(n_, width);
    if (r.both_ways) columns_.reserve(n_, width);
    const index_type block_pairs =
        symmetric_ ? candidates_.count() * (candidates_.count() + 1) / 2 : anchors_.count() * candidates_.count();
    const index_type logits = block_pairs * anchors_.block * row_length(candidates_.block);
    strip_rows_ = bf16_ != nullptr ? largest_block : usual_strip_rows;
    keeps_ = gradients && logits <= budget_ && bf16_ == nullptr;  // bfloat16 is computed again sooner than it is read again
    if (bf16_ != nullptr) {
      bf16_anchors_.reserve(*bf16_, r.ranges.anchor_begin, same_rows_ ? std::max(n_, tiled) : n_, r.arguments[0].cols);
      if (!same_rows_) bf16_candidates_.reserve(*bf16_, r.ranges.candidate_begin + f.tiled_begin, tiled, r.arguments[0].cols);
    }
    if (keeps_) kept_.reserve(logits);
    listed_.reserve(n_ * f.listed_per_anchor);
    temperature_.reserve(n_);
    losses_.reserve(n_);
    exponentials_.reserve(n_);
    turns_.reserve(anchors_.count() + candidates_.count());
    const index_type pairs = n_ * (symmetric_ ? tiled / 2 : tiled) + n_ * f.listed_per_anchor;
    const int threads = team_.prepare(pairs * prepared_.prepared_dim() >= worth_threads);
    if (static_cast<int>(scratch_.size()) < threads) scratch_.resize(static_cast<std::size_t>(threads));
    for (auto& s : scratch_) {
      s.x.reserve(strip_rows_ * row_length(largest_block));
      s.denominator.reserve(strip_rows_ * row_length(largest_block));
      if (f.positives_in_tiles) s.positive.reserve(strip_rows_ * row_length(largest_block));
      if (bf16_ != nullptr) {
        s.line.reserve(bf16_anchors_.depth());
        s.straight.reserve(2 * largest_block * largest_block), s.turned.reserve(2 * largest_block * largest_block);
      }
      s.rows.reserve(7 * strip_rows_);
      s.unit.reserve(6 * strip_rows_);
      s.columns.reserve(6 * largest_block);
      s.partners.reserve(f.listed_per_anchor);
    }
  }

  /// task(i) for i in [0, count), `grain` at a time.
  template <class Task>
  void each(index_type count, index_type grain, Task task) {
    team_.share((count + grain - 1) / grain, [&](index_type part) {
      for (index_type i = part * grain; i < std::min(count, (part + 1) * grain); ++i) task(i);
    });
  }

  // ---- 1

  void prepare(scratch& s, index_type thread) {
    const bool centred = r_.similarity == similarity::negative_squared_euclidean;
    if (centred) {
      each(r_.ranges.total, 64, [&](index_type row) { prepared_.read(row); });
      team_.alone(thread, [&] { prepared_.find_centre(); });
    }
    each(r_.ranges.total, 64, [&](index_type row) {
      if (!centred) prepared_.read(row);
      prepared_.shape(row);
    });
    const index_type first = r_.ranges.candidate_begin + f_.tiled_begin, end = r_.ranges.candidate_begin + f_.tiled_end;
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) pack_bf16(s);
    each(prepared_.num_panels(), 1, [&](index_type p) { prepared_.pack_panel(p, first, end); });
    team_.alone(thread, [&] { choose_shift(); });
    // Where gradients are to be written over the embeddings these have been read by now.
    if (r_.gradients != nullptr) each(r_.ranges.total, 64, [&](index_type row) { prepared_.clear_gradient(row); });
    each(n_, 1024, [&](index_type i) {
      rows_.clear(i, fixed_, shift_);
      if (r_.both_ways) columns_.clear(i, fixed_, shift_);
      temperature_.data()[i] = 0;
      exponentials_.data()[i] = {};
    });
  }

  void choose_shift() {
    using limits = fixed_shift_limits<T>;
    double low = 0, high = 0;
    prepared_.similarity_bounds(r_.ranges.anchor_begin, r_.ranges.anchor_end, r_.ranges.candidate_begin,
                                r_.ranges.candidate_end, low, high);
    low /= r_.temperature, high /= r_.temperature;
    const bool weighted = f_.weights_of(f_.pairs, {0, n_, f_.tiled_begin, f_.tiled_end}) == tile_weights::general;
    fixed_ = high - low <= (weighted ? limits::weighted_range : limits::range);
    shift_ = static_cast<double>(static_cast<T>(weighted ? high : (low + high) / 2));
    any_one_pass_ = false;
    for (index_type J = 0; J < candidates_.count(); ++J) any_one_pass_ = any_one_pass_ || one_pass(J);
    turns_.clear();
  }

  // ---- tiles

  /// Calls visit(strip, with_columns) for the strips of anchor block I against candidate block J. Where a block meets itself
  /// and the loss is symmetric, only what lies on and above the diagonal is visited.
  template <class Visit>
  void for_each_strip(index_type I, index_type J, bool with_columns, Visit visit) {
    const index_type first = candidates_.begin(J), last = candidates_.end(J);
    for (index_type begin = anchors_.begin(I); begin < anchors_.end(I); begin += strip_rows_) {
      const index_type end = std::min(begin + strip_rows_, anchors_.end(I));
      if (symmetric_ && I == J) {
        visit(tile{begin, end, begin, end}, false);
        if (end < last) visit(tile{begin, end, end, last}, true);
      } else {
        visit(tile{begin, end, f_.tiled_begin + first, f_.tiled_begin + last}, with_columns);
      }
    }
  }

  /// Where the logits of a strip lie: in the thread's memory, or where the backward pass finds them.
  T* place(scratch& s, index_type I, index_type J, const tile& t) {
    if (!keeps_ || one_pass(J)) return s.x.data();
    const index_type block_pair = symmetric_ ? J * (J + 1) / 2 + I : I * candidates_.count() + J;  // symmetric: I ≤ J
    return kept_.data() + (block_pair * anchors_.block + t.anchor_begin - anchors_.begin(I)) * row_length(candidates_.block) +
           (t.candidate_begin - f_.tiled_begin - candidates_.begin(J)) * (t.anchor_end - t.anchor_begin);
  }

  void multiply(const tile& t, index_type panels, T* x, index_type ld) {
    const index_type begin = t.anchor_begin, num_anchors = t.anchor_end - begin, first = t.candidate_begin - f_.tiled_begin;
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) {
        const bf16_rows &a = bf16_anchors_, &c = bf16_candidates();
        return bf16_->product({a.straight(begin), a.depth(), 0, 1, c.panel(first), c.panel_size(), num_anchors, panels,
                               a.depth(), x, ld, bf16_rows::group, false, a.factors(begin), c.scaled_factors(first)});
      }
    kernels_.multiply({prepared_.row(r_.ranges.anchor_begin + begin), prepared_.slab_stride(), num_anchors,
                       prepared_.panel(first / kernels_.width), panels, prepared_.prepared_dim(), x, ld});
  }

  /// The logits and weights of a strip of anchor block I against candidate block J; `again` in the backward pass.
  /// False: no pair of the strip counts.
  bool load_strip(scratch& s, index_type I, index_type J, const tile& t, bool again, logits<T>& strip) {
    const index_type begin = t.anchor_begin, end = t.anchor_end, first = t.candidate_begin, last = t.candidate_end;
    const tile_weights weights = f_.weights_of(f_.pairs, t);
    if (weights == tile_weights::zeros && !f_.positives_in_tiles) return false;
    const index_type panels = (last - first + kernels_.width - 1) / kernels_.width, columns = panels * kernels_.width,
                     ld = row_length(columns);
    T* x = place(s, I, J, t);
    if (!(again && keeps_)) {
      multiply(t, panels, x, ld);
      for (index_type i = 0; i < end - begin; ++i) std::fill(x + i * ld + (last - first), x + i * ld + columns, excluded<T>);
    }

    strip = {x, end - begin, columns, ld, nullptr, nullptr, log_sum(), fixed_, static_cast<T>(shift_)};
    const index_type diagonal_begin = std::max(begin, first), diagonal_end = std::min(end, last);
    if (weights == tile_weights::general || weights == tile_weights::zeros ||
        (weights == tile_weights::ones_off_diagonal && f_.positives_in_tiles && diagonal_begin < diagonal_end)) {
      f_.fill_denominators(f_.pairs, t, s.denominator.data(), ld);
      strip.denominator = s.denominator.data();
    } else if (weights == tile_weights::ones_off_diagonal) {
      for (index_type i = diagonal_begin; i < diagonal_end; ++i) x[(i - begin) * ld + (i - first)] = excluded<T>;
    }
    if (f_.positives_in_tiles) {
      f_.fill_positives(f_.pairs, t, s.positive.data(), ld);
      strip.positive = s.positive.data();
    }
    return true;
  }
  bool plain(const logits<T>& strip) const { return strip.fixed && strip.denominator == nullptr && strip.positive == nullptr; }
  static sums<T> sums_in(aligned_buffer<T>& b, index_type size) {
    return {b.data(), b.data() + size, b.data() + 2 * size, b.data() + 3 * size, b.data() + 4 * size, b.data() + 5 * size};
  }

  /// Calls task(I, J, with_columns) for every block of anchors and every block of candidates, or of the two orders of a pair
  /// one for both, in an order that makes writes to the rows of either block safe.
  template <class Task>
  void for_each_block_pair(Task task) {
    const auto all = [&](const auto& meetings, index_type first_candidate_turn, const auto& meet) {
      team_.share(meetings.num_meetings(), [&](index_type m) {
        const meeting now = meetings[m];
        const index_type turns[] = {now.anchors, now.candidates < 0 ? -1 : first_candidate_turn + now.candidates};
        for (const index_type block : turns)
          if (block >= 0) turns_.wait(block, now.round);
        if (now.anchors >= 0 && now.candidates >= 0) meet(now.anchors, now.candidates);
        if (turns[0] >= 0) turns_.finish(turns[0], now.round);
        if (turns[1] >= 0 && turns[1] != turns[0]) turns_.finish(turns[1], now.round);
      });
    };
    if (symmetric_)
      all(tournament(candidates_.count()), 0, [&](index_type I, index_type J) { task(I, J, I != J); });
    else if (same_rows_)  // block b of the anchors and block b of the candidates are the same rows
      all(tournament(std::max(anchors_.count(), candidates_.count())), 0, [&](index_type I, index_type J) {
        if (I < anchors_.count() && J < candidates_.count()) task(I, J, false);
        if (I != J && J < anchors_.count() && I < candidates_.count()) task(J, I, false);
      });
    else
      all(rotation(anchors_.count(), candidates_.count()), anchors_.count(),
          [&](index_type I, index_type J) { task(I, J, r_.both_ways); });
  }

  // ---- 2

  void forward(scratch& s) {
    if (has_columns())
      for_each_block_pair([&](index_type I, index_type J, bool with_columns) { sum_block(s, I, J, with_columns); });
    else  // nothing but the anchors' own sums is written: no rounds
      team_.share(anchors_.count(), [&](index_type I) {
        for (index_type J = 0; J < candidates_.count(); ++J) sum_block(s, I, J, false);
      });
  }

  void sum_block(scratch& s, index_type I, index_type J, bool block_with_columns) {
    for_each_strip(I, J, block_with_columns, [&](const tile& t, bool with_columns) {
      const sums<T> rows = sums_in(s.rows, strip_rows_), columns = with_columns ? sums_in(s.columns, largest_block) : sums<T>{};
      const index_type begin = t.anchor_begin, num_anchors = t.anchor_end - begin;
      const index_type first = t.candidate_begin - f_.tiled_begin, num_candidates = t.candidate_end - t.candidate_begin;
      logits<T> strip;
      if (!load_strip(s, I, J, t, false, strip)) return;
      const bool positives = strip.positive != nullptr;
      if (plain(strip)) {
        (with_columns ? kernels_.sum_rows_and_columns : kernels_.sum_rows)(strip, rows, columns);
      } else {
        if (!fixed_) {
          kernels_.maxima(strip, rows, columns);
          rows_.raise(begin, num_anchors, rows, positives && log_sum());
          if (with_columns) column_states().raise(first, num_candidates, columns, positives && log_sum());
        }
        kernels_.sum_general(strip, rows, columns);
      }
      rows_.add(begin, num_anchors, rows, positives);
      if (with_columns) column_states().add(first, num_candidates, columns, positives);
      if (one_pass(J)) accumulate_exponentials(s, t, strip, rows);
    });
  }

  // Where nobody wants the gradient of a candidate, the anchor's H = Σ_j gain e^(x - log Z) c_j needs no second look at it: one
  // shift serves all, so Σ_j e^(x - shift) c_j is summed beside Z and scaled when Z is known. The same holds for
  // Σ gain e^(x - log Z) (x - log Z), the temperature's share.

  /// Is candidate block J looked at in the forward pass only?
  bool one_pass(index_type J) const {
    if (r_.gradients == nullptr || !fixed_ || same_rows_ || has_columns() || f_.positives_in_tiles) return false;
    const index_type first = r_.ranges.candidate_begin + f_.tiled_begin;
    return !prepared_.wants_gradient(first + candidates_.begin(J), first + candidates_.end(J));
  }
  void accumulate_exponentials(scratch& s, const tile& t, const logits<T>& strip, const sums<T>& rows) {
    const index_type num_anchors = t.anchor_end - t.anchor_begin;
    T* const unit = s.unit.data();  // gain 1, log Z = shift
    T* const warmth = s.rows.data() + 6 * strip_rows_;
    const gains<T> of_one{unit,
                          unit + strip_rows_,
                          unit + 2 * strip_rows_,
                          unit + 3 * strip_rows_,
                          unit + 4 * strip_rows_,
                          unit + 5 * strip_rows_};
    std::fill_n(unit, strip_rows_, T(1));
    std::fill_n(unit + strip_rows_, strip_rows_, static_cast<T>(shift_));
    std::fill_n(unit + 2 * strip_rows_, 4 * strip_rows_, T(0));
    (plain(strip) ? kernels_.slope_rows : kernels_.slope_general)(strip, of_one, {}, warmth);
    for (index_type i = 0; i < num_anchors; ++i) {
      exponentials_.data()[t.anchor_begin + i].sum += static_cast<double>(rows.sum[i]);
      exponentials_.data()[t.anchor_begin + i].warmth += static_cast<double>(warmth[i]);
    }
    accumulate(s, t, strip, false);
  }
  /// Once Z is known.
  void scale_exponentials(index_type i) {
    const anchor_gains& g = rows_.gains(i);
    const exponentials& e = exponentials_.data()[i];
    const double scale = g.gain * std::exp(shift_ - g.log_z);
    prepared_.scale_gradient(r_.ranges.anchor_begin + i, scale);
    temperature_.data()[i] += scale * (e.warmth - (g.log_z - shift_) * e.sum);
  }

  /// Global rows of the anchor's listed candidates.
  const index_type* partners(scratch& s, index_type i) {
    for (index_type t = 0; t < f_.listed_per_anchor; ++t)
      s.partners.data()[t] = r_.ranges.candidate_begin + f_.listed(f_.pairs, i, t).candidate;
    return s.partners.data();
  }
  /// The logits of the pairs that anchors [begin, end) list. Those that the tiles hold too are computed as the tiles do.
  void find_listed_logits(scratch& s, index_type begin, index_type end) {
    const bool euclidean = r_.similarity == similarity::negative_squared_euclidean;
    const index_type count = f_.listed_per_anchor, tiled_begin = r_.ranges.candidate_begin + f_.tiled_begin,
                     tiled_end = r_.ranges.candidate_begin + f_.tiled_end;
    index_type anchors[listed_rows], others[listed_rows];
    T x[listed_rows];
    for (index_type t = 0; t < count; ++t) {
      index_type in_tiles = 0;
      for (index_type i = begin; i < end; ++i) {
        const index_type other = r_.ranges.candidate_begin + f_.listed(f_.pairs, i, t).candidate;
        if (tiled_begin <= other && other < tiled_end)
          anchors[in_tiles] = r_.ranges.anchor_begin + i, others[in_tiles++] = other;
      }
      kernels_.same_logits(prepared_.row(0), prepared_.slab_stride(), prepared_.plain_dim(), euclidean, anchors, others,
                           in_tiles, x);
      for (index_type p = 0; p < in_tiles; ++p) listed_.data()[(anchors[p] - r_.ranges.anchor_begin) * count + t] = x[p];
    }
    for (index_type i = begin; i < end; ++i) {
      const index_type anchor = r_.ranges.anchor_begin + i;
      const index_type* partner = partners(s, i);
      for (index_type t = 0; t < count;) {  // runs of pairs outside the tiles
        index_type last = t;
        while (last < count && !(tiled_begin <= partner[last] && partner[last] < tiled_end)) ++last;
        T* out = listed_.data() + i * count + t;
        kernels_.dots(prepared_.row(0), prepared_.slab_stride(), prepared_.plain_dim(), anchor, partner + t, last - t, out);
        for (index_type p = 0; p < last - t; ++p) out[p] += prepared_.rest(anchor, partner[t + p]);
        t = last + 1;
      }
    }
  }

  // ---- 3

  void finish(scratch& s, index_type thread) {
    team_.share((n_ + listed_rows - 1) / listed_rows, [&](index_type task) {
      const index_type begin = task * listed_rows, end = std::min(n_, begin + listed_rows);
      find_listed_logits(s, begin, end);
      for (index_type i = begin; i < end && !r_.both_ways; ++i) add_listed(i), find_loss(i);
    });
    if (r_.both_ways) {  // several anchors may list one candidate, whose sums these are too
      team_.alone(thread, [&] {
        for (index_type i = 0; i < n_; ++i) add_listed(i);
      });
      each(n_, listed_rows, [&](index_type i) { find_loss(i); });
    }
    team_.alone(thread, [&] { reduce(); });
    if (r_.gradients == nullptr) return;
    each(n_, listed_rows, [&](index_type i) {
      rows_.set_gains(i, share_, log_sum(), f_.normalize_positives, fixed_, shift_);
      if (r_.both_ways) columns_.set_gains(i, share_, log_sum(), f_.normalize_positives, fixed_, shift_);
      if (any_one_pass_) scale_exponentials(i);
    });
  }
  void reduce() {
    turns_.clear();
    out_ = {};
    for (index_type i = 0; i < n_; ++i) out_.valid_anchors += rows_.valid(i), out_.loss += losses_.data()[i];
    share_ = r_.both_ways ? 0.5 : 1.0;
    if (r_.reduction == reduction::mean && out_.valid_anchors > 0) {
      share_ /= static_cast<double>(out_.valid_anchors);
      out_.loss /= static_cast<double>(out_.valid_anchors);
    }
    rows_.clear_padding();
    if (r_.both_ways) columns_.clear_padding();
  }
  void find_loss(index_type i) {
    double loss = rows_.loss(i, log_sum(), f_.normalize_positives);
    if (r_.both_ways) loss = (loss + columns_.loss(i, log_sum(), f_.normalize_positives)) / 2;
    losses_.data()[i] = loss;
    if (r_.per_anchor != nullptr) r_.per_anchor[i] = static_cast<T>(loss);
  }
  void add_listed(index_type i) {
    for (index_type t = 0; t < f_.listed_per_anchor; ++t) {
      const listed_pair pair = f_.listed(f_.pairs, i, t);
      const double x = static_cast<double>(listed_.data()[i * f_.listed_per_anchor + t]);
      add_listed(rows_.sums(i), x, pair.denominator, pair.positive);
      if (r_.both_ways) add_listed(columns_.sums(pair.candidate), x, 0, pair.positive);
    }
  }
  void add_listed(anchor_sums& s, double x, double denominator, double positive) {
    s.z.add(x, denominator);
    if (positive == 0) return;
    s.positive_weight += positive;
    s.positive_logit += positive * x;
    if (log_sum()) s.positives.add(x, positive);
  }

  // ---- 4

  void backward(scratch& s) {
    for_each_block_pair([&](index_type I, index_type J, bool with_columns) { slope_block(s, I, J, with_columns); });
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) finish_bf16();
    if (f_.listed_per_anchor == 0) return;
    each(n_, listed_rows, [&](index_type i) { find_listed_slopes(i); });
    // Many anchors may list one candidate: threads part the columns, not the rows.
    team_.share(prepared_.num_slabs(), [&](index_type slab) {
      const index_type first = slab * kernels_.width;
      for (index_type i = 0; i < n_; ++i) {
        const index_type anchor = r_.ranges.anchor_begin + i, *partner = partners(s, i);
        for (index_type t = 0; t < f_.listed_per_anchor; ++t) {
          const T slope = listed_.data()[i * f_.listed_per_anchor + t];
          if (T* h = prepared_.gradient(anchor)) kernels_.add_row(h + first, slope, prepared_.slab(partner[t], slab));
          if (T* h = prepared_.gradient(partner[t])) kernels_.add_row(h + first, slope, prepared_.slab(anchor, slab));
        }
      }
    });
  }

  void slope_block(scratch& s, index_type I, index_type J, bool block_with_columns) {
    if (one_pass(J)) return;
    for_each_strip(I, J, block_with_columns, [&](const tile& t, bool with_columns) {
      logits<T> strip;
      if (!load_strip(s, I, J, t, true, strip)) return;
      // A square on the diagonal holds each pair in both orders, so that with the gains of both its rows alone give all of H.
      const bool square = symmetric_ && t.anchor_begin == t.candidate_begin;
      const gains<T> rows = rows_.vectors_from(t.anchor_begin),
                     columns =
                         with_columns || square ? column_states().vectors_from(t.candidate_begin - f_.tiled_begin) : gains<T>{};
      T* temperature = s.rows.data() + 6 * strip_rows_;
      if (plain(strip))
        (with_columns || square ? kernels_.slope_rows_and_columns : kernels_.slope_rows)(strip, rows, columns, temperature);
      else
        kernels_.slope_general(strip, rows, columns, temperature);
      const double once = square ? 0.5 : 1;
      for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
        temperature_.data()[i] += once * static_cast<double>(temperature[i - t.anchor_begin]);
      accumulate(s, t, strip, !square);
    });
  }
  /// H of the anchors += G · candidates, and H of the candidates += Gᵀ · anchors.
  void accumulate(scratch& s, const tile& t, const logits<T>& strip, bool candidates_too) {
    const index_type num_anchors = t.anchor_end - t.anchor_begin, num_candidates = t.candidate_end - t.candidate_begin;
    const index_type anchor = r_.ranges.anchor_begin + t.anchor_begin,
                     candidate = r_.ranges.candidate_begin + t.candidate_begin;
    if constexpr (std::is_same_v<T, float>)
      if (bf16_ != nullptr) return accumulate_bf16(s, t, strip, candidates_too);
    const index_type stride = prepared_.slab_stride(), slabs = prepared_.num_slabs();
    prepared_.for_each_gradient(anchor, anchor + num_anchors,
                                [&](index_type offset, index_type count, T* out, index_type out_stride) {
                                  kernels_.accumulate({strip.x + offset * strip.ld, strip.ld, count, num_candidates,
                                                       prepared_.row(candidate), stride, slabs, out, out_stride});
                                });
    if (!candidates_too) return;
    prepared_.for_each_gradient(
        candidate, candidate + num_candidates, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          kernels_.accumulate_turned(
              {strip.x + offset, strip.ld, count, num_anchors, prepared_.row(anchor), stride, slabs, out, out_stride});
        });
  }

  void find_listed_slopes(index_type i) {
    for (index_type t = 0; t < f_.listed_per_anchor; ++t) {
      const listed_pair pair = f_.listed(f_.pairs, i, t);
      T& entry = listed_.data()[i * f_.listed_per_anchor + t];
      const double x = static_cast<double>(entry);
      double slope = listed_slope(rows_.gains(i), x, pair.denominator, pair.positive, i);
      if (r_.both_ways) slope += listed_slope(columns_.gains(pair.candidate), x, 0, pair.positive, i);
      entry = static_cast<T>(slope);
    }
  }
  double listed_slope(const anchor_gains& g, double x, double denominator, double positive, index_type i) {
    double slope = 0;
    if (denominator > 0) slope += denominator * g.gain * std::exp(x - g.log_z);
    if (positive > 0) slope -= positive * g.positive_gain * (log_sum() ? std::exp(x - g.log_positive) : 1);
    temperature_.data()[i] += slope * (x - g.log_z);
    return slope;
  }

  // ---- bfloat16: logits are (z_i · z_j) f_i f_j / τ with the factors f of bf16_rows, and the tiles sum
  // f_i H_i = Σ_j (f_i G_ij f_j) z_j, so that one matrix serves rows and columns.

  const bf16_rows& bf16_candidates() const { return same_rows_ ? bf16_anchors_ : bf16_candidates_; }

  void pack_bf16(scratch& s) {
    const auto pack = [&](bf16_rows& rows) {
      team_.share(rows.num_groups(), [&](index_type g) {
        rows.pack(
            g, r_.similarity == similarity::cosine, static_cast<T>(1 / r_.temperature), s.line.data(),
            [&](index_type r, float* line) { prepared_.read_plain(r, line); }, [&](index_type r) { return prepared_.norm(r); });
      });
    };
    pack(bf16_anchors_);
    if (!same_rows_) pack(bf16_candidates_);
  }
  void accumulate_bf16(scratch& s, const tile& t, const logits<T>& strip, bool candidates_too) {
    constexpr index_type part = largest_block * largest_block;
    const bf16_rows &a = bf16_anchors_, &c = bf16_candidates();
    const index_type num_anchors = t.anchor_end - t.anchor_begin, num_candidates = t.candidate_end - t.candidate_begin;
    const index_type anchor = r_.ranges.anchor_begin + t.anchor_begin,
                     candidate = r_.ranges.candidate_begin + t.candidate_begin;
    const index_type first = t.candidate_begin - f_.tiled_begin, panels = a.depth() / bf16_rows::group;
    const auto whole_groups = [](index_type rows) {
      return (rows + bf16_rows::group - 1) / bf16_rows::group * bf16_rows::group;
    };
    bf16_->split({strip.x, strip.ld, num_anchors, strip.num_columns, a.factors(t.anchor_begin), c.factors(first),
                  s.straight.data(), s.turned.data(), largest_block, part});
    prepared_.for_each_gradient(
        anchor, anchor + num_anchors, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          bf16_->product({s.straight.data() + offset * largest_block, largest_block, part, 2, c.pairs(first),
                          c.pairs_panel_size(), count, panels, whole_groups(num_candidates), out, out_stride, bf16_rows::group,
                          true, nullptr, nullptr});
        });
    if (!candidates_too) return;
    prepared_.for_each_gradient(
        candidate, candidate + num_candidates, [&](index_type offset, index_type count, T* out, index_type out_stride) {
          bf16_->product({s.turned.data() + offset * largest_block, largest_block, part, 2, a.pairs(t.anchor_begin),
                          a.pairs_panel_size(), count, panels, whole_groups(num_anchors), out, out_stride, bf16_rows::group,
                          true, nullptr, nullptr});
        });
  }
  /// From f H to H with rows times √(1 / τ), as the other products leave it.
  void finish_bf16() {
    const double root = std::sqrt(1 / r_.temperature);
    const auto divide = [&](const bf16_rows& rows) {
      each(rows.count(), 64, [&](index_type i) {
        const double factor = static_cast<double>(*rows.factors(i));
        prepared_.scale_gradient(rows.begin() + i, factor > 0 ? root / factor : 0);
      });
    };
    divide(bf16_anchors_);
    if (!same_rows_) divide(bf16_candidates_);
  }

  // ---- 5

  void write() {
    each(r_.ranges.total, 64, [&](index_type row) { prepared_.write_gradient(row); });
  }

  /// An anchor's slopes dl/dx sum to 0, so Σ slope · x is also Σ slope · (x - log Z), whose terms do not cancel.
  outcome conclude() {
    outcome out = out_;
    if (r_.gradients != nullptr) {
      for (index_type i = 0; i < n_; ++i) out.temperature_gradient += temperature_.data()[i];
      out.temperature_gradient /= -r_.temperature;
    }
    if (prepared_.finite()) return out;
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    out.loss = out.temperature_gradient = std::numeric_limits<double>::quiet_NaN();
    if (r_.per_anchor != nullptr) std::fill_n(r_.per_anchor, n_, nan);
    for (int a = 0; r_.gradients != nullptr && a < r_.count; ++a)
      if (r_.arguments[a].needs_gradient)
        for (index_type row = 0; row < r_.gradients[a].rows; ++row)
          for (index_type k = 0; k < r_.gradients[a].cols; ++k) r_.gradients[a](row, k) = nan;
    return out;
  }

  kernel_table<T> kernels_;
  thread_team team_;
  block_turns turns_;
  std::vector<scratch> scratch_;
  prepared_rows<T> prepared_;
  const bf16_kernel_table* bf16_ = nullptr;  // of the call in progress, or null: products in T
  bf16_rows bf16_anchors_, bf16_candidates_;
  anchor_states<T> rows_, columns_;  // columns_: the second direction of both_ways
  /// Sums over the pairs of one anchor whose candidates are looked at once.
  struct exponentials {
    double sum = 0, warmth = 0;  // Σ D e^(x - shift), Σ D e^(x - shift) (x - shift)
  };

  aligned_buffer<double> factors_, temperature_, losses_;
  aligned_buffer<exponentials> exponentials_;
  index_type budget_;         // numbers that kept_ may hold
  aligned_buffer<T> kept_;    // logits of all tiles, or nothing
  aligned_buffer<T> listed_;  // (n, listed_per_anchor): logits, then slopes

  // Of the call in progress.
  pair_functions<T> f_{};
  request<T> r_{};
  index_type n_ = 0;
  index_type strip_rows_ = usual_strip_rows;
  bool keeps_ = false;  // the logits, from the forward to the backward pass
  blocks anchors_, candidates_;
  bool same_rows_ = false;  // anchors are candidates too
  bool symmetric_ = false, fixed_ = false, any_one_pass_ = false;
  double shift_ = 0;
  outcome out_;
  double share_ = 1;  // how often an anchor's loss counts
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
