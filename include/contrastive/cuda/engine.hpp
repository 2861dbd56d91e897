// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The tile engine: what is done in which order to which rows, for any machine that runs function objects over rows and
// multiplies matrices. On the GPU that is machine.cuh; the tests run the same engine on a machine of loops.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/cuda/lanes.hpp>
#include <contrastive/cuda/listed.hpp>
#include <contrastive/cuda/rows.hpp>
#include <contrastive/cuda/tiles.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// out (rows, columns) = scale · left · right, or += that; all row-major. Turned, the memory holds the transpose:
/// left (depth, rows), right (columns, depth).
template <class In, class Out>
struct product {
  index_type rows, columns, depth;
  const In* left;
  index_type left_stride;
  bool left_turned;
  const In* right;
  index_type right_stride;
  bool right_turned;
  double scale;
  bool add;
  Out* out;
  index_type out_stride;
};

/// One embedding argument of a call.
template <class S, class G>
struct device_argument {
  matrix_view<const S> rows;
  bool needs_gradient;
  matrix_view<G> gradient;  // without memory: not wanted
};

/// What is to be computed and where it goes; S are the embeddings, T the numbers that they are computed in, G the gradients.
template <class S, class T, class G>
struct device_request {
  const device_argument<S, G>* arguments;
  int count;
  contrastive::detail::row_ranges ranges;
  double temperature;
  contrastive::similarity similarity;
  contrastive::pooling pooling;
  contrastive::reduction reduction;
  bool both_ways;
  T* loss;
  T* temperature_gradient;
  index_type* valid_anchors;
  T* per_anchor;

  bool wants_gradient() const {
    bool any = temperature_gradient != nullptr;
    for (int a = 0; a < count; ++a) any = any || wants_gradient(a);
    return any;
  }
  bool wants_gradient(int a) const { return arguments[a].needs_gradient && arguments[a].gradient.data != nullptr; }
};

/// Rows and columns of the tile of logits. What a sum rounds to depends on them, so that they are the same on every GPU.
struct tile_size {
  index_type rows = 2048;  // 2048 · 4096 floats are 32 MiB, which the second-level caches of an A100 and an H100 hold
  index_type columns = 4096;
};

/// R are the rows as products take them: T, or bfloat16.
///
/// Machine: each(count, op) calls op(i), each_row(count, op) op(row, lanes) with many lanes, each_short_row the same with few;
/// multiply(product); sort(keys, values, sorted_keys, sorted_values, count, num_keys, memory, bytes), stable, ascending, with
/// sort_bytes(count, num_keys) bytes of memory. All in order, one after the other.
template <class Machine, class T, class R>
class tile_engine {
 public:
  /// Takes the sizes of a call, and returns the bytes that it needs.
  template <pair_weights P, class S, class G>
  std::size_t plan(Machine& machine, const P& pairs, const device_request<S, T, G>& r, const tile_size& tiles) {
    n_ = r.ranges.num_anchors(), m_ = r.ranges.num_candidates(), total_ = r.ranges.total;
    dim_ = r.arguments[0].rows.cols;
    const bool distance = r.similarity == similarity::negative_squared_euclidean;
    sums_dim_ = dim_ + (distance ? 1 : 0);
    constexpr index_type group = 16 / static_cast<index_type>(sizeof(R));  // rows begin at multiples of 16 bytes
    stride_ = (sums_dim_ + group - 1) / group * group;
    tiled_begin_ = 0, tiled_end_ = m_;
    if constexpr (requires { pairs.tiled_begin(), pairs.tiled_end(); })
      tiled_begin_ = pairs.tiled_begin(), tiled_end_ = pairs.tiled_end();
    per_anchor_ = 0;
    if constexpr (requires { pairs.listed_per_anchor(); }) per_anchor_ = pairs.listed_per_anchor();
    symmetric_ = contrastive::detail::is_symmetric<P>() && r.ranges.anchor_begin == r.ranges.candidate_begin &&
                 tiled_begin_ == 0 && tiled_end_ == n_;
    gradients_ = r.wants_gradient();
    common_ = {r.similarity == similarity::cosine && 2 / r.temperature <= common_range, 0};
    tile_rows_ = std::min(tiles.rows, std::max(n_, r.both_ways ? m_ : 0)),
    tile_columns_ = std::min(tiles.columns, std::max(tiled_end_ - tiled_begin_, r.both_ways ? n_ : 0));
    tile_stride_ = (tile_columns_ + 15) / 16 * 16;
    num_parts_ = std::min<index_type>(256, total_), rows_per_part_ = (total_ + num_parts_ - 1) / num_parts_;

    segments_.clear();
    index_type begin = 0, row = 0;
    for (int a = 0; a < r.count; begin += r.arguments[a++].rows.rows)
      if (r.wants_gradient(a)) {
        segments_.push_back({begin, begin + r.arguments[a].rows.rows, row, a});
        row += r.arguments[a].rows.rows;
      }
    num_sums_ = row;
    sort_bytes_ = sorts(r.both_ways) ? machine.sort_bytes(n_ * per_anchor_, m_) : 0;
    arena counted;
    lay_out(counted, r, contrastive::detail::prepares_anchors(pairs));
    return counted.used();
  }

