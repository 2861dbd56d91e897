// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the distributed evaluator, compiled once.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <distributed/on_ranks.hpp>
#include <support/agreement.hpp>
#include <support/engines.hpp>
#include <support/random.hpp>
#include <support/settings.hpp>
#include <utility>

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

template <class T, class L, class... E>
const result<T>& evaluate(distributed::evaluator<T>& on_ranks, const std::vector<matrix_view<T>>* into, const L& loss,
                          const E&... rows) {
  return into != nullptr ? on_ranks.value_and_gradient_into(*into, loss, rows...) : on_ranks.value_and_gradient(loss, rows...);
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

/// What is the same on all ranks, as a number that another bit would change.
template <class T>
std::uint64_t shared_bits(const result<T>& r, bool replicated_last) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto add = [&](const T* numbers, index_type count) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(numbers);
    for (std::size_t b = 0; b < static_cast<std::size_t>(count) * sizeof(T); ++b) hash = (hash ^ bytes[b]) * 1099511628211u;
  };
  add(&r.loss, 1), add(&r.temperature_gradient, 1), add(&r.bias_gradient, 1);
  if (replicated_last) add(r.gradients.back().data(), r.gradients.back().size());
  return hash ^ static_cast<std::uint64_t>(r.valid_anchors);
}

/// What is of one rank's rows, beside what it got, and how errors are scaled.
struct answers_of_rank {
  answer expected, came;
  double temperature;
  bool mean, of_products;  // are similarities products of rows?

  double error() const { return error_of(expected, came, temperature, mean); }
  double loss_error() const { return error_of(expected.loss, came.loss); }
  double gradient_error() const {
    const double share = mean ? 1 / std::max(1.0, static_cast<double>(expected.valid_anchors)) : 1;
    double worst = 0;
    for (std::size_t a = 0; a < expected.gradients.size(); ++a)
      worst = std::max(worst, relative_error(expected.gradients[a], came.gradients[a], share / temperature));
    return worst;
  }
};
template <class T>
answers_of_rank compared(const result<T>& came, int rank, const any_loss& loss, const cut& where, const answer& whole) {
  return std::visit(
      [&](const auto& l) {
        const std::size_t anchors = l.arrangement == arrangement::all_against_all ? where.bounds.size() : 1;
        return answers_of_rank{answer_of_rank(whole, where, rank, anchors), widened(came), l.temperature,
                               l.reduction == reduction::mean, l.similarity != similarity::negative_squared_euclidean};
      },
      loss);
}

template <class T>
int count_faults(const distributed::any_communicator& ranks, const setting& s, bool one_without_rows, bool every_form) {
  int faults = 0;
  std::uint64_t seed = run_seed();
  std::size_t last = std::variant_size_v<any_loss>;
  each_loss<T>(s, [&](const char* what, const any_loss& loss, const views<T>& rows) {
    if (const bool another_form = std::exchange(last, loss.index()) == loss.index(); another_form && !every_form) return;
    ++seed;
    const int empty =
        one_without_rows && ranks.size() > 1 ? static_cast<int>(seed % static_cast<std::uint64_t>(ranks.size())) : -1;
    const cut where = cut_rows(loss, rows, ranks.size(), seed, empty);
    const std::string fault = fault_on_rank(ranks, loss, rows, where, on_cpu<T>(loss, rows, {.threads = 1}));
    if (fault.empty()) return;
    std::printf("rank %d of %d: %s, %s, cut with seed %llu: %s\n", ranks.rank(), ranks.size(), what, s.text().c_str(),
                static_cast<unsigned long long>(seed), fault.c_str());
    ++faults;
  });
  return faults;
}

}  // namespace

