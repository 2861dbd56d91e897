// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CPU engine: tiles of logits, first for the sums of each anchor, then, computed again or kept where they are few, for the
// gradient.
#pragma once

#include <algorithm>
#include <contrastive/cpu/anchors.hpp>
#include <contrastive/cpu/kernels/dispatch.hpp>
#include <contrastive/cpu/listed_pairs.hpp>
#include <contrastive/cpu/products.hpp>
#include <contrastive/cpu/row_order.hpp>
#include <contrastive/cpu/schedule.hpp>
#include <contrastive/cpu/strips.hpp>
#include <contrastive/cpu/thread_team.hpp>
#include <limits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// One engine a scalar type; losses reach it as loss_functions. Keeps its memory and its threads.
///
///   1. prepare   the rows in slabs, in an order that suits the loss  O(N d)
///   2. forward   blocks of anchors meet blocks of candidates: logits in strips, from them the sums of each anchor. Where the
///                loss is symmetric each unordered pair is looked at once, and rows and columns are both summed.
///   3. finish    the pairs that the loss lists, a second stage of sums where the rule has one, the rule, gains   O(N)
///   4. backward  the same strips again, computed anew or kept where all fit the budget, turned into dL/dx, times the rows
///   5. write     the chain rule through the similarity                      O(N d)
/// Tiles of candidates whose gradient nobody wants are finished in 2.
template <class T>
class engine {
 public:
  engine(int threads, std::size_t memory_budget)
      : kernels_(kernels_for<T>(best_instruction_set())),
        team_(threads),
        products_(kernels_),
        strips_(kernels_, products_, listed_),
        budget_(static_cast<index_type>(memory_budget / sizeof(T))) {}
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Memory is taken before anything is written: std::bad_alloc leaves the problem's outputs as they were.
  outcome run(const loss_functions<T>& f, const problem<T>& p) {
    reserve(f, p);
    if (f_.prepare_anchor != nullptr) {
      factors_.reserve(plan_.n);
      const auto body = [&](index_type) {
        team_.each(plan_.n, 16, [&](index_type i) { factors_.data()[i] = f_.prepare_anchor(f_.pairs, i); });
      };
      team_.run(body);
      f_.set_anchor_factors(f_.pairs, factors_.data());
    }
    const auto body = [&](index_type thread) {
      strip_scratch<T>& s = scratch_[static_cast<std::size_t>(thread)];
      prepare(s);
      if (p_.is_part()) return run_part(s);
      forward(s, false);
      finish(s);
      if (p_.with_gradients) backward(s);
    };
    team_.run(body);
    return conclude();
  }

 private:
  static constexpr index_type worth_threads =
      4'000'000;  // multiply-adds; one thread needs some 40 µs for them, waking others 10
  static constexpr index_type together = listed_pairs<T>::group;  // anchors that are one task

  /// What is summed over the pairs of one anchor whose candidates are looked at once.
  struct exponentials {
    double sum = 0, temperature = 0;  // Σ D e^(x - shift), Σ D e^(x - shift) (x - shift)
  };
  /// What the pairs of an anchor give the temperature and the bias.
  struct scalar_gradients {
    double temperature = 0, bias = 0;  // Σ G (arm - m - reference), Σ G
  };

  double weight_of(index_type anchor) const { return p_.anchor_weights.or_one(p_.callers(anchor)); }
  bool has_columns() const { return plan_.symmetric || p_.both_ways(); }
  index_type num_columns() const { return p_.ranges.num_candidates(); }
  anchor_states<T>* column_states() { return plan_.symmetric ? &rows_ : p_.both_ways() ? &columns_ : nullptr; }

  void reserve(const loss_functions<T>& f, const problem<T>& p) {
    f_ = f, p_ = p;
    order_.make(p_, f);
    plan_.make(p, f, kernels_.width, products<T>::takes_bf16(p), budget_);
    terms_.make(f);
    const index_type n = plan_.n;
    products_.reserve(p_, plan_);
    rows_.reserve(n, kernels_.width, f_, terms_);
    if (p.both_ways()) columns_.reserve(num_columns(), kernels_.width, f_, terms_);
    strips_.reserve(p_, plan_, f_, terms_);
    listed_.find(p_, f_);
    scalars_.reserve(n), exponentials_.reserve(n);
    turns_.reserve(plan_.anchors.count() + plan_.candidates.count());
    const index_type pairs = n * (plan_.symmetric ? plan_.tiled() / 2 : plan_.tiled()) + n * f.listed_per_anchor;
    const int threads = team_.prepare(pairs * p.arguments[0].cols >= worth_threads, most_meetings());
    if (static_cast<int>(scratch_.size()) < threads) scratch_.resize(static_cast<std::size_t>(threads));
    for (auto& s : scratch_) strips_.reserve(s);
  }

