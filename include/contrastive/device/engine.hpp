// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The tile engine: what is done in which order to which rows, for any machine that runs function objects over rows and
// multiplies matrices. On the GPU that is cuda/machine.cuh, on Thrust's systems thrust/machine.hpp; the tests run the same
// engine on a machine of loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/device/anchors.hpp>
#include <contrastive/device/fused/calls.hpp>
#include <contrastive/device/lanes.hpp>
#include <contrastive/device/listed.hpp>
#include <contrastive/device/request.hpp>
#include <contrastive/device/rows.hpp>
#include <contrastive/device/slope_tile.hpp>
#include <contrastive/device/sum_tile.hpp>
#include <limits>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Rows of 16 bits make do with the exponential of a GPU.
template <class Machine, class R>
struct exponential_for {
  using type = standard_exponential;
};
template <class Machine, class R>
requires fuses<Machine, R>
struct exponential_for<Machine, R> {
  using type = typename Machine::gpu;
};

/// One call. R are the rows as products take them: T, or bfloat16.
///
/// Machine: each(count, op) calls op(i), each_row(count, op) op(row, lanes) with many lanes, each_short_row the same with few;
/// multiply(product); sort(keys, values, sorted_keys, sorted_values, count, num_keys, memory, bytes), stable, ascending, with
/// sort_bytes(count, num_keys) bytes of memory. All in order, one after the other.
template <class R, class Machine, class Pairs, class Rule, class S, class T, class G>
class tile_engine {
 public:
  tile_engine(Machine& machine, const Pairs& pairs, const Rule& rule, const request<S, T, G>& r, const tile_size& tiles)
      : machine_(machine), pairs_(pairs), terms_(rule, r.temperature, r.bias), request_(r) {
    n_ = r.ranges.num_anchors(), m_ = r.ranges.num_candidates(), total_ = r.ranges.total;
    dim_ = r.arguments[0].rows.cols;
    distance_ = r.similarity == similarity::negative_squared_euclidean;
    sums_dim_ = dim_ + (distance_ ? 1 : 0);
    tiled_begin_ = 0, tiled_end_ = m_;
    if constexpr (contrastive::detail::has_tiled_range<Pairs>)
      tiled_begin_ = pairs.tiled_begin(), tiled_end_ = pairs.tiled_end();
    if constexpr (contrastive::detail::has_lists<Pairs>) per_anchor_ = pairs.listed_per_anchor();
    prepares_ = contrastive::detail::prepares_anchors(pairs);
    symmetric_ = says.symmetric && r.ranges.anchor_begin == r.ranges.candidate_begin && tiled_begin_ == 0 && tiled_end_ == n_;
    gradients_ = r.wants_gradient();
    small_exponents_ = r.similarity == similarity::cosine;
    for (int k = 0; k < Rule::sums.size; ++k)
      if (const pair_term& t = terms_.exact[k]; is_exponential(t.g))
        small_exponents_ = small_exponents_ && t.scale * (1 / r.temperature + std::fabs(t.offset)) <= small_exponent;
    if constexpr (contrastive::detail::has_batch<Rule>)
      if (rule.uses_batch()) batch_anchors_ = std::min(n_, rule.batch_anchors());
    fused_ = can_fuse && dim_ <= widest_fused && total_ <= most_fused_rows && per_anchor_ <= short_list &&
             symmetric_ == says.symmetric;
    constexpr index_type group = 16 / static_cast<index_type>(sizeof(R));  // rows begin at multiples of 16 bytes
    stride_ = fused_ ? fused_width(dim_) : (sums_dim_ + group - 1) / group * group;
    tile_rows_ = fused_ ? 0 : std::min(tiles.rows, n_);
    tile_columns_ = std::min(tiles.columns, tiled_end_ - tiled_begin_);
    tile_stride_ = (tile_columns_ + 15) / 16 * 16;
    num_parts_ = std::min<index_type>(256, total_), rows_per_part_ = (total_ + num_parts_ - 1) / num_parts_;
    sort_bytes_ = sorts() ? machine.sort_bytes(entries(), m_ + 1) : 0;
    arena counted;
    lay_out(counted);
    bytes_ = counted.used();
  }

  /// The memory that run needs.
  std::size_t bytes() const { return bytes_; }

