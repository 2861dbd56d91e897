// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the distributed evaluator, compiled once.
#include <algorithm>
#include <contrastive/distributed/evaluator.hpp>
#include <deque>
#include <distributed/on_ranks.hpp>
#include <support/agreement.hpp>
#include <support/engines.hpp>
#include <support/random.hpp>

namespace contrastive::testing {
namespace {

template <class L>
bool has_own_negatives(const L& loss) {
  if constexpr (requires { loss.negatives; }) return loss.negatives == negatives::per_anchor;
  return false;
}
/// Class proxies are the same on all ranks; so that queues are looked at both ways, those of odd seeds are, too.
template <class L>
bool last_is_replicated(const L& loss, std::size_t arguments, std::uint64_t seed) {
  if (loss.arrangement == arrangement::first_against_all) return arguments == 2 && requires {
      loss.labels;
    };
  return arguments == 3 && loss.arrangement == arrangement::first_against_rest && !has_own_negatives(loss) && seed % 2 == 1;
}

/// A loss with the entries of its lists that belong to the rows of one rank.
template <class L>
class loss_of_rank {
 public:
  loss_of_rank(const L& whole, const cut& where, int rank) : loss(whole), where_(where), rank_(rank) {
    const std::size_t all = where.bounds.size(), anchors = whole.arrangement == arrangement::all_against_all ? all : 1;
    if constexpr (requires { whole.labels; }) {
      const bool shared = whole.labels.size() == where.bounds[0].back();
      loss.labels = label_view(taken(whole.labels, 0, shared ? 1 : anchors, integers_));
    }
    if constexpr (requires { whole.ids; }) loss.ids = label_view(taken(whole.ids, 0, 1, integers_));
    if constexpr (requires { whole.negative_ids; })
      if (all > 2) loss.negative_ids = label_view(taken(whole.negative_ids, 2, 3, integers_));
    if constexpr (requires { whole.anchor_weights; })
      loss.anchor_weights = weight_view(taken(whole.anchor_weights, 0, anchors, numbers_));
    if constexpr (requires { whole.candidate_probabilities; }) {
      const bool pairs = whole.arrangement == arrangement::both_ways;
      loss.candidate_probabilities =
          weight_view(taken(whole.candidate_probabilities, pairs ? 0 : 1, pairs ? 1 : all, numbers_));
    }
    if constexpr (requires { whole.weights.values; }) loss.weights.values = rows_of(whole.weights.values, 0);
    if constexpr (requires { whole.targets.values; }) loss.targets.values = rows_of(whole.targets.values, 0);
    if constexpr (requires { whole.weights.keys; }) {
      loss.weights.keys = rows_of(whole.weights.keys, 1);
      if (all > 2) loss.weights.further = rows_of(whole.weights.further, 2);
    }
  }

  L loss;

 private:
  /// Entries of the rows of arguments [first, end) that are this rank's.
  template <class List, class Number>
  const std::vector<Number>& taken(const List& whole, std::size_t first, std::size_t end,
                                   std::deque<std::vector<Number>>& memory) {
    std::vector<Number>& mine = memory.emplace_back();
    index_type before = 0;
    for (std::size_t a = first; whole.size() > 0 && a < end; before += where_.bounds[a].back(), ++a) {
      const index_type begin = where_.replicated(a) ? 0 : where_.begin(a, rank_),
                       last = where_.replicated(a) ? where_.bounds[a].back() : where_.begin(a, rank_ + 1);
      for (index_type r = begin; r < last; ++r) mine.push_back(static_cast<Number>(whole[before + r]));
    }
    return mine;
  }
  matrix_view<const float> rows_of(const matrix_view<const float>& whole, std::size_t argument) const {
    matrix_view<const float> mine = whole;
    if (where_.replicated(argument)) return mine;
    mine.data += where_.begin(argument, rank_) * whole.row_stride, mine.rows = where_.rows(argument, rank_);
    return mine;
  }