  // ---- 1

  void prepare(strip_scratch<T>& s) {
    // Where gradients are to be written over the embeddings these have been read by now.
    const index_type clears = p_.with_gradients ? (p_.ranges.total + together - 1) / together : 0;
    products_.prepare(team_, s.products, 1 + clears, [&](index_type t) {
      if (t == 0) return choose_shifts();
      products_.clear_gradients((t - 1) * together, t * together);
    });
    const index_type columns = p_.both_ways() ? num_columns() : 0;
    team_.share((std::max(plan_.n, columns) + together - 1) / together, [&](index_type g) {
      const index_type begin = g * together, end = begin + together;
      for (index_type i = begin; i < std::min(end, plan_.n); ++i) {
        rows_.clear(i);
        scalars_.data()[i] = {};
        exponentials_.data()[i] = {};
      }
      for (index_type j = begin; j < std::min(end, columns); ++j) columns_.clear(j);
      if (begin < plan_.n) listed_.clear(g);
    });
  }
  void choose_shifts() {
    double low = 0, high = 0;
    products_.bounds(low, high);
    // A sum may be much larger than the terms of this part: one shift serves where all rows have one length.
    if (p_.is_part() && p_.similarity != similarity::cosine) low = -1e30, high = 1e30;
    const tile all{0, plan_.n, plan_.tiled_begin, plan_.tiled_end};
    const tile_statement said = f_.statement_of(all);
    terms_.choose_shifts(f_, said, low, high);
    any_one_pass_ = false;
    for (index_type J = 0; J < plan_.candidates.count(); ++J) any_one_pass_ = any_one_pass_ || strips_.one_pass(J);
    turns_.clear();
  }

  // ---- of a problem that is a part of a larger one, instead of 2 to 4

  void run_part(strip_scratch<T>& s) {
    const bool second = p_.part == call_part::second_sums;
    if (p_.part != call_part::sums)
      each_state([&](anchor_states<T>& of, const part_sums& sums, index_type i) {
        of.take(i, sums, !second);
        if (f_.theta != nullptr) of.find_theta(i);
      });
    if (p_.part == call_part::gradients) {
      each_group_of_states([&](anchor_states<T>& of, const part_sums& sums, index_type begin, index_type end) {
        of.finish(begin, end, p_.batch_log_sum);
        for (index_type i = begin; i < end; ++i) of.set_gains(i, sums.shares[i]);
      });
      team_.alone([&] {
        rows_.clear_padding();
        if (p_.both_ways()) columns_.clear_padding();
      });
      return backward(s);
    }
    if (!second || !f_.says.positives_listed) forward(s, second);
    add_listed(true, second, [](index_type) {});
    each_state([&](anchor_states<T>& of, const part_sums& sums, index_type i) { of.give(i, sums, second); });
  }
  /// visit(states, their sums, begin, end) for all anchors of both directions, a group at a time.
  template <class Visit>
  void each_group_of_states(Visit visit) {
    const auto each = [&](anchor_states<T>& of, const part_sums& sums, index_type count) {
      team_.share((count + together - 1) / together,
                  [&](index_type g) { visit(of, sums, g * together, std::min(count, (g + 1) * together)); });
    };
    each(rows_, p_.rows, plan_.n);
    if (p_.both_ways()) each(columns_, p_.columns, num_columns());
  }
  template <class Visit>
  void each_state(Visit visit) {
    each_group_of_states([&](anchor_states<T>& of, const part_sums& sums, index_type begin, index_type end) {
      for (index_type i = begin; i < end; ++i) visit(of, sums, i);
    });
  }

  // ---- 2

