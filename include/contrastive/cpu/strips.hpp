// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Strips of a tile of logits, with the weights of their pairs: what is summed of them in the forward pass, and what they are
// turned into for the gradient.
#pragma once

#include <algorithm>
#include <contrastive/cpu/anchors.hpp>
#include <contrastive/cpu/listed_pairs.hpp>
#include <contrastive/cpu/products.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// One thread's memory.
template <class T>
struct strip_scratch {
  aligned_buffer<T> x, slopes, own, weights[2];  // a strip each
  aligned_buffer<T> rows, columns;               // (7, strip rows), (5, largest_block): what kernels take and give
  aligned_buffer<T> unit;                        // (4, strip rows): gains of 1
  product_scratch<T> products;
};

template <class T>
class strips {
 public:
  strips(const kernel_table<T>& kernels, products<T>& of, listed_pairs<T>& listed)
      : kernels_(kernels), products_(of), listed_(listed) {}

  void reserve(const problem<T>& p, const plan<T>& how, const loss_functions<T>& f, const term_plans<T>& terms) {
    p_ = &p, plan_ = &how, f_ = &f, terms_ = &terms;
    only_counts_positives_ = true;
    for (int k = 0; k < f.num_terms; ++k)
      if (f.terms[k].of == weight::P && !f.terms[k].second_stage)
        only_counts_positives_ = only_counts_positives_ && f.terms[k].g == pair_function::one;
    if (how.keeps) kept_.reserve(how.kept_logits(kernels_.width));
  }
  void reserve(strip_scratch<T>& s) const {
    const index_type strip = plan_->strip_rows * row_length(largest_block);
    s.x.reserve(strip), s.slopes.reserve(strip);
    s.weights[0].reserve(strip);
    if (!f_->says.positives_listed) s.weights[1].reserve(strip);
    if (f_->own != nullptr) s.own.reserve(strip);
    s.rows.reserve(7 * plan_->strip_rows), s.columns.reserve(5 * largest_block), s.unit.reserve(4 * plan_->strip_rows);
    products_.reserve(s.products);
  }

  /// Is candidate block J looked at in the forward pass only? Where nobody wants the gradient of a candidate, the anchor's
  /// H = Σ_j gain e^(x - log S) c_j needs no second look at it: one shift serves all, so Σ_j e^(x - shift) c_j is summed
  /// beside S and scaled when S is known. The same holds for the temperature's share.
  bool one_pass(index_type J) const {
    if (!p_->with_gradients || !terms_->fixed || !plan_->one_exponential) return false;
    return !products_.wants_gradient(plan_->tiled_begin + plan_->candidates.begin(J),
                                     plan_->tiled_begin + plan_->candidates.end(J));
  }

  /// Adds the sums of anchor block I against candidate block J to rows and, where not null, to columns.
  void sum(strip_scratch<T>& s, index_type I, index_type J, bool second_stage, anchor_states<T>& rows,
           anchor_states<T>* columns) {
    for_each(I, J, columns != nullptr, [&](const tile& t, bool with_columns) {
      loaded l;
      if (!load(s, I, J, t, second_stage, second_stage, l)) return;
      const pair_of_sums both = second_stage ? pair_of_sums{} : exponentials_of_both(l);
      if (both.there) sum_both(s, both, t, l, rows, with_columns ? columns : nullptr);
      for (int k = 0; k < f_->num_terms; ++k)
        if (f_->terms[k].second_stage == second_stage && l.counts[which(k)] && !both.has(k))
          sum_term(s, k, t, l, rows, with_columns ? columns : nullptr);
    });
  }

