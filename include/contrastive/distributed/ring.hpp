// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The ring: blocks of candidates go from rank to rank, and each rank computes its anchors against the block that is there. With
// them go the sums and the gradients that other ranks' anchors add to them.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/anchors.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <contrastive/distributed/ring_plan.hpp>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// What is known of anchors whose pairs are looked at part by part.
struct anchor_sums {
  std::vector<log_sum_exp> parts;    // (anchors, sums of the rule)
  std::vector<double> theta_slopes;  // likewise, of rules with a second stage
  std::vector<double> shares;        // how often each one's loss counts
};

/// The part of a call that comes after the loss has been bound, for one loss at a time.
///
/// Ranks stand in a ring. In step s of a lap a rank has a block of candidates of rank - s: while it computes, the block's rows
/// are on their way to rank + 1, and what the step before has added to its block with them. A symmetric loss looks at each pair
/// of blocks once, in the first half of the steps. In the end sums and gradients have gone all the way around, home. Ranks with
/// many rows send them in several laps, so that what travels takes little memory.
///
/// Passes: sums; sums of a second stage, where the rule has one; gradients. Between them each rank knows all sums of its own
/// anchors, and the rule makes of them what it makes of them anywhere.
template <class T>
class ring {
 public:
  using matrix = typename result<T>::matrix;

  ring(joint_call& call, cpu::evaluation<T>& engine, const spread_rows& rows, const cpu::problem<T>& p,
       const cpu::loss_functions<T>& f, bool knows_all_pairs)
      : call_(call),
        engine_(engine),
        where_(rows),
        p_(p),
        f_(f),
        plan_(rows, call.size(), p.arrangement, f.says.symmetric, f.tiled_begin, f.tiled_end, sizeof(T)),
        terms_(f.num_terms),
        knows_all_pairs_(knows_all_pairs) {}

  /// Loss and gradients of the whole problem: those of this rank's rows, times `scale`, and of what all ranks share.
  result<T> run(double scale) {
    call_.attempt([&] { reserve(); });
    compare();
    call_.attempt([&] { prepare_anchors(); });
    pass(cpu::call_part::sums);
    exchange_batch();
    if (f_.theta != nullptr) pass(cpu::call_part::second_sums);
    finish();
    if (p_.with_gradients && finite_) pass(cpu::call_part::gradients);
    conclude(scale);
    return std::move(out_);
  }

 private:
  /// What travels of one rank's candidates, or what is added to it.
  struct block {
    std::vector<T> rows;
    anchor_sums sums;  // of candidates that are anchors of pairs in the other order
    std::vector<T> gradient;
  };

  // ---- before all passes

  /// A loss in numbers: what its rule makes of a few sums, what its functions make of a few pairs. Parameters that differ from
  /// rank to rank show in one of them, all but surely.
  struct fingerprint {
    double numbers[120] = {};
    std::int64_t count = 0;

    void add(double number) {
      if (count < static_cast<std::int64_t>(std::size(numbers))) numbers[count++] = number;
    }
  };
  void add_rule(fingerprint& to) const {
    for (const double number :
         {static_cast<double>(f_.num_terms), static_cast<double>(f_.tiled_begin), static_cast<double>(f_.tiled_end),
          static_cast<double>(f_.listed_per_anchor), static_cast<double>(f_.theta != nullptr),
          static_cast<double>(f_.batch_term != nullptr), static_cast<double>(f_.prepare_anchor != nullptr)})
      to.add(number);
    for (int k = 0; k < f_.num_terms; ++k) {
      const pair_term& t = f_.terms[k];
      for (const double number : {static_cast<double>(t.g), static_cast<double>(t.of), t.scale, t.offset, t.margin})
        to.add(number);
      for (const double x : {-0.7, 2.1})
        if (t.g == pair_function::own) to.add(f_.own(f_.rule, k, false, x)), to.add(f_.own(f_.rule, k, true, x));
    }
    for (const double step : {0.1, -1.5, 4.0}) {
      log_sum_exp parts[most_row_sums];
      double theta_slopes[most_row_sums] = {};
      for (int k = 0; k < f_.num_terms; ++k) parts[k] = {step * k, 1.5 - 0.3 * k};
      cpu::row_outcome made;
      f_.finish(f_.rule, {1, parts, theta_slopes, 0.5}, &made);
      for (const double number : {made.loss, made.mass, made.reference, made.residual, made.temperature}) to.add(number);
      for (int k = 0; k < f_.num_terms; ++k) to.add(made.slopes[k]);
    }
  }
  void add_pairs(fingerprint& to) const {
    const index_type n = where_.ranges.num_anchors(), m = where_.ranges.num_candidates();
    if (!knows_all_pairs_) return;
    if (f_.prepare_anchor != nullptr) return to.add(f_.prepare_anchor(f_.pairs, 0));  // D wants the factors
    for (const index_type i : {index_type{0}, n / 2, n - 1})
      for (const index_type j : {index_type{0}, m / 2, m - 1}) {
        double denominator = 0, positive = 0;
        f_.weights(f_.pairs, i, j, denominator, positive);
        to.add(denominator), to.add(positive);
      }
  }
  void compare() {
    fingerprint own;
    call_.attempt([&] {
      add_rule(own);
      add_pairs(own);
    });
    const answers<fingerprint> all = call_.exchange(own);
    call_.attempt([&] {
      const fingerprint first = all[0];
      for (std::size_t r = 1; r < all.size(); ++r)
        if (const fingerprint other = all[r]; std::memcmp(&first, &other, sizeof first) != 0)
          detail::refuse(p_.who, "parameters of the loss", "the same on every rank",
                         "others on rank " + std::to_string(r) + " than on rank 0");
    });
    call_.meet();
  }

