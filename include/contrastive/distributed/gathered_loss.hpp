// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss with what all ranks know of their rows in place of what one rank knows: labels, ids, probabilities, parameters. With
// these it is the loss of the whole problem, whose pairs have the numbers that they have there.
#pragma once

#include <algorithm>
#include <concepts>
#include <contrastive/core/label_view.hpp>
#include <contrastive/core/weight_view.hpp>
#include <contrastive/distributed/spread_rows.hpp>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// visit(name, list, arguments, or_first) for the lists of a loss that have an entry a row, by the members' names, whoever
/// wrote it: label_view labels, ids, negative_ids, and weight_view candidate_probabilities.
template <class L, class Visit>
void each_row_list(L& loss, int num_arguments, Visit visit) {
  const bool classes = loss.arrangement == arrangement::first_against_all;
  const bool pairs = loss.arrangement == arrangement::both_ways;
  if constexpr (requires { requires std::same_as<decltype(loss.labels), label_view>; })
    visit("labels", loss.labels, argument_range{0, classes ? 1 : num_arguments}, !classes);
  if constexpr (requires { requires std::same_as<decltype(loss.ids), label_view>; })
    visit("ids", loss.ids, argument_range{0, 1}, false);
  if constexpr (requires { requires std::same_as<decltype(loss.negative_ids), label_view>; })
    visit("negative_ids", loss.negative_ids, argument_range{2, 3}, false);
  if constexpr (requires { requires std::same_as<decltype(loss.candidate_probabilities), weight_view>; })
    visit("candidate_probabilities", loss.candidate_probabilities, argument_range{pairs ? 0 : 1, pairs ? 1 : num_arguments},
          false);
}

template <class L>
class gathered_loss {
 public:
  explicit gathered_loss(const L& loss) : loss_(loss) {}

  /// The lists of which the ranks have to agree, those that are gathered first; returns how many.
  int lists(int num_arguments, row_list* to) {
    int count = 0;
    each_row_list(loss_, num_arguments, [&](const char* name, const auto& list, const argument_range& of, bool or_first) {
      to[count++] = {name, list.size(), of, or_first};
    });
    to[count++] = {"anchor_weights", detail::anchor_weights_of(loss_).size(), anchors_of(loss_.arrangement, num_arguments)};
    return count;
  }

  /// Fetches what is the other ranks'.
  void gather(joint_call& call, const spread_rows& rows, const row_list* lists) {
    each_row_list(loss_, rows.count(), [&](const char* name, auto& list, const argument_range&, bool) {
      const row_list& of = *lists++;
      if (of.of.first == of.of.end) return;
      if constexpr (std::same_as<std::remove_cvref_t<decltype(list)>, label_view>)
        gather(call, rows, of.of, name, list, integers_[num_integers_++]);
      else
        gather(call, rows, of.of, name, list, numbers_);
    });
    if constexpr (requires { loss_.weights.anchors_elsewhere; }) take_rows(call, rows, "weights", loss_.weights);
    if constexpr (requires { loss_.targets.anchors_elsewhere; }) take_rows(call, rows, "targets", loss_.targets);
    if constexpr (requires { loss_.weights.num_keys_as_negatives; }) {
      gather(call, rows, 1, "parameters of the keys", loss_.weights.keys);
      if (rows.count() > 2) gather(call, rows, 2, "parameters of the further negatives", loss_.weights.further);
    }
  }
  const L& loss() const { return loss_; }
  /// Has this rank the weights of all pairs, and not of its own anchors' alone?
  static constexpr bool knows_all_pairs() {
    return !requires(L l) { l.weights.anchors_elsewhere; }
    &&!requires(L l) { l.targets.anchors_elsewhere; };
  }

 private:
  template <class List, class Number>
  static void gather(joint_call& call, const spread_rows& rows, const argument_range& of, const char* name, List& list,
                     std::vector<Number>& all) {
    call.attempt([&] {
      if (list.size() > 0) detail::check_memory(detail::loss_name<L>(), name, list.data());
      index_type total = 0, read = 0;
      for (int a = of.first; a < of.end; ++a) total += rows[a].total();
      all.resize(static_cast<std::size_t>(total));
      for (int a = of.first; a < of.end; ++a) {
        Number* const here = all.data() + (rows[a].begin(rows.rank) - rows[of.first].first);
        for (index_type r = 0; r < rows[a].rows_on(rows.rank); ++r) here[r] = static_cast<Number>(list[read++]);
      }
    });
    call.meet();
    for (int a = of.first; a < of.end; ++a)
      if (!rows[a].replicated) call.gather_blocks(rows[a].rows, all.data() + (rows[a].first - rows[of.first].first));
    list = List(all);
  }
  /// A matrix with rows for the anchors of this rank needs no other ones.
  template <class Matrix>
  static void take_rows(joint_call& call, const spread_rows& rows, const char* name, Matrix& of) {
    const index_type here = rows[0].rows_on(rows.rank);
    call.attempt([&] {
      if (of.values.rows != here)
        detail::refuse(detail::loss_name<L>(), name, std::to_string(here) + " rows, one an anchor of this rank",
                       std::to_string(of.values.rows) + " rows");
    });
    of.first_anchor = rows[0].begin(rows.rank), of.anchors_elsewhere = rows[0].total() - here;
  }
  void gather(joint_call& call, const spread_rows& rows, int argument, const char* name, matrix_view<const float>& of) {
    const spread_argument& a = rows[argument];
    struct columns {
      std::int64_t cols;
    };
    const answers<columns> of_ranks = call.exchange(columns{of.rows > 0 ? of.cols : 0});
    index_type cols = 0;
    for (std::size_t r = 0; r < of_ranks.size(); ++r) cols = std::max<index_type>(cols, of_ranks[r].cols);
    std::vector<float>& all = parameters_[argument - 1];
    std::vector<index_type> counts;
    call.attempt([&] {
      if (of.rows != a.rows_on(rows.rank) || (of.rows > 0 && (of.cols != cols || of.data == nullptr)))
        detail::refuse(detail::loss_name<L>(), name,
                       '(' + std::to_string(a.rows_on(rows.rank)) + ", " + std::to_string(cols) + ") on this rank",
                       '(' + std::to_string(of.rows) + ", " + std::to_string(of.cols) + ")");
      all.resize(static_cast<std::size_t>(a.total() * cols));
      for (const index_type r : a.rows) counts.push_back(r * cols);
      float* const own = all.data() + (a.begin(rows.rank) - a.first) * cols;
      for (index_type r = 0; r < of.rows; ++r)
        for (index_type c = 0; c < cols; ++c) own[r * cols + c] = of(r, c);
    });
    call.meet();
    if (!a.replicated) call.gather_blocks(counts, all.data());
    of = {all.data(), a.total(), cols};
  }

  L loss_;
  std::vector<std::int64_t> integers_[3];  // labels, ids, negative_ids
  std::size_t num_integers_ = 0;
  std::vector<double> numbers_;
  std::vector<float> parameters_[2];
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