  /// The same where one_pass(J), together with the gradient that the terms of the sum give, all relative to the one shift;
  /// calls visit(first anchor, count, sums, temperatures) with Σ e^(x - shift) and Σ e^(x - shift) (x - shift) of each anchor.
  template <class Visit>
  void accumulate_exponentials(strip_scratch<T>& s, index_type I, index_type J, anchor_states<T>& rows, Visit visit) {
    int k = 0;
    while (terms_->slots[k] < 0) ++k;
    const index_type strip_rows = plan_->strip_rows;
    T *const unit = s.unit.data(), *const temperature = s.rows.data() + 5 * strip_rows, *const sums = temperature + strip_rows;
    std::fill_n(unit, strip_rows, T(1));
    std::fill_n(unit + strip_rows, strip_rows, static_cast<T>(terms_->shifts[k]));
    std::fill_n(unit + 2 * strip_rows, strip_rows, T(0));
    const strip_gains<T> of_one{unit, unit + strip_rows, unit + 2 * strip_rows, unit + strip_rows, unit + 2 * strip_rows};
    for_each(I, J, false, [&](const tile& t, bool) {
      loaded l;
      if (!load(s, I, J, t, false, false, l)) return;
      const index_type num_anchors = t.anchor_end - t.anchor_begin;
      const strip_term<T> term = term_of(s, k, l, true);
      if (is_simple(k, l))
        kernels_.slope_plain(l.logits, term, of_one, {}, l.logits.x, temperature, sums);
      else
        kernels_.slope_term[terms_->kinds[k]](l.logits, term, of_one, {}, l.logits.x, false, temperature, sums);
      rows.add(t.anchor_begin, num_anchors, k, sums, nullptr);
      visit(t.anchor_begin, num_anchors, sums, temperature);
      products_.accumulate(s.products, t, l.logits.x, l.logits.ld, l.logits.num_columns, false);
    });
  }

  /// Adds the gradients of anchor block I against candidate block J, and Σ G (arm - m - reference) and Σ G of each anchor by
  /// add(anchor, both).
  template <class Add>
  void slope(strip_scratch<T>& s, index_type I, index_type J, const anchor_states<T>& rows, const anchor_states<T>* columns,
             Add add) {
    if (one_pass(J)) return;
    for_each(I, J, columns != nullptr && (I != J || !plan_->symmetric), [&](const tile& t, bool with_columns) {
      loaded l;
      if (!load(s, I, J, t, true, false, l)) return;
      // A square on the diagonal holds each pair in both orders, so that with the gains of both its rows alone give all of H.
      const bool square = plan_->symmetric && t.anchor_begin == t.candidate_begin;
      int terms[most_row_sums], count = 0;
      for (int k = 0; k < f_->num_terms; ++k)
        if (terms_->slots[k] >= 0 && l.counts[which(k)]) terms[count++] = k;
      T *const temperature = s.rows.data() + 5 * plan_->strip_rows, *const sums = s.rows.data() + 6 * plan_->strip_rows;
      const pair_of_sums both = exponentials_of_both(l);
      const bool one_go = count == 1 || (count == 2 && both.there && !plan_->sums_slopes);
      T* const g = one_go ? l.logits.x : s.slopes.data();
      const auto gains_of_columns = [&](int k) {
        return with_columns || square ? columns->gains_from(k, t.candidate_begin) : strip_gains<T>{};
      };
      const double once = square ? 0.5 : 1;
      if (one_go && count == 2) {
        const strip_term<T> of_both[] = {term_of(s, both.of[0], l, true), term_of(s, both.of[1], l, true)};
        const strip_gains<T> of_rows[] = {rows.gains_from(both.of[0], t.anchor_begin),
                                          rows.gains_from(both.of[1], t.anchor_begin)};
        const strip_gains<T> of_columns[] = {gains_of_columns(both.of[0]), gains_of_columns(both.of[1])};
        kernels_.slope_both(l.logits, of_both, of_rows, of_columns, g, temperature);
        for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
          add(i, once * static_cast<double>(temperature[i - t.anchor_begin]), 0);
        return products_.accumulate(s.products, t, g, l.logits.ld, l.logits.num_columns, !square);
      }
      for (int c = 0; c < count; ++c) {
        const int k = terms[c];
        const strip_gains<T> of_columns = gains_of_columns(k), of_rows = rows.gains_from(k, t.anchor_begin);
        const strip_term<T> term = term_of(s, k, l, true);
        if (is_simple(k, l) && count == 1)
          (with_columns || square ? kernels_.slope_plain_with_columns : kernels_.slope_plain)(l.logits, term, of_rows,
                                                                                              of_columns, g, temperature, sums);
        else
          kernels_.slope_term[terms_->kinds[k]](l.logits, term, of_rows, of_columns, g, c > 0, temperature, sums);
        for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
          add(i, once * static_cast<double>(temperature[i - t.anchor_begin]),
              once * static_cast<double>(sums[i - t.anchor_begin]));
      }
      if (count > 0) products_.accumulate(s.products, t, g, l.logits.ld, l.logits.num_columns, !square);
    });
  }