  /// The call. `check(norms)` is called when the rows' norms are known, before any output is written.
  template <class Check>
  void run(void* memory, Check check) {
    arena parts(memory);
    lay_out(parts);
    prepare_rows();
    check(static_cast<const double*>(norms_));
    if constexpr (contrastive::detail::has_anchor_factors<Pairs>)
      if (prepares_) {
        machine_.each(n_, prepare_anchors<Pairs>{pairs_, factors_});
        pairs_.anchor_factors = factors_;
      }
    forward();
    machine_.each(n_, find_losses<Pairs, Rule>{pairs_, finished(0), finished(1), both_ways(), losses_});
    machine_.each_row(num_parts_, sum_losses{losses_, weights(), n_, norms_, total_, runs(), totals_});
    machine_.each_row(1, conclude{totals_, num_parts_, request_.reduction, both_ways(), broken_, known_});
    if (gradients_) backward();
    const request<S, T, G>& r = request_;
    if (r.per_anchor != nullptr) machine_.each(n_, report_losses<T>{losses_, weights(), known_, r.per_anchor});
    if (gradients_) machine_.each_row(num_parts_, sum_numbers{temperature_, n_, runs(), temperature_parts_});
    if (bias_ != nullptr) machine_.each_row(num_parts_, sum_numbers{bias_, n_, runs(), bias_parts_});
    machine_.each_row(1, report<T>{known_, temperature_parts_, bias_parts_, num_parts_, r.temperature, r.loss,
                                   r.temperature_gradient, r.bias_gradient, r.valid_anchors});
  }

 private:
  using values = row_values<Rule::sums.size>;
  using lists = pair_lists<Pairs>;
  using exponential = typename exponential_for<Machine, R>::type;
  static constexpr contrastive::pair_statements says = contrastive::detail::statements_of<Pairs>();
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;
  static constexpr bool two_stages = Rule::sums.has_second_stage();
  static constexpr bool can_fuse = [] {
    if constexpr (!std::is_same_v<T, R> && fuses<Machine, R>)
      return fused_calls<Machine, Pairs, Rule, R>::fit();
    else
      return false;
  }();
  static constexpr double small_exponent = 50;  // e^±50, and sums of them times weights, stay in a float's range

  bool both_ways() const { return request_.both_ways; }
  const weight_view& weights() const { return request_.anchor_weights; }
  int directions() const { return both_ways() ? 2 : 1; }
  index_type anchors_of(int direction) const { return direction == 0 ? n_ : m_; }
  /// Are there tiles whose columns are anchors too?
  bool columns_are_anchors() const { return both_ways() || symmetric_; }
  index_type entries() const { return n_ * per_anchor_; }
  row_parts runs() const { return {num_parts_, rows_per_part_}; }
  /// Are the listed pairs to be sorted, as they are wanted from the candidate's side? A short list need not, where symmetric
  /// weights list each pair in both orders and all candidates are anchors.
  bool sorts() const {
    const bool own_reverse = symmetric_ && m_ == n_ && per_anchor_ <= short_list;
    return per_anchor_ > 0 && (both_ways() || gradients_) && !own_reverse;
  }