  /// The call that was planned last, in memory of that many bytes. `look(norms)` is called when the rows' norms are known,
  /// before any output is written.
  template <pair_weights P, class S, class G, class Look>
  void run(Machine& machine, void* memory, P pairs, const device_request<S, T, G>& r, Look look) {
    arena parts(memory);
    const bool prepares = contrastive::detail::prepares_anchors(pairs);
    lay_out(parts, r, prepares);
    prepare(machine, r);
    look(static_cast<const double*>(norms_));
    if constexpr (contrastive::detail::has_anchor_factors<P>)
      if (prepares) {
        machine.each(n_, prepare_anchors<P>{pairs, factors_});
        pairs.anchor_factors = factors_;
      }
    const pair_lists<P> lists{pairs, m_, tiled_begin_, tiled_end_, per_anchor_};
    forward(machine, lists, r);
    const conclude end{sums_,  turned_sums_, n_,      log_sum(r), normalizes<P>(), r.reduction == reduction::mean,
                       norms_, total_,       broken_, known_};
    machine.each_row(1, end);
    if (gradients_) backward(machine, lists, r);
    if (r.per_anchor != nullptr) machine.each(n_, report_losses<T>{end, r.per_anchor});
    machine.each_row(1, report<T>{known_, gradients_ ? temperature_ : nullptr, n_, r.temperature, r.loss,
                                  r.temperature_gradient, r.valid_anchors});
  }

 private:
  static constexpr double common_range =
      100;  // of the logits under cosine: e^±50, and sums of them times weights, stay in a float's range

  /// Global rows whose H is wanted, those of one argument.
  struct segment {
    index_type begin, end;
    index_type sums_row;  // of begin
    int argument;
  };

  template <class P>
  static constexpr bool normalizes() {
    return contrastive::detail::normalizes_positives<P>();
  }
  template <class Request>
  static bool log_sum(const Request& r) {
    return r.pooling == pooling::log_sum;
  }
  /// Does anybody look at listed pairs from the candidate's side?
  bool sorts(bool both_ways) const { return per_anchor_ > 0 && (both_ways || gradients_); }