  const cut& where_;
  int rank_;
  std::deque<std::vector<std::int64_t>> integers_;
  std::deque<std::vector<double>> numbers_;
};

template <class T>
views<T> rows_of_rank(const views<T>& whole, const cut& where, int rank) {
  views<T> mine = whole;
  for (std::size_t a = 0; a < mine.size(); ++a)
    if (!where.replicated(a)) mine[a].data += where.begin(a, rank) * whole[a].row_stride, mine[a].rows = where.rows(a, rank);
  return mine;
}

template <class T, class L>
const result<T>& evaluate(distributed::evaluator<T>& on_ranks, const L& loss, const views<T>& rows, const cut& where) {
  if (!where.replicated_last) return on_ranks.value_and_gradient(loss, rows);
  if (rows.size() == 2) return on_ranks.value_and_gradient(loss, rows[0], distributed::replicated(rows[1]));
  return on_ranks.value_and_gradient(loss, rows[0], rows[1], distributed::replicated(rows[2]));
}

/// What is of this rank's rows, of what one process gets.
answer answer_of_rank(const answer& whole, const cut& where, int rank, std::size_t anchor_arguments) {
  answer mine = whole;
  mine.per_anchor.clear();
  index_type before = 0;
  for (std::size_t a = 0; !whole.per_anchor.empty() && a < anchor_arguments; before += where.bounds[a].back(), ++a)
    for (index_type r = where.begin(a, rank); r < where.begin(a, rank + 1); ++r)
      mine.per_anchor.push_back(whole.per_anchor[static_cast<std::size_t>(before + r)]);
  for (std::size_t a = 0; a < mine.gradients.size(); ++a)
    if (!where.replicated(a))
      mine.gradients[a] = whole.gradients[a].middleRows(where.begin(a, rank), where.rows(a, rank)).eval();
  return mine;
}

}  // namespace

template <class T>
cut cut_rows(const any_loss& loss, const views<T>& rows, int ranks, std::uint64_t seed) {
  cut where;
  const auto drawn = [&](index_type count, std::uint64_t which) {
    std::vector<index_type> bounds{0, count};
    for (int r = 1; r < ranks; ++r)
      bounds.push_back(static_cast<index_type>((splitmix(seed, 100 * which + static_cast<std::uint64_t>(r)) + 1) / 2 *
                                               static_cast<double>(count)));
    std::sort(bounds.begin(), bounds.end());
    return bounds;
  };
  std::visit(
      [&](const auto& l) {
        where.replicated_last = last_is_replicated(l, rows.size(), seed);
        for (std::size_t a = 0; a < rows.size(); ++a) {
          if (l.arrangement == arrangement::both_ways && a == 1) {
            where.bounds.push_back(where.bounds[0]);
          } else if (has_own_negatives(l) && a == 2) {
            where.bounds.push_back(where.bounds[0]);
            for (index_type& b : where.bounds.back()) b *= rows[2].rows / rows[0].rows;
          } else {
            where.bounds.push_back(drawn(rows[a].rows, a));
          }
        }
      },
      loss);
  return where;
}

template <class T>
double error_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows, const cut& where,
                     const answer& whole) {
  distributed::evaluator<T> on_ranks{ranks, distributed::grad_scale::sum, {.threads = 1}};
  return std::visit(
      [&](const auto& l) {
        const loss_of_rank<std::remove_cvref_t<decltype(l)>> mine(l, where, ranks.rank());
        const answer came = widened(evaluate(on_ranks, mine.loss, rows_of_rank(rows, where, ranks.rank()), where));
        const std::size_t anchors = l.arrangement == arrangement::all_against_all ? rows.size() : 1;
        return error_of(answer_of_rank(whole, where, ranks.rank(), anchors), came, l.temperature,
                        l.reduction == reduction::mean);
      },
      loss);
}

template cut cut_rows(const any_loss&, const views<float>&, int, std::uint64_t);
template cut cut_rows(const any_loss&, const views<double>&, int, std::uint64_t);
template double error_on_rank(const distributed::any_communicator&, const any_loss&, const views<float>&, const cut&,
                              const answer&);
template double error_on_rank(const distributed::any_communicator&, const any_loss&, const views<double>&, const cut&,
                              const answer&);

}  // namespace contrastive::testing