  void lay_out(arena& parts) {
    rows_ = parts.take<R>(total_ * stride_);
    norms_ = parts.take<double>(total_);
    row_factors_ = std::is_same_v<T, R> ? nullptr : parts.take<T>(total_);
    row_offsets_ = distance_ ? parts.take<T>(total_) : nullptr;
    means_ = distance_ ? parts.take<double>((num_parts_ + 1) * dim_) : nullptr;
    factors_ = prepares_ ? parts.take<double>(n_) : nullptr;
    for (int d = 0; d < directions(); ++d) {
      sums_[d] = parts.take<values>(anchors_of(d));
      thetas_[d] = two_stages ? parts.take<double>(anchors_of(d)) : nullptr;
      batch_[d] = batch_anchors_ > 0 ? parts.take<double>(1) : nullptr;
    }
    batch_parts_ = batch_anchors_ > 0 ? parts.take<log_sum_exp>(num_parts_) : nullptr;
    losses_ = parts.take<anchor_loss>(n_);
    totals_ = parts.take<row_totals>(num_parts_);
    known_ = parts.take<summary>(1);
    broken_ = parts.take<int>(1);
    tile_ = parts.take<T>(tile_rows_ * tile_stride_);
    if (columns_are_anchors()) column_sums_ = parts.take<values>(column_parts::count(tile_rows_) * tile_columns_);
    listed_ = parts.take<T>(entries());
    if (sorts()) {
      for (index_type*& part : order_) part = parts.take<index_type>(entries());
      sort_memory_ = parts.take<std::byte>(static_cast<index_type>(sort_bytes_));
    }
    if (!gradients_) return;
    for (int d = 0; d < directions(); ++d)
      gains_[d] = {parts.take<T>(gain_planes<Rule, T>::planes * anchors_of(d)), anchors_of(d)};
    temperature_ = parts.take<double>(n_), temperature_parts_ = parts.take<double>(num_parts_);
    if (request_.learns_bias && !balanced) bias_ = parts.take<double>(n_), bias_parts_ = parts.take<double>(num_parts_);
    index_type num_sums = 0;
    for (int a = 0; a < request_.count; ++a)
      if (request_.arguments[a].wants_gradient()) num_sums += request_.arguments[a].rows.rows;
    num_sums_ = num_sums;
    h_ = parts.take<T>(num_sums_ * stride_);
    if constexpr (std::is_same_v<T, R>)
      slopes_ = tile_;
    else
      slopes_ = parts.take<R>(tile_rows_ * tile_stride_);
  }

  arm_form<T> arms() const { return {row_factors_, row_offsets_}; }
  row_numbers<T> numbers(index_type first) const {
    return {norms_ + first, row_factors_ == nullptr ? nullptr : row_factors_ + first,
            row_offsets_ == nullptr ? nullptr : row_offsets_ + first};
  }
  const R* row(index_type r) const { return rows_ + r * stride_; }
  lists listed() const { return {pairs_, m_, per_anchor_}; }
  auto fused() const {
    const auto& ranges = request_.ranges;
    return fused_calls<Machine, Pairs, Rule, R>{machine_,
                                                listed(),
                                                order(),
                                                terms_,
                                                small_exponents_,
                                                rows_,
                                                row_factors_,
                                                stride_,
                                                request_.temperature,
                                                n_,
                                                tiled_begin_,
                                                tiled_end_,
                                                ranges.anchor_begin,
                                                ranges.candidate_begin};
  }
  candidate_lists order() const { return {order_[2], order_[3], entries()}; }
  finished_rows<Rule> finished(int direction) const { return {terms_.rule, sums_[direction], batch_[direction]}; }

  // ---- rows

  void prepare_rows() {
    index_type first = 0;
    for (int a = 0; a < request_.count; first += request_.arguments[a++].rows.rows) {
      const auto& from = request_.arguments[a].rows;
      machine_.each_short_row(from.rows, read_rows<S, R>{from, rows_ + first * stride_, stride_});
    }
    double* mean = nullptr;
    if (distance_) {
      mean = means_ + num_parts_ * dim_;
      machine_.each_row(num_parts_, sum_columns<R>{rows_, total_, dim_, stride_, rows_per_part_, means_});
      machine_.each(dim_, find_mean{means_, num_parts_, total_, dim_, mean});
    }
    machine_.each_short_row(
        total_, shape_rows<T, R>{request_.similarity, rows_, dim_, stride_, mean, request_.temperature, numbers(0)});
    for (int d = 0; d < directions(); ++d) machine_.each(anchors_of(d), fill<values>{sums_[d], {}});
    machine_.each(1, fill<int>{broken_, 0});
  }

  // ---- tiles