 private:
  /// A strip with what counts in it: of denominators and of positives, whether any pair does, and their weights, null where
  /// all are 1. `whole`: no pair of the tile is excluded.
  struct loaded {
    strip<T> logits;
    bool counts[2];
    const T* weights[2];
    bool whole;
  };

  /// The sums of e^x with the weights D and P, where both can be had from one exponential.
  struct pair_of_sums {
    bool there = false;
    int of[2] = {-1, -1};
    bool has(int k) const { return there && (k == of[0] || k == of[1]); }
  };
  pair_of_sums exponentials_of_both(const loaded& l) const {
    pair_of_sums both;
    for (int k = 0; k < f_->num_terms; ++k)
      if (terms_->simple[k] && l.counts[which(k)]) both.of[which(k)] = k;
    both.there = terms_->fixed && both.of[0] >= 0 && both.of[1] >= 0;
    return both;
  }

  int which(int k) const { return f_->terms[k].of == weight::D ? 0 : 1; }
  index_type row_length(index_type columns) const { return plan<T>::row_length(columns, kernels_.width); }
  bool is_simple(int k, const loaded& l) const { return terms_->simple[k] && terms_->fixed && l.weights[which(k)] == nullptr; }

  /// Calls visit(tile, with_columns) for the strips of a block of anchors against one of candidates. Where a block meets itself
  /// and the loss is symmetric, only what lies on and above the diagonal is visited.
  template <class Visit>
  void for_each(index_type I, index_type J, bool with_columns, Visit visit) const {
    const index_type first = plan_->candidates.begin(J), last = plan_->candidates.end(J);
    for (index_type begin = plan_->anchors.begin(I); begin < plan_->anchors.end(I); begin += plan_->strip_rows) {
      const index_type end = std::min(begin + plan_->strip_rows, plan_->anchors.end(I));
      if (plan_->symmetric && I == J) {
        visit(tile{begin, end, begin, end}, false);
        if (end < last) for_each_piece(tile{begin, end, end, last}, [&](const tile& t) { visit(t, true); });
      } else {
        for_each_piece(tile{begin, end, plan_->tiled_begin + first, plan_->tiled_begin + last},
                       [&](const tile& t) { visit(t, with_columns); });
      }
    }
  }
  /// Where rows come by class, the candidates of a strip's classes are one run of them. What lies before it, inside and behind
  /// it is visited apart, in whole panels: so much of the strip is plain.
  template <class Visit>
  void for_each_piece(const tile& t, Visit visit) const {
    tile piece = t;
    if (p_->classes != nullptr && t.candidate_end <= plan_->n) {
      const std::int64_t *const begin = p_->classes + t.candidate_begin, *const end = p_->classes + t.candidate_end;
      const index_type run_begin = std::lower_bound(begin, end, p_->classes[t.anchor_begin]) - begin,
                       run_end = std::upper_bound(begin, end, p_->classes[t.anchor_end - 1]) - begin;
      const index_type width = kernels_.width;
      for (const index_type cut :
           {run_begin / width, (run_begin + width - 1) / width, run_end / width, (run_end + width - 1) / width}) {
        piece.candidate_end = std::min(t.candidate_end, t.candidate_begin + cut * width);
        if (piece.candidate_begin >= piece.candidate_end) continue;
        visit(piece);
        piece.candidate_begin = piece.candidate_end;
      }
      piece.candidate_end = t.candidate_end;
    }
    if (piece.candidate_begin < piece.candidate_end) visit(piece);
  }

  /// Where the logits of a strip lie: in the thread's memory, or where later passes find them.
  T* place(strip_scratch<T>& s, index_type I, index_type J, const tile& t) const {
    if (!plan_->keeps || one_pass(J)) return s.x.data();
    const index_type block_pair =
        plan_->symmetric ? J * (J + 1) / 2 + I : I * plan_->candidates.count() + J;  // symmetric: I ≤ J
    return kept_.data() +
           (block_pair * plan_->anchors.block + t.anchor_begin - plan_->anchors.begin(I)) *
               row_length(plan_->candidates.block) +
           (t.candidate_begin - plan_->tiled_begin - plan_->candidates.begin(J));
  }