  /// Calls task(I, J) for every block of anchors and every block of candidates, or of the two orders of a pair one for both, in
  /// an order that makes writes to the rows of either block safe.
  template <class Task>
  void for_each_block_pair(Task task) {
    const index_type anchors = plan_.anchors.count(), candidates = plan_.candidates.count();
    with_meetings([&](const auto& meetings, index_type first_candidate_turn) {
      const auto turns_of = [&](index_type t) {
        meeting turns = meetings.turns_of(t);
        if (turns.candidates >= 0) turns.candidates += first_candidate_turn;
        return turns;
      };
      const auto meet = [&](index_type I, index_type J) {
        if (!p_.same_rows() || plan_.symmetric) return task(I, J);
        if (I < anchors && J < candidates) task(I, J);
        if (I != J && J < anchors && I < candidates) task(J, I);
      };
      team_.share_when_ready(
          meetings.num_tasks(), [&](index_type t) { return turns_.ready(turns_of(t)); },
          [&](index_type t) {
            meetings.each(t, meet);
            turns_.finish(turns_of(t));
          });
    });
  }
  /// Where anchors are candidates too, block b of the anchors and block b of the candidates are the same rows.
  template <class Visit>
  auto with_meetings(Visit visit) const {
    const index_type anchors = plan_.anchors.count(), candidates = plan_.candidates.count(),
                     blocks = std::max(anchors, candidates);
    const auto twos = [](index_type b) { return (b + 1) / 2; };
    const int threads = team_.num_threads();
    if (p_.same_rows()) return visit(in_twos(blocks, blocks, tournament(twos(blocks)), threads), 0);
    return visit(in_twos(anchors, candidates, rotation(twos(anchors), twos(candidates)), threads), anchors);
  }
  index_type most_meetings() const {
    return with_meetings([](const auto& meetings, index_type) { return meetings.most_tasks(); });
  }

  void forward(strip_scratch<T>& s, bool second_stage) {
    const auto sum = [&](index_type I, index_type J) {
      if (!second_stage && strips_.one_pass(J))
        return strips_.accumulate_exponentials(
            s, I, J, rows_, [&](index_type begin, index_type count, const T* sums, const T* temperatures) {
              for (index_type i = 0; i < count; ++i) {
                exponentials& e = exponentials_.data()[begin + i];
                e.sum += static_cast<double>(sums[i]), e.temperature += static_cast<double>(temperatures[i]);
              }
            });
      strips_.sum(s, I, J, second_stage, rows_, column_states());
    };
    if (has_columns()) return for_each_block_pair(sum);
    // Nothing but the anchors' own sums is written: no rounds. Some blocks of anchors share each block of candidates while it
    // is in the thread's cache.
    const index_type count = plan_.anchors.count(),
                     together_in_cache = std::max<index_type>(1, 2 * largest_block / plan_.anchors.block),
                     some = std::clamp<index_type>(count / team_.num_threads(), 1, together_in_cache);
    team_.share((count + some - 1) / some, [&](index_type part) {
      for (index_type J = 0; J < plan_.candidates.count(); ++J)
        for (index_type I = part * some; I < std::min(count, (part + 1) * some); ++I) sum(I, J);
    });
  }

  // ---- 3

  void finish(strip_scratch<T>& s) {
    const auto apply_rule = [&](index_type g) {
      const index_type begin = g * together, end = std::min(plan_.n, begin + together);
      rows_.finish(begin, end, batch_log_sum_);
      if (p_.both_ways()) columns_.finish(begin, end, batch_log_sum_);
    };
    const bool row_by_row = f_.theta == nullptr && f_.batch_term == nullptr && !p_.both_ways();
    add_listed(true, false, [&](index_type g) {
      if (row_by_row) apply_rule(g);
    });
    if (!row_by_row) {
      if (f_.theta != nullptr) {
        team_.each(plan_.n, together, [&](index_type i) {
          rows_.find_theta(i);
          if (p_.both_ways()) columns_.find_theta(i);
        });
        team_.alone([&] { turns_.clear(); });
        if (!f_.says.positives_listed) forward(s, true);
        add_listed(false, true, [](index_type) {});
      }
      if (f_.batch_term != nullptr) team_.alone([&] { find_batch(); });
      team_.share(listed_.num_groups(), apply_rule);
    }
    team_.alone([&] { reduce(); });
    if (!p_.with_gradients) return;
    team_.each(plan_.n, together, [&](index_type i) {
      rows_.set_gains(i, share_ * weight_of(i));
      if (p_.both_ways()) columns_.set_gains(i, share_ * weight_of(i));
      if (any_one_pass_) scale_exponentials(i);
    });
  }