  /// The factors of this rank's anchors; nobody asks for those of others here.
  void prepare_anchors() {
    if (f_.prepare_anchor == nullptr) return;
    factors_.assign(static_cast<std::size_t>(where_.ranges.num_anchors()), 1);
    each_anchor([&](index_type, index_type number) {
      factors_[static_cast<std::size_t>(number)] = f_.prepare_anchor(f_.pairs, number);
    });
    f_.set_anchor_factors(f_.pairs, factors_.data());
    f_.prepare_anchor = nullptr;
  }

  // ---- memory

  /// Before anything is computed: std::bad_alloc then ends the call of all ranks.
  void reserve() {
    clear(own_, plan_.num_anchors(), f_.theta != nullptr);
    if (plan_.both_ways()) clear(own_columns_, plan_.num_anchors(), f_.theta != nullptr);
    const std::size_t most = plan_.most_block_rows();
    if (call_.size() > 1)
      for (block& b : travellers_) {
        b.rows.reserve(most * dim());
        if (plan_.has_columns()) reserve(b.sums, most);
      }
    for (block* b : {&added_[0], &added_[1], &here_})
      if (call_.size() > 1) {
        if (plan_.has_columns()) reserve(b->sums, most);
        if (p_.with_gradients && plan_.any_gradient_travels()) b->gradient.reserve(most * dim());
      }
    out_.gradients.resize(p_.with_gradients ? static_cast<std::size_t>(where_.count()) : 0);
    for (int a = 0; p_.with_gradients && a < where_.count(); ++a)
      if (where_[a].needs_gradient)
        out_.gradients[static_cast<std::size_t>(a)] = matrix::Zero(where_[a].rows_on(where_.rank), where_.cols);
    for (std::vector<T>& g : resident_sums_)
      for (const int a : plan_.resident_arguments())
        if (p_.with_gradients && where_[a].needs_gradient) g.reserve(static_cast<std::size_t>(where_[a].total()) * dim());
    own_.shares.reserve(static_cast<std::size_t>(plan_.num_anchors()));
    if (plan_.both_ways()) own_columns_.shares.reserve(static_cast<std::size_t>(plan_.num_anchors()));
    for (std::vector<T>& g : part_gradients_)
      if (p_.with_gradients) g.reserve(plan_.most_piece_rows() * dim());
    if (p_.reduction == reduction::none) out_.per_anchor.resize(static_cast<std::size_t>(plan_.num_anchors()));
  }
  std::size_t dim() const { return static_cast<std::size_t>(where_.cols); }
  void reserve(anchor_sums& s, std::size_t rows) const {
    s.parts.reserve(rows * terms());
    if (f_.theta != nullptr) s.theta_slopes.reserve(rows * terms());
    s.shares.reserve(rows);
  }
  void clear(anchor_sums& s, index_type rows, bool second_stage) const {
    s.parts.assign(static_cast<std::size_t>(rows) * terms(), {});
    s.theta_slopes.assign(second_stage ? s.parts.size() : 0, 0);
  }
  std::size_t terms() const { return static_cast<std::size_t>(terms_); }

  // ---- passes