template <class T>
cut cut_rows(const any_loss& loss, const views<T>& rows, int ranks, std::uint64_t seed, int without_rows) {
  cut where;
  const auto drawn = [&](index_type count, std::uint64_t which) {
    std::vector<index_type> bounds{0, count};
    for (int r = 1; r < ranks; ++r)
      bounds.push_back(static_cast<index_type>((splitmix(seed, 100 * which + static_cast<std::uint64_t>(r)) + 1) / 2 *
                                               static_cast<double>(count)));
    std::sort(bounds.begin(), bounds.end());
    if (without_rows + 1 == ranks)
      bounds[static_cast<std::size_t>(without_rows)] = count;
    else if (without_rows >= 0)
      bounds[static_cast<std::size_t>(without_rows) + 1] = bounds[static_cast<std::size_t>(without_rows)];
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
const result<T>& call(distributed::evaluator<T>& on_ranks, int rank, const any_loss& loss, const views<T>& rows,
                      const cut& where, const std::vector<matrix_view<T>>* into) {
  const views<T> own = rows_of_rank(rows, where, rank);
  return std::visit(
      [&](const auto& whole) -> const result<T>& {
        const loss_of_rank<std::remove_cvref_t<decltype(whole)>> mine(whole, where, rank);
        if (!where.replicated_last) return evaluate(on_ranks, into, mine.loss, own);
        if (own.size() == 2) return evaluate(on_ranks, into, mine.loss, own[0], distributed::replicated(own[1]));
        return evaluate(on_ranks, into, mine.loss, own[0], own[1], distributed::replicated(own[2]));
      },
      loss);
}

template <class T>
double error_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows, const cut& where,
                     const answer& whole) {
  distributed::evaluator<T> on_ranks{ranks, distributed::grad_scale::sum, {.threads = 1}};
  return compared(call(on_ranks, ranks.rank(), loss, rows, where), ranks.rank(), loss, where, whole).error();
}

template <class T>
std::string fault_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows,
                          const cut& where, const answer& whole) {
  distributed::evaluator<T> on_ranks{ranks, distributed::grad_scale::sum, {.threads = 1}},
      another{ranks, distributed::grad_scale::sum, {.threads = 1}};
  const result<T> first = call(on_ranks, ranks.rank(), loss, rows, where);
  const bool second_is_same = same_bits(first, call(on_ranks, ranks.rank(), loss, rows, where)),
             another_is_same = same_bits(first, call(another, ranks.rank(), loss, rows, where));
  const std::uint64_t own = shared_bits(first, where.replicated_last);
  std::vector<std::uint64_t> of_ranks(static_cast<std::size_t>(ranks.size()));
  ranks.all_gather(&own, sizeof own, of_ranks.data());

  const answers_of_rank both = compared(first, ranks.rank(), loss, where, whole);
  // In float a distance, and the temperature's gradient, is a difference of what is much larger.
  constexpr bool wide = std::is_same_v<T, double>;
  const double of_all = wide ? 1e-12 : tolerance<float>(both.temperature);
  const double of_rows = wide || !both.of_products ? of_all : 1e-6;
  const auto off = [](const char* what, double error) {
    return std::string(what) + " off by " + std::to_string(1e6 * error) + "e-6";
  };
  if (!(both.loss_error() <= of_rows)) return off("the loss is", both.loss_error());
  if (!(both.gradient_error() <= of_rows)) return off("gradients are", both.gradient_error());
  if (!(both.error() <= of_all)) return off("something is", both.error());
  if (!second_is_same) return "the second call gives other bits";
  if (!another_is_same) return "another evaluator gives other bits";
  if (std::count(of_ranks.begin(), of_ranks.end(), own) != ranks.size()) return "what ranks share is not the same";
  return "";
}

int count_faults(const distributed::any_communicator& ranks, bool every_form) {
  int faults = 0;
  const auto count = [&](const setting& s, bool one_without_rows) {
    faults += count_faults<double>(ranks, s, one_without_rows, every_form);
    faults += count_faults<float>(ranks, s, one_without_rows, every_form);
  };
  count({33, 17, similarity::cosine, reduction::mean, 0.01}, true);
  if (!every_form) return faults;
  count({20, 5, similarity::negative_squared_euclidean, reduction::none, 0.5}, false);
  count({41, 8, similarity::dot, reduction::sum, 0.1}, false);
  return faults;
}

template cut cut_rows(const any_loss&, const views<float>&, int, std::uint64_t, int);
template const result<float>& call(distributed::evaluator<float>&, int, const any_loss&, const views<float>&, const cut&,
                                   const std::vector<matrix_view<float>>*);
template double error_on_rank(const distributed::any_communicator&, const any_loss&, const views<float>&, const cut&,
                              const answer&);
template std::string fault_on_rank(const distributed::any_communicator&, const any_loss&, const views<float>&, const cut&,
                                   const answer&);
template cut cut_rows(const any_loss&, const views<double>&, int, std::uint64_t, int);
template const result<double>& call(distributed::evaluator<double>&, int, const any_loss&, const views<double>&, const cut&,
                                    const std::vector<matrix_view<double>>*);
template double error_on_rank(const distributed::any_communicator&, const any_loss&, const views<double>&, const cut&,
                              const answer&);
template std::string fault_on_rank(const distributed::any_communicator&, const any_loss&, const views<double>&, const cut&,
                                   const answer&);

}  // namespace contrastive::testing