  /// Calls visit(place, says) for the tiles of products in which a pair counts that has D, if those are used, or P; listed
  /// pairs and those that count nowhere are excluded in them. `arms_out`, if not null, gets the arms of the listed ones. Of
  /// symmetric weights only tiles on the diagonal hold both (i, j) and (j, i).
  template <class Visit>
  void for_each_tile(bool uses_d, bool uses_p, T* arms_out, Visit visit) {
    for (index_type r = 0; r < n_; r += tile_rows_) {
      const index_type end = std::min(r + tile_rows_, n_);
      if (symmetric_) {
        visit_tiles(r, end, r, end, false, uses_d, uses_p, arms_out, visit);
        visit_tiles(r, end, end, n_, true, uses_d, uses_p, arms_out, visit);
      } else {
        visit_tiles(r, end, tiled_begin_, tiled_end_, false, uses_d, uses_p, arms_out, visit);
      }
    }
  }
  /// The same for those of the rows [r, end) and some columns.
  template <class Visit>
  void visit_tiles(index_type r, index_type end, index_type first_column, index_type end_column, bool mirrored, bool uses_d,
                   bool uses_p, T* arms_out, Visit visit) {
    const index_type anchor_base = request_.ranges.anchor_begin, candidate_base = request_.ranges.candidate_begin;
    for (index_type c = first_column; c < end_column; c += tile_columns_) {
      const index_type rows = end - r, columns = std::min(tile_columns_, end_column - c);
      const tile there{r, end, c, c + columns};
      const tile_task task(contrastive::detail::statement_of(pairs_, there), there, uses_d, uses_p);
      if (task.skipped) continue;
      const tile_place<T> place{tile_, tile_stride_, r, c, rows, columns, anchor_base + r, candidate_base + c, mirrored};
      machine_.multiply(product<R, T>{rows, columns, dim_, row(place.row_base), stride_, false, row(place.column_base), stride_,
                                      true, 1 / request_.temperature, false, tile_, tile_stride_});
      if (per_anchor_ > 0) machine_.each(rows * per_anchor_, take_listed<Pairs, T>{listed(), place, arms(), arms_out});
      if (task.diagonal_left) machine_.each(rows, exclude_diagonal<T>{place});
      if constexpr (says.leaves_out)
        if (task.says.leaves_out) machine_.each_row(rows, exclude_left_out<Pairs, T>{pairs_, place});
      visit(place, task.says);
    }
  }

  // ---- sums

  void forward() {
    if (entries() > 0) machine_.each(entries(), fill<T>{listed_, not_a_number<T>});
    if (sorts()) {
      machine_.each(entries(), list_candidates<Pairs>{listed(), order_[0], order_[1]});
      machine_.sort(order_[0], order_[1], order_[2], order_[3], entries(), m_ + 1, sort_memory_, sort_bytes_);
    }
    sum_tiles<false>();
    if (entries() > 0)
      machine_.each_short_row(entries(), multiply_listed<Pairs, T, R>{
                                             listed(), row(request_.ranges.anchor_begin), row(request_.ranges.candidate_begin),
                                             request_.ranges.anchor_begin, request_.ranges.candidate_begin, dim_, stride_,
                                             request_.temperature, arms(), listed_});
    sum_listed<false>();
    if constexpr (two_stages) {
      for (int d = 0; d < directions(); ++d) machine_.each(anchors_of(d), find_theta<Rule>{terms_.rule, sums_[d], thetas_[d]});
      sum_tiles<true>();
      sum_listed<true>();
    }
    if constexpr (contrastive::detail::has_batch<Rule>)
      for (int d = 0; batch_anchors_ > 0 && d < directions(); ++d) {
        machine_.each_row(num_parts_, sum_batch<Rule>{terms_.rule, sums_[d], batch_anchors_, runs(), batch_parts_});
        machine_.each(1, join_batch{batch_parts_, num_parts_, batch_[d]});
      }
  }
  template <bool Second>
  void sum_tiles() {
    if constexpr (can_fuse)
      if (fused_) {
        for (int d = 0; d < directions(); ++d) fused().template sum<Second>(d == 1, thetas_[d], sums_[d]);
        return;
      }
    const int of_columns = both_ways() ? 1 : 0;
    for_each_tile(has_sum<Rule>(weight::D, Second), has_sum<Rule>(weight::P, Second), Second ? nullptr : listed_,
                  [&](const tile_place<T>& place, tile_statement statement) {
                    const line_sums<Pairs, Rule, T, R, Second, exponential> line{pairs_, place,  statement,
                                                                                 arms(), terms_, small_exponents_};
                    machine_.each_row(place.rows, sum_tile<Pairs, Rule, T, R, Second, exponential>{line, thetas_[0], sums_[0]});
                    if (!both_ways() && !place.mirrored) return;
                    const index_type parts = column_parts::count(place.rows);
                    machine_.each_short_row(
                        parts * column_parts::groups(place.columns),
                        sum_tile_columns<Pairs, Rule, T, R, Second, exponential>{line, thetas_[of_columns], column_sums_});
                    machine_.each_short_row(place.columns, join_tile_columns<Rule>{column_sums_, parts, place.columns,
                                                                                   sums_[of_columns] + place.first_column});
                  });
  }
  template <bool Second>
  void sum_listed() {
    if constexpr (contrastive::detail::has_lists<Pairs>) {
      if (entries() == 0) return;
      machine_.each(n_, add_listed<Pairs, Rule, T, Second>{listed(), terms_, listed_, thetas_[0], sums_[0], broken_});
      if (both_ways())
        machine_.each(m_,
                      add_listed_transposed<Pairs, Rule, T, Second>{listed(), order(), terms_, listed_, thetas_[1], sums_[1]});
    }
  }