  void pass(cpu::call_part part) {
    if (call_.size() == 1) return call_.attempt([&] { meet_own(part); });
    for (lap_ = 0; lap_ < plan_.num_laps(); ++lap_) travel(part);
  }
  /// One lap of the ring.
  void travel(cpu::call_part part) {
    const bool needs_added = part == cpu::call_part::gradients ? plan_.any_gradient_travels() : plan_.has_columns();
    call_.attempt([&] { load_own(travellers_[0], part); });
    for (int step = 0; step < plan_.steps(); ++step) {
      block &now = travellers_[step % 2], &next = travellers_[(step + 1) % 2];
      if (step + 1 < plan_.steps()) shift(now, call_.source(step), next, call_.source(step + 1), part, true);
      if (step >= 2 && needs_added)
        shift(added_[(step + 1) % 2], call_.source(step - 1), added_[step % 2], call_.source(step), part, false);
      call_.attempt([&] {
        if (step == 0) return lap_ == 0 ? meet_own(part) : void();
        block& to = step == 1 ? added_[1] : here_;
        if (needs_added) begin_sums(to, now, call_.source(step), part);
        meet(now, step, to, part);
      });
      call_.wait();
      if (step >= 2 && needs_added) call_.attempt([&] { add(here_, added_[step % 2], part); });
    }
    if (!needs_added) return;
    int last = (plan_.steps() - 1) % 2;
    for (int step = plan_.steps() - 1; step < call_.size(); ++step, last = 1 - last) {  // home
      shift(added_[last], call_.source(step), added_[1 - last], call_.source(step + 1), part, false);
      call_.wait();
    }
    call_.attempt([&] { add_home(added_[last], part); });
  }

  void shift(block& from, int from_rank, block& to, int to_rank, cpu::call_part part, bool outward) {
    const std::size_t gone = plan_.block_rows(from_rank, lap_), come = plan_.block_rows(to_rank, lap_);
    const auto move = [&](auto& of, auto& into, std::size_t width) {
      using number = typename std::remove_cvref_t<decltype(of)>::value_type;
      // Room is there. Where this rank has failed nothing was computed: the others get as many numbers.
      of.resize(gone * width), into.resize(come * width);
      call_.start_shift(of.data(), gone * width * sizeof(number), into.data(), come * width * sizeof(number));
    };
    const bool gradients = part == cpu::call_part::gradients;
    if (outward)
      move(from.rows, to.rows, dim());
    else if (gradients)
      return move(from.gradient, to.gradient, dim());
    if (!plan_.has_columns() || (outward && part == cpu::call_part::sums)) return;
    move(from.sums.parts, to.sums.parts, terms());
    if (f_.theta != nullptr && part != (outward ? cpu::call_part::second_sums : cpu::call_part::sums))
      move(from.sums.theta_slopes, to.sums.theta_slopes, terms());
    if (outward && gradients) move(from.sums.shares, to.sums.shares, 1);
  }
  /// Nothing added yet to a block; sums of the second stage need those of the first beside them.
  void begin_sums(block& to, const block& there, int rank, cpu::call_part part) const {
    const std::size_t rows = plan_.block_rows(rank, lap_);
    if (part == cpu::call_part::gradients) return to.gradient.assign(rows * dim(), T(0));
    clear(to.sums, static_cast<index_type>(rows), part == cpu::call_part::second_sums);
    for (std::size_t i = 0; part == cpu::call_part::second_sums && i < to.sums.parts.size(); ++i)
      if (!f_.terms[i % terms()].second_stage) to.sums.parts[i] = there.sums.parts[i];
  }
  void load_own(block& b, cpu::call_part part) const {
    b.rows.resize(plan_.block_rows(where_.rank, lap_) * dim());
    T* to = b.rows.data();
    for (const row_piece& c : plan_.block(where_.rank, lap_))
      for (index_type r = 0; r < c.count; ++r, to += dim()) p_.arguments[c.argument].read(c.row + r, 0, where_.cols, to);
    if (!plan_.has_columns() || part == cpu::call_part::sums) return;
    const anchor_sums& own = plan_.both_ways() ? own_columns_ : own_;
    const auto copy = [&](const auto& from, auto& into, std::size_t width) {
      const auto first = from.begin() + plan_.block_begin(lap_) * static_cast<index_type>(width);
      into.assign(first, first + static_cast<index_type>(plan_.block_rows(where_.rank, lap_) * width));
    };
    copy(own.parts, b.sums.parts, terms());
    if (f_.theta != nullptr && part == cpu::call_part::gradients) copy(own.theta_slopes, b.sums.theta_slopes, terms());
    if (part == cpu::call_part::gradients) copy(own.shares, b.sums.shares, 1);
  }
  /// To those from anchor `first` on.
  void add(const anchor_sums& from, anchor_sums& to, index_type first, cpu::call_part part) const {
    const std::size_t at = static_cast<std::size_t>(first) * terms();
    for (std::size_t i = 0; i < from.parts.size(); ++i)
      if (const auto& term = f_.terms[i % terms()]; term.second_stage == (part == cpu::call_part::second_sums))
        cpu::add_sum(term.g, from.parts[i], to.parts[at + i]);
    for (std::size_t i = 0; i < from.theta_slopes.size(); ++i) to.theta_slopes[at + i] += from.theta_slopes[i];
  }
  void add(const block& from, block& to, cpu::call_part part) const {
    if (part != cpu::call_part::gradients) return add(from.sums, to.sums, 0, part);
    for (std::size_t k = 0; k < from.gradient.size(); ++k) to.gradient[k] += from.gradient[k];
  }
  void add_home(const block& b, cpu::call_part part) {
    if (part != cpu::call_part::gradients)
      return add(b.sums, plan_.both_ways() ? own_columns_ : own_, plan_.block_begin(lap_), part);
    const T* from = b.gradient.data();
    for (const row_piece& c : plan_.block(where_.rank, lap_))
      if (T* to = gradient_of(c.argument, c.row))
        for (index_type k = 0; k < c.count * where_.cols; ++k)
          to[k] += from[(c.local - plan_.block_begin(lap_)) * where_.cols + k];
  }

