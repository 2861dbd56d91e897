// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss with what all ranks know of their rows in place of what one rank knows: labels, ids, probabilities, parameters. With
// these it is the loss of the whole problem, whose pairs have the numbers that they have there.
#pragma once

#include <contrastive/core/label_view.hpp>
#include <contrastive/core/weight_view.hpp>
#include <contrastive/distributed/spread_rows.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// visit(name, list, arguments, or_first) for the lists of a loss that have an entry a row, by the members' names, whoever
/// wrote it: labels, ids, negative_ids, candidate_probabilities.
template <class L, class Visit>
void each_row_list(L& loss, int num_arguments, Visit visit) {
  const bool classes = loss.arrangement == arrangement::first_against_all;
  const bool pairs = loss.arrangement == arrangement::both_ways;
  if constexpr (requires { label_view(loss.labels); })
    visit("labels", loss.labels, argument_range{0, classes ? 1 : num_arguments}, !classes);
  if constexpr (requires { label_view(loss.ids); }) visit("ids", loss.ids, argument_range{0, 1}, false);
  if constexpr (requires { label_view(loss.negative_ids); })
    visit("negative_ids", loss.negative_ids, argument_range{2, 3}, false);
  if constexpr (requires { weight_view(loss.candidate_probabilities); })
    visit("candidate_probabilities", loss.candidate_probabilities, argument_range{pairs ? 0 : 1, pairs ? 1 : num_arguments},
          false);
}

template <class L>
class gathered_loss {
 public:
  explicit gathered_loss(const L& loss) : loss_(loss) {}

  /// The lists, of which the ranks agree; returns how many.
  int lists(int num_arguments, row_list* to) {
    int count = 0;
    each_row_list(loss_, num_arguments, [&](const char* name, const auto& list, const argument_range& of, bool or_first) {
      to[count++] = {name, list.size(), of, or_first};
    });
    return count;
  }

  /// Fetches what is the other ranks'.
  void gather(joint_call& call, const spread_rows& rows, const row_list* lists) {
    each_row_list(loss_, rows.count(), [&](const char*, auto& list, const argument_range&, bool) {
      const row_list& of = *lists++;
      if (of.of.first == of.of.end) return;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(list)>, label_view>)
        list = label_view(gather(call, rows, of.of, list, integers_.emplace_back()));
      else
        list = weight_view(gather(call, rows, of.of, list, numbers_.emplace_back()));
    });
    if constexpr (requires { loss_.weights.anchors_elsewhere; }) take_rows(rows, "weights", loss_.weights);
    if constexpr (requires { loss_.targets.anchors_elsewhere; }) take_rows(rows, "targets", loss_.targets);
    if constexpr (requires { loss_.weights.num_keys_as_negatives; }) {
      gather(call, rows, 1, "parameters of the keys", loss_.weights.keys);
      if (rows.count() > 2) gather(call, rows, 2, "parameters of the further negatives", loss_.weights.further);
    }
  }
  const L& loss() const { return loss_; }

 private:
  template <class List, class Number>
  static const std::vector<Number>& gather(joint_call& call, const spread_rows& rows, const argument_range& of, const List& own,
                                           std::vector<Number>& all) {
    index_type total = 0, read = 0;
    for (int a = of.first; a < of.end; ++a) total += rows[a].total();
    call.attempt([&] { all.resize(static_cast<std::size_t>(total)); });
    call.exchange(0);
    for (int a = of.first; a < of.end; ++a) {
      Number* const here = all.data() + (rows[a].first - rows[of.first].first);
      const index_type begin = rows[a].begin(rows.rank) - rows[a].first;
      for (index_type r = 0; r < rows[a].rows_on(rows.rank); ++r) here[begin + r] = static_cast<Number>(own[read++]);
      if (!rows[a].replicated) call.gather_blocks(rows[a].rows, here);
    }
    return all;
  }
  /// A matrix with rows for the anchors of this rank needs no other ones.
  template <class Matrix>
  static void take_rows(const spread_rows& rows, const char* name, Matrix& of) {
    const index_type here = rows[0].rows_on(rows.rank);
    if (of.values.rows != here)
      detail::refuse(L::name, name, std::to_string(here) + " rows, one an anchor of this rank",
                     std::to_string(of.values.rows) + " rows");
    of.first_anchor = rows[0].begin(rows.rank), of.anchors_elsewhere = rows[0].total() - here;
  }
  void gather(joint_call& call, const spread_rows& rows, int argument, const char* name, matrix_view<const float>& of) {
    const spread_argument& a = rows[argument];
    struct columns {
      std::int64_t rows, cols;
    };
    index_type cols = 0;
    for (const columns& c : call.exchange(columns{of.rows, of.cols})) cols = std::max<index_type>(cols, c.cols);
    std::vector<float>& all = parameters_[argument - 1];
    call.attempt([&] {
      if (of.rows != a.rows_on(rows.rank) || (of.rows > 0 && of.cols != cols))
        detail::refuse(L::name, name,
                       '(' + std::to_string(a.rows_on(rows.rank)) + ", " + std::to_string(cols) + ") on this rank",
                       '(' + std::to_string(of.rows) + ", " + std::to_string(of.cols) + ")");
      all.resize(static_cast<std::size_t>(a.total() * cols));
    });
    call.exchange(0);
    float* const own = all.data() + (a.begin(rows.rank) - a.first) * cols;
    for (index_type r = 0; r < of.rows; ++r)
      for (index_type c = 0; c < cols; ++c) own[r * cols + c] = of(r, c);
    std::vector<index_type> counts;
    for (const index_type r : a.rows) counts.push_back(r * cols);
    if (!a.replicated) call.gather_blocks(counts, all.data());
    of = {all.data(), a.total(), cols};
  }

  L loss_;
  std::deque<std::vector<std::int64_t>> integers_;
  std::deque<std::vector<double>> numbers_;
  std::vector<float> parameters_[2];
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