  // ---- gradients

  void backward() {
    for (int d = 0; d < directions(); ++d)
      machine_.each(anchors_of(d), find_gains<Rule, T>{finished(d), terms_, thetas_[d], weights(), known_, request_.temperature,
                                                       gains_[d], temperature_, d == 0});
    if (bias_ != nullptr) machine_.each(n_, fill<double>{bias_, 0});
    if (num_sums_ > 0) machine_.each(num_sums_ * stride_, fill<T>{h_, 0});
    const gain_planes<Rule, T> columns = symmetric_ ? gains_[0] : gains_[1];
    slope_tiles(columns);
    if (entries() > 0) {
      machine_.each(n_, slope_listed<Pairs, Rule, T>{listed(), terms_, arms(), request_.ranges.anchor_begin,
                                                     request_.ranges.candidate_begin, gains_[0], gains_[1], listed_,
                                                     temperature_, bias_});
      for_each_gradient(0, total_, [&](index_type begin, index_type count, T* h) {
        machine_.each_short_row(count,
                                gather_listed<Pairs, T, R>{listed(), order(), listed_, rows_, request_.ranges.anchor_begin, n_,
                                                           request_.ranges.candidate_begin, begin, sums_dim_, stride_, h});
      });
    }
    index_type begin = 0;
    for (int a = 0; a < request_.count; begin += request_.arguments[a++].rows.rows)
      for_each_gradient(begin, request_.arguments[a].rows.rows, [&](index_type, index_type count, T* h) {
        machine_.each_short_row(count,
                                write_gradient<T, R, G>{request_.similarity, row(begin), h, dim_, stride_, numbers(begin),
                                                        request_.temperature, known_, request_.arguments[a].gradient});
      });
  }
  void slope_tiles(const gain_planes<Rule, T>& columns) {
    if constexpr (can_fuse)
      if (fused_) return slope_fused(columns);
    for_each_tile(has_slope<Rule>(weight::D), has_slope<Rule>(weight::P), nullptr,
                  [&](const tile_place<T>& place, tile_statement statement) {
                    machine_.each_row(place.rows, slope_tile<Pairs, Rule, T, R, exponential>{
                                                      pairs_, place, slopes_, statement, arms(), terms_, small_exponents_,
                                                      gains_[0], columns, both_ways() || place.mirrored, temperature_, bias_});
                    add_products(place);
                  });
  }
  void slope_fused(const gain_planes<Rule, T>& columns) {
    const index_type anchor_base = request_.ranges.anchor_begin, candidate_base = request_.ranges.candidate_begin;
    const bool numbers_wanted = request_.temperature_gradient != nullptr || request_.bias_gradient != nullptr;
    for_each_run(anchor_base, n_, [&](index_type begin, index_type count, T* h) {
      if (h != nullptr || numbers_wanted)
        fused().slope(false, begin - anchor_base, begin - anchor_base + count, gains_[0], columns, temperature_, bias_, h);
    });
    if (symmetric_) return;
    for_each_gradient(candidate_base + tiled_begin_, tiled_end_ - tiled_begin_, [&](index_type begin, index_type count, T* h) {
      fused().slope(true, begin - candidate_base, begin - candidate_base + count, gains_[1], gains_[0], nullptr, nullptr, h);
    });
  }
  /// Adds the slopes of a tile times the rows to H of its rows and, unless a symmetric loss holds both roles of a row in them,
  /// to H of its columns.
  void add_products(const tile_place<T>& place) {
    for_each_gradient(place.row_base, place.rows, [&](index_type begin, index_type count, T* h) {
      machine_.multiply(product<R, T>{count, sums_dim_, place.columns, slopes_ + (begin - place.row_base) * tile_stride_,
                                      tile_stride_, false, row(place.column_base), stride_, false, 1, true, h, stride_});
    });
    if (symmetric_ && !place.mirrored) return;
    for_each_gradient(place.column_base, place.columns, [&](index_type begin, index_type count, T* h) {
      machine_.multiply(product<R, T>{count, sums_dim_, place.rows, slopes_ + (begin - place.column_base), tile_stride_, true,
                                      row(place.row_base), stride_, false, 1, true, h, stride_});
    });
  }
  /// Calls visit(first, count, h) for the runs of the global rows [begin, begin + count) whose H is wanted, or is not: H from
  /// `first` on, or null. What is wanted of arguments that follow one another lies together.
  template <class Visit>
  void for_each_run(index_type begin, index_type count, Visit visit) const {
    const request<S, T, G>& r = request_;
    index_type of_argument = 0;
    T* h = h_;
    for (int a = 0; a < r.count;) {
      const bool wanted = r.arguments[a].wants_gradient();
      index_type rows = 0;
      for (; a < r.count && r.arguments[a].wants_gradient() == wanted; ++a) rows += r.arguments[a].rows.rows;
      const index_type first = std::max(begin, of_argument), last = std::min(begin + count, of_argument + rows);
      if (first < last) visit(first, last - first, wanted ? h + (first - of_argument) * stride_ : nullptr);
      if (wanted) h += rows * stride_;
      of_argument += rows;
    }
  }
  /// The same for those whose H is wanted.
  template <class Visit>
  void for_each_gradient(index_type begin, index_type count, Visit visit) const {
    for_each_run(begin, count, [&](index_type first, index_type rows, T* h) {
      if (h != nullptr) visit(first, rows, h);
    });
  }