  // ---- parts

  void meet_own(cpu::call_part part) {
    const index_type first = where_.ranges.candidate_begin;
    for (const row_piece& a : plan_.anchors()) {
      for (const row_piece& c : plan_.own_travelling()) {
        if (plan_.symmetric() && c.local < a.local) continue;
        const bool same = first == 0 && a.argument == c.argument && a.row == c.row;
        anchor_sums* columns = same || !plan_.has_columns() ? nullptr : plan_.both_ways() ? &own_columns_ : &own_;
        meet(part, a, c, same, rows_of(c), columns, c.local, gradient_of(c.argument, c.row));
      }
      for (const row_piece& c : plan_.resident())
        meet(part, a, c, false, rows_of(c), nullptr, 0, gradient_of(c.argument, c.row));
    }
  }
  void meet(block& there, int step, block& to, cpu::call_part part) {
    const int rank = call_.source(step);
    const bool halved = plan_.symmetric() && 2 * step == call_.size();
    const std::vector<row_piece> anchors = halved && rank < where_.rank ? plan_.anchors_of_second_halves() : plan_.anchors(),
                                 candidates = halved && where_.rank < rank ? plan_.first_half_of_block(rank, lap_)
                                                                           : plan_.block(rank, lap_);
    for (const row_piece& a : anchors)
      for (const row_piece& c : candidates) {
        const index_type at = c.local - plan_.block_begin(lap_);
        const matrix_view<const T> rows{there.rows.data() + at * where_.cols, c.count, where_.cols};
        T* const gradient = part == cpu::call_part::gradients && where_[c.argument].needs_gradient
                                ? to.gradient.data() + at * where_.cols
                                : nullptr;
        anchor_sums& columns = part == cpu::call_part::gradients ? there.sums : to.sums;
        meet(part, a, c, false, detail::argument_of<T>(rows, gradient != nullptr), plan_.has_columns() ? &columns : nullptr, at,
             gradient);
      }
  }
  detail::argument<T> rows_of(const row_piece& c) const {
    detail::argument<T> of = p_.arguments[c.argument];
    of.first_row += c.row, of.rows = c.count;
    return of;
  }
  T* gradient_of(int argument, index_type row) {
    if (!p_.with_gradients || !where_[argument].needs_gradient) return nullptr;
    return out_.gradients[static_cast<std::size_t>(argument)].data() + row * where_.cols;
  }