  template <class Request>
  void lay_out(arena& parts, const Request& r, bool prepares) {
    const bool distance = r.similarity == similarity::negative_squared_euclidean;
    const index_type entries = n_ * per_anchor_;
    rows_ = parts.take<R>(total_ * stride_);  // (total, stride)
    norms_ = parts.take<double>(total_);
    numbers_factors_ = std::is_same_v<T, R> ? nullptr : parts.take<T>(total_);
    numbers_offsets_ = distance ? parts.take<T>(total_) : nullptr;
    means_ = distance ? parts.take<double>((num_parts_ + 1) * dim_) : nullptr;
    sums_ = parts.take<anchor_sums>(n_);
    turned_sums_ = r.both_ways ? parts.take<anchor_sums>(m_) : nullptr;
    factors_ = prepares ? parts.take<double>(n_) : nullptr;
    known_ = parts.take<summary>(1);
    broken_ = parts.take<int>(1);
    tile_ = parts.take<T>(tile_rows_ * tile_stride_);
    listed_ = parts.take<T>(entries);
    if (sorts(r.both_ways)) {
      for (index_type*& part : order_) part = parts.take<index_type>(entries);
      sort_memory_ = parts.take<std::byte>(static_cast<index_type>(sort_bytes_));
    }
    if (!gradients_) return;
    gains_ = parts.take<anchor_gains<T>>(n_);
    turned_gains_ = r.both_ways ? parts.take<anchor_gains<T>>(m_) : nullptr;
    temperature_ = parts.take<double>(n_);
    h_ = parts.take<T>(num_sums_ * stride_);
    slopes_ = nullptr;
    if constexpr (std::is_same_v<T, R>)
      slopes_ = tile_;
    else
      slopes_ = parts.take<R>(tile_rows_ * tile_stride_);
  }

  logit_rule<T> rule() const { return {numbers_factors_, numbers_offsets_}; }
  template <class S, class G>
  row_numbers<T> numbers(const device_request<S, T, G>&, index_type first) const {
    return {norms_ + first, numbers_factors_ == nullptr ? nullptr : numbers_factors_ + first,
            numbers_offsets_ == nullptr ? nullptr : numbers_offsets_ + first};
  }

  // ---- rows

  template <class S, class G>
  void prepare(Machine& machine, const device_request<S, T, G>& r) {
    index_type first = 0;
    for (int a = 0; a < r.count; first += r.arguments[a++].rows.rows)
      machine.each_short_row(r.arguments[a].rows.rows, read_rows<S, R>{r.arguments[a].rows, rows_ + first * stride_, stride_});
    double* mean = nullptr;
    if (r.similarity == similarity::negative_squared_euclidean) {
      mean = means_ + num_parts_ * dim_;
      machine.each_row(num_parts_, sum_columns<R>{rows_, total_, dim_, stride_, rows_per_part_, means_});
      machine.each(dim_, find_mean{means_, num_parts_, total_, dim_, mean});
    }
    machine.each_short_row(total_, shape_rows<T, R>{r.similarity, rows_, dim_, stride_, mean, r.temperature, numbers(r, 0)});
    machine.each(n_, fill<anchor_sums>{sums_, {}});
    if (r.both_ways) machine.each(m_, fill<anchor_sums>{turned_sums_, {}});
    machine.each(1, fill<int>{broken_, 0});
  }

  // ---- tiles

