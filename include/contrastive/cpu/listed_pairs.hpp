// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The pairs that a loss lists: looked at one by one, in double, with logits that strips hand over as they pass. What is handed
// over leaves its strip, so that each pair is in one sum once, and a positive is the same number wherever it stands.
#pragma once

#include <algorithm>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/problem.hpp>
#include <limits>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
class listed_pairs {
 public:
  static constexpr index_type group = 64;  // anchors that are one task, and share bounds of their candidates

  /// Asks the loss for its lists; refuses candidates that are not there.
  void find(const problem<T>& p, const loss_functions<T>& f) {
    n_ = p.ranges.num_anchors(), per_anchor_ = f.listed_per_anchor;
    const index_type candidates = p.ranges.num_candidates();
    candidates_.reserve(n_ * per_anchor_);
    numbers_.reserve(n_ * per_anchor_);
    bounds_.reserve(num_groups() * per_anchor_);
    for (index_type g = 0; g < num_groups(); ++g)
      for (index_type t = 0; t < per_anchor_; ++t) {
        bound& of = bounds_.data()[g * per_anchor_ + t] = {candidates, -1};
        for (index_type i = g * group; i < std::min(n_, (g + 1) * group); ++i) {
          const index_type anchor = f.first_anchor + i;
          index_type j = f.listed(f.pairs, anchor, t);
          if (j != no_candidate && (j < 0 || j >= f.num_candidates))
            contrastive::detail::refuse(p.who, "listed(" + std::to_string(anchor) + ", " + std::to_string(t) + ")",
                                        "a candidate, 0 to " + std::to_string(f.num_candidates - 1) + ", or no_candidate", j);
          if (j != no_candidate) j -= f.first_candidate;
          if (j < 0 || j >= candidates) j = no_candidate;  // in another part of the problem
          candidates_.data()[i * per_anchor_ + t] = j;
          if (j != no_candidate) of = {std::min(of.least, j), std::max(of.most, j)};
        }
      }
  }
  index_type per_anchor() const { return per_anchor_; }
  index_type num_groups() const { return (n_ + group - 1) / group; }
  /// The t-th candidate of anchor i, or no_candidate.
  index_type candidate(index_type i, index_type t) const { return candidates_.data()[i * per_anchor_ + t]; }
  /// The arm of a pair, and in the backward pass its slope instead.
  T& number(index_type i, index_type t) { return numbers_.data()[i * per_anchor_ + t]; }

  /// Says of group g that no strip has handed over anything.
  void clear(index_type g) {
    std::fill(numbers_.data() + g * group * per_anchor_, numbers_.data() + std::min(n_, (g + 1) * group) * per_anchor_,
              std::numeric_limits<T>::quiet_NaN());
  }
  /// visit(i, j, number) for the pairs of all groups that hold an anchor of [begin, end) or may list a candidate of [first,
  /// last).
  template <class Visit>
  void each_that_reaches(index_type begin, index_type end, index_type first, index_type last, Visit visit) const {
    for (index_type g = 0; g < num_groups(); ++g) {
      bool reaches = begin < (g + 1) * group && g * group < end;
      for (index_type t = 0; t < per_anchor_; ++t) {
        const bound& of = bounds_.data()[g * per_anchor_ + t];
        reaches = reaches || (of.most >= first && of.least < last);
      }
      if (!reaches) continue;
      for (index_type at = g * group * per_anchor_; at < std::min(n_, (g + 1) * group) * per_anchor_; ++at)
        if (const index_type j = candidates_.data()[at]; j != no_candidate) visit(at / per_anchor_, j, numbers_.data()[at]);
    }
  }
  /// Takes the listed pairs of a tile out of its strip; `keep`: and their logits. `both_orders`: the strip stands for the pairs
  /// (j, i) too.
  void take(const tile& t, T* x, index_type ld, bool keep, bool both_orders) {
    if (per_anchor_ == 0) return;
    const auto rows = [&](auto visit) {
      each_within(t.anchor_begin, t.anchor_end, t.candidate_begin, t.candidate_end,
                  [&](index_type entry, index_type i, index_type j) {
                    visit(entry, x[(i - t.anchor_begin) * ld + (j - t.candidate_begin)]);
                  });
    };
    const auto columns = [&](auto visit) {
      if (both_orders)
        each_within(t.candidate_begin, t.candidate_end, t.anchor_begin, t.anchor_end,
                    [&](index_type entry, index_type i, index_type j) {
                      visit(entry, x[(j - t.anchor_begin) * ld + (i - t.candidate_begin)]);
                    });
    };
    const auto copy = [&](index_type entry, const T& logit) { numbers_.data()[entry] = logit; };
    const auto exclude = [](index_type, T& logit) { logit = excluded<T>; };
    if (keep) rows(copy), columns(copy);
    rows(exclude), columns(exclude);
  }

 private:
  struct bound {
    index_type least, most;
  };

  /// visit(entry, i, j) for the entries of anchors [begin, end) whose candidate lies in [first, last).
  template <class Visit>
  void each_within(index_type begin, index_type end, index_type first, index_type last, Visit visit) const {
    for (index_type g = begin / group; g * group < end; ++g)
      for (index_type t = 0; t < per_anchor_; ++t) {
        const bound& of = bounds_.data()[g * per_anchor_ + t];
        if (of.most < first || of.least >= last) continue;
        for (index_type i = std::max(begin, g * group); i < std::min(end, (g + 1) * group); ++i)
          if (const index_type j = candidate(i, t); first <= j && j < last) visit(i * per_anchor_ + t, i, j);
      }
  }

  index_type n_ = 0, per_anchor_ = 0;
  aligned_buffer<index_type> candidates_;  // (n, per_anchor)
  aligned_buffer<T> numbers_;              // likewise
  aligned_buffer<bound> bounds_;           // (groups, per_anchor)
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