  /// The logits and weights of a strip, `again` after the first pass. False: no pair of it counts.
  bool load(strip_scratch<T>& s, index_type I, index_type J, const tile& t, bool again, bool positives_only, loaded& l) {
    const tile_statement said = f_->statement_of(t);
    l = {{},
         {said.denominator != tile_weights::zeros && !positives_only, said.positive != tile_positives::none},
         {nullptr, nullptr},
         listed_.per_anchor() == 0 && !said.leaves_out};
    if (!l.counts[0] && !l.counts[1]) return false;
    const index_type width = kernels_.width, num_rows = t.anchor_end - t.anchor_begin,
                     num_candidates = t.candidate_end - t.candidate_begin;
    const index_type panels = (num_candidates + width - 1) / width, columns = panels * width,
                     ld = row_length(plan_->keeps ? plan_->candidates.block : columns);
    T* const x = place(s, I, J, t);
    l.logits = {x, num_rows, columns, ld};
    const bool counted = only_counts_positives_ && !again && !plan_->keeps && l.whole && !l.counts[0] && are_ones(t, said);
    if (!counted && !(again && plan_->keeps)) {
      products_.logits(s.products, t, panels, x, ld);
      for (index_type i = 0; i < num_rows; ++i) std::fill(x + i * ld + num_candidates, x + i * ld + columns, excluded<T>);
      listed_.take(t, x, ld, !again || p_->is_part(), plan_->symmetric && t.anchor_begin != t.candidate_begin);
      if (said.leaves_out) f_->leave_out(t, x, ld);
    }
    weigh(s, t, said, l);
    return true;
  }

  /// Do all pairs count as positives? Then their number is known without their logits.
  bool are_ones(const tile& t, const tile_statement& said) const {
    const tile numbers = f_->renumbered(t);
    return said.positive == tile_positives::ones ||
           (said.positive == tile_positives::ones_off_diagonal &&
            (numbers.anchor_end <= numbers.candidate_begin || numbers.candidate_end <= numbers.anchor_begin));
  }
  /// Fills in the weights that are not all 1. A diagonal that counts nowhere is excluded from the logits instead.
  void weigh(strip_scratch<T>& s, const tile& t, const tile_statement& said, loaded& l) const {
    const tile numbers = f_->renumbered(t);
    const index_type ld = l.logits.ld, begin = std::max(numbers.anchor_begin, numbers.candidate_begin),
                     end = std::min(numbers.anchor_end, numbers.candidate_end);
    const auto diagonal = [&](auto visit) {
      for (index_type i = begin; i < end; ++i) visit((i - numbers.anchor_begin) * ld + (i - numbers.candidate_begin));
    };
    const auto fill = [&](int which, auto function) {
      (f_->*function)(t, s.weights[which].data(), ld);
      l.weights[which] = s.weights[which].data();
    };
    bool excludes = said.denominator == tile_weights::ones_off_diagonal || said.denominator == tile_weights::zeros;
    if (l.counts[1]) {
      if (said.positive == tile_positives::general) {
        fill(1, &loss_functions<T>::positives);
        diagonal([&](index_type at) { excludes = excludes && l.weights[1][at] == 0; });
      } else if (said.positive == tile_positives::ones) {
        excludes = excludes && begin >= end;
      }
    }
    excludes =
        excludes && (said.denominator == tile_weights::ones_off_diagonal || said.positive == tile_positives::ones_off_diagonal);
    if (excludes) diagonal([&](index_type at) { l.logits.x[at] = excluded<T>, l.whole = false; });
    if (l.counts[1] && said.positive == tile_positives::ones_off_diagonal && !excludes && begin < end)
      fill(1, &loss_functions<T>::positives);
    if (l.counts[0] && (said.denominator == tile_weights::general ||
                        (said.denominator == tile_weights::ones_off_diagonal && !excludes && begin < end)))
      fill(0, &loss_functions<T>::denominators);
  }