  /// One call of the engine: anchors of this rank against candidates of any. Their sums, if they have any, begin at `column`.
  void meet(cpu::call_part part, const row_piece& a, const row_piece& c, bool same, const detail::argument<T>& candidates,
            anchor_sums* columns, index_type column, T* gradient) {
    cpu::loss_functions<T> f = f_;
    f.anchor_constant = nullptr;  // finish() adds it, once
    f.first_anchor = a.number, f.first_candidate = c.number;
    f.tiled_begin = std::clamp<index_type>(f_.tiled_begin - c.number, 0, c.count);
    f.tiled_end = std::clamp<index_type>(f_.tiled_end - c.number, 0, c.count);
    if (f.tiled_begin == f.tiled_end && f.listed_per_anchor == 0) return;

    detail::argument<T> arguments[2] = {rows_of(a), candidates};
    T* const of_anchors = gradient_of(a.argument, a.row);
    T* const into[2] = {of_anchors, gradient};
    matrix_view<T> views[2];
    const int count = same ? 1 : 2;
    const bool gradients = part == cpu::call_part::gradients;
    for (int k = 0; gradients && k < count; ++k) {
      arguments[k].needs_gradient = into[k] != nullptr;
      if (into[k] == nullptr) continue;
      part_gradients_[k].resize(static_cast<std::size_t>(arguments[k].rows) * dim());
      views[k] = {part_gradients_[k].data(), arguments[k].rows, where_.cols};
    }
    cpu::problem<T> p = p_;
    p.arguments = arguments, p.count = count;
    p.with_gradients = gradients, p.gradients = gradients ? views : nullptr, p.num_gradients = count;
    p.bf16 = nullptr, p.per_anchor = nullptr;
    p.ranges = same ? detail::row_ranges{a.count, 0, a.count, 0, a.count}
                    : detail::row_ranges{a.count + c.count, 0, a.count, a.count, a.count + c.count};
    p.part = part;
    p.rows = sums_from(own_, a.local);
    p.columns = {};
    if (columns != nullptr) p.columns = sums_from(*columns, column);
    p.batch_log_sum = batch_log_sum_;
    const cpu::outcome out = cpu::run_part(engine_, p, f);
    finite_ = finite_ && out.finite;
    temperature_ += out.temperature_gradient, bias_ += out.bias_gradient;
    for (int k = 0; gradients && k < count; ++k)
      for (std::size_t e = 0; into[k] != nullptr && e < part_gradients_[k].size(); ++e) into[k][e] += part_gradients_[k][e];
  }
  cpu::part_sums sums_from(anchor_sums& s, index_type local) const {
    const auto first = static_cast<std::size_t>(local);
    return {s.parts.data() + first * terms(), s.theta_slopes.empty() ? nullptr : s.theta_slopes.data() + first * terms(),
            s.shares.empty() ? nullptr : s.shares.data() + first};
  }

  // ---- between passes

  /// visit(own sums, i, number of the anchor) for this rank's anchors.
  template <class Visit>
  void each_anchor(Visit visit) const {
    for (const row_piece& a : plan_.anchors())
      for (index_type i = 0; i < a.count; ++i) visit(a.local + i, a.number + i);
  }
  const log_sum_exp* parts_of(const anchor_sums& s, index_type i) const { return s.parts.data() + i * terms_; }

  /// In the order of the ranks, as all sums over them.
  void exchange_batch() {
    if (f_.batch_term == nullptr) return;
    log_sum_exp own;
    call_.attempt([&] {
      each_anchor([&](index_type i, index_type number) {
        if (number < f_.batch_anchors) own.add(f_.batch_term(f_.rule, parts_of(own_, i)));
      });
    });
    log_sum_exp all;
    const answers<log_sum_exp> of_ranks = call_.exchange(own);
    for (std::size_t r = 0; r < of_ranks.size(); ++r) all.merge(of_ranks[r]);
    batch_log_sum_ = all.log();
  }

  struct totals {
    double loss = 0, mass = 0;
    std::int64_t valid_anchors = 0, finite = 1;
  };
  cpu::row_outcome finish(const anchor_sums& s, index_type i, index_type number) const {
    cpu::row_outcome made;
    f_.finish(f_.rule,
              {1, parts_of(s, i), s.theta_slopes.empty() ? nullptr : s.theta_slopes.data() + i * terms_, batch_log_sum_},
              &made);
    if (f_.anchor_constant != nullptr && made.mass > 0) made.loss += f_.anchor_constant(f_.pairs, number);
    return made;
  }