  /// The logits of listed pairs that no strip held.
  void complete_listed(index_type g) {
    for (index_type i = g * together; i < std::min(plan_.n, (g + 1) * together); ++i)
      for (index_type t = 0; t < listed_.per_anchor(); ++t) {
        T& arm = listed_.number(i, t);
        if (arm != arm && listed_.candidate(i, t) != no_candidate) arm = products_.arm(i, listed_.candidate(i, t));
      }
  }
  template <class Visit>
  void for_each_listed(index_type i, Visit visit) {
    for (index_type t = 0; t < listed_.per_anchor(); ++t) {
      const index_type j = listed_.candidate(i, t);
      if (j == no_candidate) continue;
      double denominator = 0, positive = 0;
      f_.weights_of(i, j, denominator, positive);
      visit(j, denominator, positive, listed_.number(i, t));
    }
  }
  /// Adds the listed pairs to the sums of one stage, `complete`: after complete_listed, and calls then(group) once those of a
  /// group's anchors are added. On all threads.
  template <class Then>
  void add_listed(bool complete, bool second_stage, Then then) {
    team_.share(listed_.num_groups(), [&](index_type g) {
      if (complete) complete_listed(g);
      for (index_type i = g * together; i < std::min(plan_.n, (g + 1) * together); ++i)
        for_each_listed(i, [&](index_type, double denominator, double positive, T arm) {
          rows_.add_pair(i, second_stage, static_cast<double>(arm), denominator, positive);
        });
      then(g);
    });
    if (!p_.both_ways() || listed_.per_anchor() == 0) return;
    // Several anchors may list one candidate, whose sums these are too: threads part the candidates.
    const index_type parts = team_.num_threads(), columns = num_columns();
    team_.share(parts, [&](index_type part) {
      const index_type first = part * columns / parts, last = (part + 1) * columns / parts;
      for (index_type i = 0; i < plan_.n; ++i)
        for_each_listed(i, [&](index_type j, double denominator, double positive, T arm) {
          if (first <= j && j < last) columns_.add_pair(j, second_stage, static_cast<double>(arm), denominator, positive);
        });
    });
  }
  /// In a fixed order, as all sums.
  void find_batch() {
    log_sum_exp all;
    for (index_type i = 0; i < std::min(plan_.n, f_.batch_anchors); ++i) all.add(rows_.batch_term(i));
    batch_log_sum_ = all.log();
  }
  void reduce() {
    turns_.clear();
    out_ = {};
    double mass = 0;
    for (index_type i = 0; i < plan_.n; ++i) {
      const anchor_end& row = rows_.end(i);
      double loss = row.loss, mass_here = row.mass;
      if (p_.both_ways()) loss = (loss + columns_.end(i).loss) / 2, mass_here = (mass_here + columns_.end(i).mass) / 2;
      out_.valid_anchors += mass_here > 0;
      loss *= weight_of(i), mass_here *= weight_of(i);
      out_.loss += loss, mass += mass_here;
      if (p_.per_anchor != nullptr) p_.per_anchor[p_.callers(i)] = static_cast<T>(loss);
    }
    share_ = share_of(p_.reduction, mass);
    out_.loss *= share_;
    if (p_.both_ways()) share_ /= 2;
    rows_.clear_padding();
    if (p_.both_ways()) columns_.clear_padding();
  }
  /// Of tiles that were looked at once, now that S is known.
  void scale_exponentials(index_type i) {
    int k = 0;
    while (terms_.slots[k] < 0) ++k;
    const auto& of = rows_.gain(i, k);
    const exponentials& e = exponentials_.data()[i];
    const double shift = terms_.shifts[k], scale = of.gain == 0 ? 0 : of.gain * std::exp(shift - of.level);
    products_.scale_gradient(i, scale);
    scalars_.data()[i].temperature += scale * (e.temperature - (rows_.end(i).reference - shift) * e.sum);
  }

  // ---- 4

  void backward(strip_scratch<T>& s) {
    for_each_block_pair([&](index_type I, index_type J) {
      strips_.slope(s, I, J, rows_, column_states(), [&](index_type i, double temperature, double bias) {
        scalars_.data()[i].temperature += temperature, scalars_.data()[i].bias += bias;
      });
    });
    products_.finish_tiles(team_);
    if (listed_.per_anchor() == 0) return write_gradients();
    if (p_.is_part()) team_.share(listed_.num_groups(), [&](index_type g) { complete_listed(g); });
    team_.each(plan_.n, together, [&](index_type i) {
      scalar_gradients& scalars = scalars_.data()[i];
      for_each_listed(i, [&](index_type j, double denominator, double positive, T& number) {
        const double arm = static_cast<double>(number);
        double slope = rows_.slope(i, arm, denominator, positive, scalars.temperature);
        if (p_.both_ways()) slope += columns_.slope(j, arm, denominator, positive, scalars.temperature);
        scalars.bias += slope;
        number = static_cast<T>(slope);
      });
    });
    write_gradients();
  }