  /// Sum k as the kernels take it of this strip.
  strip_term<T> term_of(strip_scratch<T>& s, int k, const loaded& l, bool slope) const {
    strip_term<T> term = terms_->terms[k];
    term.weights = l.weights[which(k)];
    if (f_->terms[k].g == pair_function::own) {
      f_->fill_own(f_->rule, k, slope, f_->terms[k], l.logits, s.own.data());
      term.own = s.own.data();
    }
    return term;
  }

  void sum_term(strip_scratch<T>& s, int k, const tile& t, const loaded& l, anchor_states<T>& rows, anchor_states<T>* columns) {
    const index_type begin = t.anchor_begin, num_anchors = t.anchor_end - begin, strip_rows = plan_->strip_rows;
    const index_type first = t.candidate_begin, num_candidates = t.candidate_end - first;
    T *const row = s.rows.data(), *const column = s.columns.data();
    const strip_term<T> term = term_of(s, k, l, false);
    strip_sums<T> of_rows{row + strip_rows, row + 2 * strip_rows, row + 3 * strip_rows}, of_columns;
    if (columns != nullptr) of_columns = {column + largest_block, column + 2 * largest_block, column + 3 * largest_block};
    const bool second_stage = f_->terms[k].second_stage;
    if (is_exponential(f_->terms[k].g) && !terms_->fixed) {
      kernels_.maxima(l.logits, term.weights, row, columns != nullptr ? column : nullptr);
      rows.raise(begin, num_anchors, k, row, row + strip_rows);
      if (columns != nullptr) columns->raise(first, num_candidates, k, column, column + largest_block);
    } else if (second_stage) {
      of_rows.level = rows.thetas_from(k, begin);
      if (columns != nullptr) of_columns.level = columns->thetas_from(k, first);
    }
    if (f_->terms[k].g == pair_function::one && term.weights == nullptr && l.whole) {  // Σ 1, and there may be no logits
      std::fill_n(of_rows.sum, num_anchors, static_cast<T>(num_candidates));
      if (columns != nullptr) std::fill_n(of_columns.sum, num_candidates, static_cast<T>(num_anchors));
    } else if (is_simple(k, l))
      (columns != nullptr ? kernels_.sum_plain_with_columns : kernels_.sum_plain)(l.logits, term, of_rows, of_columns);
    else
      kernels_.sum_term[terms_->kinds[k]](l.logits, term, of_rows, of_columns);
    rows.add(begin, num_anchors, k, of_rows.sum, second_stage ? of_rows.theta_slope : nullptr);
    if (columns != nullptr)
      columns->add(first, num_candidates, k, of_columns.sum, second_stage ? of_columns.theta_slope : nullptr);
  }

  void sum_both(strip_scratch<T>& s, const pair_of_sums& both, const tile& t, const loaded& l, anchor_states<T>& rows,
                anchor_states<T>* columns) {
    const index_type begin = t.anchor_begin, first = t.candidate_begin;
    const strip_term<T> terms[] = {term_of(s, both.of[0], l, false), term_of(s, both.of[1], l, false)};
    strip_sums<T> of_rows[2], of_columns[2];
    for (int w = 0; w < 2; ++w) {
      of_rows[w].sum = s.rows.data() + (2 + w) * plan_->strip_rows;
      if (columns != nullptr) of_columns[w].sum = s.columns.data() + (2 + w) * largest_block;
    }
    kernels_.sum_both(l.logits, terms, of_rows, of_columns);
    for (int w = 0; w < 2; ++w) {
      rows.add(begin, t.anchor_end - begin, both.of[w], of_rows[w].sum, nullptr);
      if (columns != nullptr) columns->add(first, t.candidate_end - t.candidate_begin, both.of[w], of_columns[w].sum, nullptr);
    }
  }

  const kernel_table<T>& kernels_;
  products<T>& products_;
  listed_pairs<T>& listed_;
  const problem<T>* p_ = nullptr;
  const plan<T>* plan_ = nullptr;
  const loss_functions<T>* f_ = nullptr;
  const term_plans<T>* terms_ = nullptr;
  bool only_counts_positives_ = false;  // the first stage, and sums nothing of them
  aligned_buffer<T> kept_;              // logits of all tiles, or nothing
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