  /// Calls visit(place, weights) for the tiles of logits, of anchors against candidates or turned.
  template <class P, class S, class G, class Visit>
  void for_each_tile(Machine& machine, const P& pairs, const device_request<S, T, G>& r, bool turned, Visit visit) {
    const index_type first_row = turned ? tiled_begin_ : 0, end_row = turned ? tiled_end_ : n_;
    const index_type first_column = turned ? 0 : tiled_begin_, end_column = turned ? n_ : tiled_end_;
    const index_type row_base = turned ? r.ranges.candidate_begin : r.ranges.anchor_begin;
    const index_type column_base = turned ? r.ranges.anchor_begin : r.ranges.candidate_begin;
    for (index_type row = first_row; row < end_row; row += tile_rows_)
      for (index_type column = first_column; column < end_column; column += tile_columns_) {
        const index_type rows = std::min(tile_rows_, end_row - row), columns = std::min(tile_columns_, end_column - column);
        const tile there =
            turned ? tile{column, column + columns, row, row + rows} : tile{row, row + rows, column, column + columns};
        const tile_weights weights = weights_of(pairs, there);
        if (weights == tile_weights::zeros && contrastive::detail::lists_positives<P>()) continue;
        const tile_place<T> place{tile_, tile_stride_, row, column, columns, row_base + row, column_base + column, turned};
        machine.multiply(product<R, T>{rows, columns, dim_, rows_ + place.row_base * stride_, stride_, false,
                                       rows_ + place.column_base * stride_, stride_, true, 1 / r.temperature, false, tile_,
                                       tile_stride_});
        visit(place, rows, weights);
      }
  }
  template <class P>
  static tile_weights weights_of(const P& pairs, const tile& t) {
    if constexpr (requires { pairs.weights_of(t); }) {
      const tile_weights weights = pairs.weights_of(t);
      const bool off_diagonal = t.anchor_end <= t.candidate_begin || t.candidate_end <= t.anchor_begin;
      return weights == tile_weights::ones_off_diagonal && off_diagonal ? tile_weights::ones : weights;
    } else {
      return tile_weights::general;
    }
  }

  // ---- sums

  template <class P, class S, class G>
  void forward(Machine& machine, const pair_lists<P>& lists, const device_request<S, T, G>& r) {
    const index_type entries = n_ * per_anchor_;
    if (entries > 0) machine.each(entries, fill<T>{listed_, std::numeric_limits<T>::quiet_NaN()});
    for (int direction = 0; direction < (r.both_ways ? 2 : 1); ++direction)
      for_each_tile(machine, lists.pairs, r, direction == 1,
                    [&](const tile_place<T>& place, index_type rows, tile_weights weights) {
                      machine.each_row(rows, sum_tile<P, T>{lists.pairs, place, weights, rule(), common_, log_sum(r),
                                                            direction == 1 ? turned_sums_ : sums_});
                      if (direction == 0 && per_anchor_ > 0)
                        machine.each(rows * per_anchor_, keep_listed<P, T>{lists, place, rule(), listed_});
                    });
    if (entries == 0) return;
    machine.each_short_row(entries,
                           multiply_listed<P, T, R>{lists, rows_ + r.ranges.anchor_begin * stride_,
                                                    rows_ + r.ranges.candidate_begin * stride_, r.ranges.anchor_begin,
                                                    r.ranges.candidate_begin, dim_, stride_, r.temperature, rule(), listed_});
    machine.each(n_, add_listed<P, T>{lists, listed_, log_sum(r), sums_, broken_});
    if (!sorts(r.both_ways)) return;
    machine.each(entries, list_candidates<P>{lists, order_[0], order_[1]});
    machine.sort(order_[0], order_[1], order_[2], order_[3], entries, m_, sort_memory_, sort_bytes_);
    if (r.both_ways) machine.each(m_, add_listed_turned<P, T>{lists, order(), listed_, log_sum(r), turned_sums_});
  }
  candidate_lists order() const { return {order_[2], order_[3], n_ * per_anchor_}; }

  // ---- gradients

