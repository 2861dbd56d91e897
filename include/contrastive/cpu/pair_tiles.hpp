// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// All pairs of n anchors and n candidates, a strip of logits at a time, for what is measured of them without a gradient.
#pragma once

#include <algorithm>
#include <contrastive/cpu/kernels/dispatch.hpp>
#include <contrastive/cpu/products.hpp>
#include <contrastive/cpu/thread_team.hpp>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// Candidate i is anchor i's own; where anchors are candidates too, the anchor itself.
template <class T>
class pair_tiles {
 public:
  /// One thread's memory.
  struct scratch {
    aligned_buffer<T> x;     // a strip
    aligned_buffer<T> rows;  // (5, strip rows): what kernels take and give
    product_scratch<T> products;
  };

  /// Takes all memory; the problem has its ranges.
  pair_tiles(const problem<T>& p, int threads)
      : p_(p), kernels_(kernels_for<T>(best_instruction_set())), team_(threads), products_(kernels_) {
    const index_type n = plan_.n = plan_.tiled_end = p.ranges.num_anchors();
    plan_.anchors = plan_.candidates = blocks::of(n, kernels_.width, least_block, largest_block, fewest_blocks);
    products_.reserve(p_, plan_);
    constexpr index_type worth_threads = 4'000'000;  // multiply-adds: what the engine takes for worth it
    scratch_.resize(static_cast<std::size_t>(team_.prepare(n * n * p.arguments[0].cols >= worth_threads)));
    for (scratch& s : scratch_) {
      s.x.reserve(plan_.strip_rows * row_length(largest_block)), s.rows.reserve(5 * plan_.strip_rows);
      products_.reserve(s.products);
    }
  }
  pair_tiles(const pair_tiles&) = delete;
  pair_tiles& operator=(const pair_tiles&) = delete;

  const kernel_table<T>& kernels() const { return kernels_; }

  /// Calls visit(scratch, tile, strip) for every pair, on all threads. All strips of an anchor come on one thread, in an order
  /// that depends on n alone, and first the one that holds its own candidate. Where anchors are candidates too, blocks of rows
  /// meet once and not in both orders.
  template <class Visit>
  void each(Visit visit) {
    const auto body = [&](index_type thread) {
      scratch& s = scratch_[static_cast<std::size_t>(thread)];
      products_.prepare(team_, s.products, 0, [](index_type) {});
      const index_type count = plan_.anchors.count();
      team_.share(count, [&](index_type I) {
        const index_type last = p_.same_rows() ? count : I + count;
        for (index_type J = I; J < last; ++J) each_strip(s, I, J % count, visit);
      });
    };
    team_.run(body);
  }
  /// Calls visit(anchor, logit) for the own candidates that a strip holds.
  template <class Visit>
  static void each_own(const tile& t, const strip<T>& logits, Visit visit) {
    for (index_type i = std::max(t.anchor_begin, t.candidate_begin); i < std::min(t.anchor_end, t.candidate_end); ++i)
      visit(i, logits.x[(i - t.anchor_begin) * logits.ld + i - t.candidate_begin]);
  }

  /// False where a row holds NaN or infinity; after each().
  bool finite() const { return products_.finite(); }

 private:
  index_type row_length(index_type columns) const { return plan<T>::row_length(columns, kernels_.width); }

  template <class Visit>
  void each_strip(scratch& s, index_type I, index_type J, Visit& visit) {
    const index_type width = kernels_.width, first = plan_.candidates.begin(J), last = plan_.candidates.end(J),
                     panels = (last - first + width - 1) / width, columns = panels * width, ld = row_length(columns);
    for (index_type begin = plan_.anchors.begin(I); begin < plan_.anchors.end(I); begin += plan_.strip_rows) {
      const tile t{begin, std::min(begin + plan_.strip_rows, plan_.anchors.end(I)), first, last};
      const strip<T> logits{s.x.data(), t.anchor_end - begin, columns, ld};
      products_.logits(s.products, t, panels, logits.x, ld);
      for (index_type r = 0; r < logits.num_rows; ++r)
        std::fill(logits.x + r * ld + (last - first), logits.x + r * ld + columns, excluded<T>);
      visit(s, t, logits);
    }
  }

  const problem<T> p_;
  kernel_table<T> kernels_;
  thread_team team_;
  products<T> products_;
  plan<T> plan_;
  std::vector<scratch> scratch_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