  // ---- 5

  /// Many anchors may list one candidate: threads part the rows that gradients are added to, not the pairs. Each looks at the
  /// anchors whose pairs may reach its rows, in their order.
  void write_gradients() {
    constexpr index_type parts = 64;  // where lists are in no order each looks at all
    const index_type total = p_.ranges.total, rows = std::max<index_type>(64, (total + parts - 1) / parts);
    team_.share((total + rows - 1) / rows, [&](index_type part) {
      const index_type begin = part * rows, end = std::min(total, begin + rows);
      listed_.each_that_reaches(begin - p_.ranges.anchor_begin, end - p_.ranges.anchor_begin, begin - p_.ranges.candidate_begin,
                                end - p_.ranges.candidate_begin, [&](index_type i, index_type j, T slope) {
                                  products_.accumulate_pair(i, j, slope, begin, end);
                                });
      for (index_type row = begin; row < end; ++row) products_.write_gradient(row);
    });
    products_.move_rows(team_);
  }

  /// dL/dτ = -(1/τ) Σ G (arm - m), summed relative to the reference r of each anchor, near which the terms are small; what is
  /// left out is r Σ_j G, which the rule knows.
  outcome conclude() {
    if (p_.is_part()) return conclude_part();
    outcome out = out_;
    if (p_.with_gradients) {
      double scaled = 0, direct = 0;
      const auto add = [&](const anchor_end& end, double share) {
        scaled += share * end.reference * end.residual, direct += share * end.temperature;
      };
      for (index_type i = 0; i < plan_.n; ++i) {
        scaled += scalars_.data()[i].temperature, out.bias_gradient += scalars_.data()[i].bias;
        add(rows_.end(i), share_ * weight_of(i));
        if (p_.both_ways()) add(columns_.end(i), share_ * weight_of(i));
      }
      out.temperature_gradient = direct - scaled / p_.temperature;
      if (!plan_.sums_slopes) out.bias_gradient = 0;
    }
    if (products_.finite()) return out;
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    out.loss = out.temperature_gradient = std::numeric_limits<double>::quiet_NaN();
    if (plan_.sums_slopes) out.bias_gradient = out.loss;
    if (p_.per_anchor != nullptr) std::fill_n(p_.per_anchor, plan_.n, nan);
    for (int a = 0; p_.with_gradients && a < p_.count; ++a)
      if (p_.arguments[a].needs_gradient)
        for (index_type row = 0; row < p_.gradients[a].rows; ++row)
          for (index_type k = 0; k < p_.gradients[a].cols; ++k) p_.gradients[a](row, k) = nan;
    return out;
  }

  /// temperature_gradient is Σ G (arm - m - r) alone: what reference and rule add, the caller knows.
  outcome conclude_part() const {
    outcome out;
    for (index_type i = 0; p_.part == call_part::gradients && i < plan_.n; ++i)
      out.temperature_gradient += scalars_.data()[i].temperature, out.bias_gradient += scalars_.data()[i].bias;
    out.finite = products_.finite();
    return out;
  }

  kernel_table<T> kernels_;
  thread_team team_;
  block_turns turns_;
  std::vector<strip_scratch<T>> scratch_;
  row_order order_;
  listed_pairs<T> listed_;
  products<T> products_;
  strips<T> strips_;
  anchor_states<T> rows_, columns_;  // columns_: the second direction of both_ways
  aligned_buffer<double> factors_;
  aligned_buffer<scalar_gradients> scalars_;
  aligned_buffer<exponentials> exponentials_;
  index_type budget_;  // numbers that may be kept

  // Of the call in progress.
  loss_functions<T> f_{};
  problem<T> p_{};
  plan<T> plan_;
  term_plans<T> terms_;
  bool any_one_pass_ = false;
  double batch_log_sum_ = 0;
  outcome out_;
  double share_ = 1;  // how often an anchor's loss counts, but for its weight
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