  template <class P, class S, class G>
  void backward(Machine& machine, const pair_lists<P>& lists, const device_request<S, T, G>& r) {
    const double shift = common_.shift;
    machine.each(n_, find_gains<T>{sums_, known_, log_sum(r), normalizes<P>(), shift, gains_});
    if (r.both_ways) machine.each(m_, find_gains<T>{turned_sums_, known_, log_sum(r), normalizes<P>(), shift, turned_gains_});
    machine.each(n_, fill<double>{temperature_, 0});
    if (num_sums_ > 0) machine.each(num_sums_ * stride_, fill<T>{h_, 0});
    const anchor_gains<T>* columns = symmetric_ ? gains_ : turned_gains_;
    if (!r.both_ways && !symmetric_) columns = nullptr;
    for_each_tile(machine, lists.pairs, r, false, [&](const tile_place<T>& place, index_type rows, tile_weights weights) {
      machine.each_row(rows, slope_tile<P, T, R>{lists.pairs, place, slopes_, weights, rule(), common_, log_sum(r), gains_,
                                                 columns, r.both_ways, temperature_});
      // The slopes of a symmetric loss hold both roles of a row, and its anchors are all of its rows.
      for_each_sum(place.row_base, rows, [&](index_type offset, index_type count, T* h) {
        machine.multiply(product<R, T>{count, sums_dim_, place.columns, slopes_ + offset * tile_stride_, tile_stride_, false,
                                       rows_ + place.column_base * stride_, stride_, false, 1, true, h, stride_});
      });
      if (symmetric_) return;
      for_each_sum(place.column_base, place.columns, [&](index_type offset, index_type count, T* h) {
        machine.multiply(product<R, T>{count, sums_dim_, rows, slopes_ + offset, tile_stride_, true,
                                       rows_ + place.row_base * stride_, stride_, false, 1, true, h, stride_});
      });
    });
    if (per_anchor_ > 0) {
      machine.each(n_, slope_listed<P, T>{lists, rule(), r.ranges.anchor_begin, r.ranges.candidate_begin, log_sum(r), gains_,
                                          r.both_ways ? turned_gains_ : nullptr, listed_, temperature_});
      for (const segment& s : segments_)
        machine.each_short_row(s.end - s.begin, gather_listed<P, T, R>{lists, order(), listed_, rows_, r.ranges.anchor_begin,
                                                                       n_, r.ranges.candidate_begin, m_, s.begin, sums_dim_,
                                                                       stride_, h_ + s.sums_row * stride_});
    }
    for (const segment& s : segments_) {
      const auto& to = r.arguments[s.argument].gradient;
      machine.each_short_row(s.end - s.begin,
                             write_gradient<T, R, G>{r.similarity, rows_ + s.begin * stride_, h_ + s.sums_row * stride_, dim_,
                                                     stride_, numbers(r, s.begin), r.temperature, known_, to});
    }
  }
  /// Calls visit(offset, count, h) for each run of `count` global rows from `begin` on whose H is wanted.
  template <class Visit>
  void for_each_sum(index_type begin, index_type count, Visit visit) const {
    for (const segment& s : segments_) {
      const index_type first = std::max(begin, s.begin), last = std::min(begin + count, s.end);
      if (first < last) visit(first - begin, last - first, h_ + (s.sums_row + first - s.begin) * stride_);
    }
  }

  // Of the call that was planned.
  index_type n_ = 0, m_ = 0, total_ = 0;  // anchors, candidates, rows
  index_type dim_ = 0, sums_dim_ = 0, stride_ = 0;
  index_type tiled_begin_ = 0, tiled_end_ = 0, per_anchor_ = 0;
  bool symmetric_ = false, gradients_ = false;
  common_shift common_{};
  index_type tile_rows_ = 0, tile_columns_ = 0, tile_stride_ = 0;
  index_type num_parts_ = 0, rows_per_part_ = 0, num_sums_ = 0;
  std::size_t sort_bytes_ = 0;
  std::vector<segment> segments_;

  // Its memory.
  R* rows_ = nullptr;
  double *norms_ = nullptr, *means_ = nullptr, *factors_ = nullptr, *temperature_ = nullptr;
  T *numbers_factors_ = nullptr, *numbers_offsets_ = nullptr, *tile_ = nullptr, *listed_ = nullptr, *h_ = nullptr;
  R* slopes_ = nullptr;
  anchor_sums *sums_ = nullptr, *turned_sums_ = nullptr;
  anchor_gains<T>*gains_ = nullptr, *turned_gains_ = nullptr;
  summary* known_ = nullptr;
  int* broken_ = nullptr;
  index_type* order_[4] = {};  // candidates and entries, and both sorted
  std::byte* sort_memory_ = nullptr;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