  /// What the rule makes of the sums, what it all comes to, and how often each anchor counts.
  void finish() {
    totals own;
    direct_ = 0;
    call_.attempt([&] {
      own_.shares.assign(static_cast<std::size_t>(plan_.num_anchors()), 0);
      each_anchor([&](index_type i, index_type number) {
        const cpu::row_outcome row = finish(own_, i, number);
        double loss = row.loss, mass = row.mass, direct = temperature_of(row);
        if (plan_.both_ways()) {
          const cpu::row_outcome column = finish(own_columns_, i, number);
          loss = (loss + column.loss) / 2, mass = (mass + column.mass) / 2, direct = (direct + temperature_of(column)) / 2;
        }
        const double weight = p_.anchor_weights.or_one(i);
        own.valid_anchors += mass > 0;
        own.loss += weight * loss, own.mass += weight * mass, direct_ += weight * direct;
        own_.shares[static_cast<std::size_t>(i)] = plan_.both_ways() ? weight / 2 : weight;
        if (p_.reduction == reduction::none) out_.per_anchor[static_cast<std::size_t>(i)] = static_cast<T>(weight * loss);
      });
    });
    own.finite = finite_ ? 1 : 0;
    totals all;
    const answers<totals> of_ranks = call_.exchange(own);
    for (std::size_t r = 0; r < of_ranks.size(); ++r) {
      const totals of = of_ranks[r];
      all.loss += of.loss, all.mass += of.mass, all.valid_anchors += of.valid_anchors;
      finite_ = finite_ && of.finite != 0;
    }
    share_ = share_of(p_.reduction, all.mass);
    for (double& share : own_.shares) share *= share_;
    if (plan_.both_ways()) own_columns_.shares = own_.shares;
    direct_ *= share_;
    out_.loss = static_cast<T>(share_ * all.loss), out_.valid_anchors = static_cast<index_type>(all.valid_anchors);
    temperature_ = bias_ = 0;
  }
  /// What an anchor gives the temperature beside its pairs' slopes: these are summed relative to its reference.
  double temperature_of(const cpu::row_outcome& row) const {
    return row.temperature - row.reference * row.residual / p_.temperature;
  }

  void conclude(double scale) {
    struct slopes {
      double temperature, bias;
    };
    double temperature = 0, bias = 0;
    const answers<slopes> of_ranks = call_.exchange(slopes{direct_ - temperature_ / p_.temperature, bias_});
    for (std::size_t r = 0; p_.with_gradients && r < of_ranks.size(); ++r)
      temperature += of_ranks[r].temperature, bias += of_ranks[r].bias;
    out_.temperature_gradient = static_cast<T>(temperature);
    const bool learns_bias = p_.with_gradients && p_.wants_bias && !f_.rule_says.balanced;
    out_.bias_gradient = learns_bias ? static_cast<T>(bias) : T(0);
    for (const int a : plan_.resident_arguments()) sum_resident(a);
    for (int a = 0; p_.with_gradients && a < where_.count(); ++a)
      if (!where_[a].replicated) out_.gradients[static_cast<std::size_t>(a)] *= static_cast<T>(scale);
    if (finite_) return;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    out_.loss = nan;
    if (p_.with_gradients) out_.temperature_gradient = nan;
    if (learns_bias) out_.bias_gradient = nan;
    std::fill(out_.per_anchor.begin(), out_.per_anchor.end(), nan);
    for (matrix& g : out_.gradients) g.setConstant(nan);
  }
  /// The gradient of rows that are the same on all ranks is the same on all, too.
  void sum_resident(int a) {
    if (!p_.with_gradients || !where_[a].needs_gradient || call_.size() == 1) return;
    matrix& g = out_.gradients[static_cast<std::size_t>(a)];
    resident_sums_[0].assign(g.data(), g.data() + g.size());
    resident_sums_[1].resize(resident_sums_[0].size());
    call_.sum(resident_sums_[0], resident_sums_[1]);
    std::copy(resident_sums_[0].begin(), resident_sums_[0].end(), g.data());
    call_.meet();
  }

  joint_call& call_;
  cpu::evaluation<T>& engine_;
  const spread_rows& where_;
  const cpu::problem<T>& p_;
  cpu::loss_functions<T> f_;
  ring_plan plan_;
  index_type terms_;
  bool knows_all_pairs_;
  bool finite_ = true;
  index_type lap_ = 0;

  anchor_sums own_, own_columns_;  // of this rank's anchors; of both_ways' second direction
  block travellers_[2], added_[2], here_;
  std::vector<T> part_gradients_[2], resident_sums_[2];
  std::vector<double> factors_;  // of all anchors, by their numbers
  double batch_log_sum_ = 0, share_ = 1, direct_ = 0, temperature_ = 0, bias_ = 0;
  result<T> out_;
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