  Machine& machine_;
  Pairs pairs_;
  row_terms<Rule, T> terms_;
  request<S, T, G> request_;

  index_type n_ = 0, m_ = 0, total_ = 0;  // anchors, candidates, rows
  index_type dim_ = 0, sums_dim_ = 0, stride_ = 0;
  index_type tiled_begin_ = 0, tiled_end_ = 0, per_anchor_ = 0, batch_anchors_ = 0;
  bool distance_ = false, prepares_ = false, symmetric_ = false, gradients_ = false, small_exponents_ = false;
  bool fused_ = false;
  index_type tile_rows_ = 0, tile_columns_ = 0, tile_stride_ = 0;
  index_type num_parts_ = 0, rows_per_part_ = 0, num_sums_ = 0;
  std::size_t sort_bytes_ = 0, bytes_ = 0;

  R* rows_ = nullptr;  // (total, stride)
  double *norms_ = nullptr, *means_ = nullptr, *factors_ = nullptr, *temperature_ = nullptr, *bias_ = nullptr;
  T *row_factors_ = nullptr, *row_offsets_ = nullptr, *tile_ = nullptr, *listed_ = nullptr, *h_ = nullptr;
  R* slopes_ = nullptr;
  values *sums_[2] = {}, *column_sums_ = nullptr;  // of the two directions, likewise; of parts of a tile's columns
  double *thetas_[2] = {}, *batch_[2] = {}, *temperature_parts_ = nullptr, *bias_parts_ = nullptr;
  log_sum_exp* batch_parts_ = nullptr;
  row_totals* totals_ = nullptr;
  gain_planes<Rule, T> gains_[2] = {};
  anchor_loss* losses_ = nullptr;
  summary* known_ = nullptr;
  int* broken_ = nullptr;
  index_type* order_[4] = {};  // candidates and entries, and both sorted
  std::byte* sort_memory_ = nullptr;
};

/// The call that a request describes; it must not outlive the machine, nor the request's arguments.
template <class R, class Machine, class Pairs, class Rule, class S, class T, class G>
tile_engine<R, Machine, Pairs, Rule, S, T, G> engine_for(Machine& machine, const Pairs& pairs, const Rule& rule,
                                                         const request<S, T, G>& r, const tile_size& tiles) {
  return {machine, pairs, rule, r, tiles};
}

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
