// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The order in which the engine takes the anchors: by class, where the loss names classes, so that tiles of two classes are
// plain and those of one class few.
#pragma once

#include <algorithm>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/problem.hpp>
#include <cstdint>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

class row_order {
 public:
  /// Numbers the anchors of a call by class and tells its pairs and the problem, where that is worth it.
  template <class T>
  void make(problem<T>& p, const loss_functions<T>& f) {
    if (!can_order(p, f)) return;
    const index_type n = p.ranges.num_anchors();
    for (order& o : orders_) o.rows.reserve(n), o.classes.reserve(n);
    index_type* rows = orders_[0].rows.data();
    std::int64_t* classes = orders_[0].classes.data();
    bool sorted = true;
    for (index_type i = 0; i < n; ++i) {
      rows[i] = i, classes[i] = f.row_class(f.pairs, i);
      sorted = sorted && (i == 0 || classes[i - 1] <= classes[i]);
    }
    const order& by_class = sorted ? orders_[0] : sort(n);
    f.renumber(f.pairs, by_class.rows.data(), by_class.classes.data());
    p.classes = by_class.classes.data();
    if (!sorted) p.order = by_class.rows.data();
  }

 private:
  // Measured with d = 128: 64 rows lie in one block, and an order costs 4 to 7 %. With 96 it saves up to 17 % (sincere, N/4
  // classes) and costs at most 5 % (conditional_contrastive, ten classes); with 192 it saves 4 to 24 %.
  static constexpr index_type least_rows = 96;

  struct order {
    aligned_buffer<index_type> rows;       // (n)
    aligned_buffer<std::int64_t> classes;  // (n)
  };

  /// By class, and in a class as they came: by one byte of the class after another from the last on, each time from one of
  /// orders_ to the other.
  const order& sort(index_type n) {
    const std::int64_t* const all = orders_[0].classes.data();
    const auto [least, most] = std::minmax_element(all, all + n);
    const auto first = static_cast<std::uint64_t>(*least), range = static_cast<std::uint64_t>(*most) - first;
    order *from = &orders_[0], *to = &orders_[1];
    for (int shift = 0; shift < 64 && range >> shift != 0; shift += 8) {
      const auto byte = [&](index_type i) {
        return (static_cast<std::uint64_t>(from->classes.data()[i]) - first) >> shift & 255;
      };
      index_type next[257] = {};  // where the next row of each byte goes
      for (index_type i = 0; i < n; ++i) ++next[byte(i) + 1];
      for (int b = 0; b < 256; ++b) next[b + 1] += next[b];
      for (index_type i = 0; i < n; ++i) {
        const index_type at = next[byte(i)]++;
        to->rows.data()[at] = from->rows.data()[i], to->classes.data()[at] = from->classes.data()[i];
      }
      std::swap(from, to);
    }
    return *from;
  }

  /// Not the rows of a part, which the caller numbers; nor those of which some want a gradient and some do not, nor where the
  /// first anchors mean something to a step over the batch.
  template <class T>
  static bool can_order(const problem<T>& p, const loss_functions<T>& f) {
    const index_type n = p.ranges.num_anchors();
    if (f.row_class == nullptr || p.is_part() || !p.same_rows() || f.tiled_end < n || f.batch_term != nullptr || n < least_rows)
      return false;
    bool same = true;
    index_type rows = 0;
    for (int a = 0; rows < n; rows += p.arguments[a++].rows)
      same = same && p.arguments[a].needs_gradient == p.arguments[0].needs_gradient;
    return same;
  }

  order orders_[2];
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
