// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How the metrics of metrics.hpp are computed: sums over strips of logits, one pass over the pairs each.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/cpu/check_problem.hpp>
#include <contrastive/cpu/metrics_access.hpp>
#include <contrastive/cpu/pair_tiles.hpp>
#include <contrastive/similarity.hpp>
#include <limits>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {
namespace detail {

/// The problem with its ranges, once it is checked.
template <class T>
problem<T> checked(problem<T> p, const options& how, index_type least_rows, const char* why) {
  std::vector<shape> memory;
  const argument_shapes shapes = check_problem(p, memory);
  if (shapes[0].rows < least_rows)
    contrastive::detail::refuse(p.who, "argument 1", "at least " + std::to_string(least_rows) + " rows, " + why,
                                std::to_string(shapes[0].rows) + (shapes[0].rows == 1 ? " row" : " rows"));
  if (how.threads < 0) contrastive::detail::refuse("options", "threads", "0 (all) or more", how.threads);
  if (how.check_finite) check_finite(p, shapes);
  p.ranges = contrastive::detail::ranges_of(p.arrangement, shapes);
  return p;
}

/// Reads a row and gives it length 1; a row without a direction becomes 0.
template <class T>
void read_unit_row(const contrastive::detail::argument<T>& from, index_type row, std::vector<T>& read,
                   std::vector<double>& unit) {
  from.read(row, 0, from.cols, read.data());
  double squares = 0;
  for (const T v : read) squares += static_cast<double>(v) * static_cast<double>(v);
  const double inverse = contrastive::detail::inverse_norm(contrastive::detail::norm(squares, [&](auto visit) {
    for (const T v : read) visit(static_cast<double>(v));
  }));
  std::transform(read.begin(), read.end(), unit.begin(), [&](T v) { return inverse * static_cast<double>(v); });
}

/// Σ e^(x - level) and Σ e^(x - level) (x - level) of the logits of an anchor, level the largest of them so far.
struct softmax_sums {
  double level = log_sum_exp::empty, weights = 0, logits = 0;

  void raise(double to) {
    if (weights != 0) {
      const double scale = std::exp(level - to);
      logits = scale * (logits + (level - to) * weights), weights *= scale;
    }
    level = to;
  }
  /// H = -Σ p log p, with log p = x - level - log Σ e^(x - level).
  double entropy() const { return std::log(weights) - logits / weights; }
};

}  // namespace detail

inline namespace engine_of_the_same_flags {

template <class T>
double alignment_of(const problem<T>& given, const options& how) {
  const problem<T> p = detail::checked(given, how, 1, "");
  const auto dim = static_cast<std::size_t>(p.arguments[0].cols);
  std::vector<T> read(dim);
  std::vector<double> u(dim), v(dim);
  double total = 0;
  for (index_type i = 0; i < p.arguments[0].rows; ++i) {
    detail::read_unit_row(p.arguments[0], i, read, u), detail::read_unit_row(p.arguments[1], i, read, v);
    for (std::size_t k = 0; k < dim; ++k) total += (u[k] - v[k]) * (u[k] - v[k]);
  }
  return total / static_cast<double>(p.arguments[0].rows);
}

/// |u - v|² is 2 - 2 cos of two directions, so that Σ e^(-2 |u - v|²) = Σ e^(x - 4) at τ = 1/4.
template <class T>
double uniformity_of(const problem<T>& given, const options& how) {
  constexpr T most = 4;
  problem<T> p = detail::checked(given, how, 2, "whose distance can be taken");
  p.temperature = 1 / static_cast<double>(most);
  pair_tiles<T> tiles(p, how.threads);
  struct sums {
    double pairs = 0;  // Σ e^(x - 4) over j ≠ i, of the blocks of i and those after it
    bool directed = false;
  };
  std::vector<sums> of(static_cast<std::size_t>(p.ranges.num_anchors()));
  const strip_term<T> term{nullptr, nullptr, 1, 0, -std::numeric_limits<T>::max(), 0, true, most};
  tiles.each([&](auto& s, const tile& t, const strip<T>& logits) {
    const bool own = t.candidate_begin <= t.anchor_begin;
    pair_tiles<T>::each_own(t, logits, [&](index_type i, T& x) {
      of[static_cast<std::size_t>(i)].directed = x > most / 2;  // 4, or 0 of a row without a direction
      x = excluded<T>;
    });
    strip_sums<T> of_rows;
    of_rows.sum = s.rows.data();
    tiles.kernels().sum_plain(logits, term, of_rows, {});
    for (index_type r = 0; r < logits.num_rows; ++r)
      of[static_cast<std::size_t>(t.anchor_begin + r)].pairs += (own ? 1 : 2) * static_cast<double>(of_rows.sum[r]);
  });
  if (!tiles.finite()) return std::numeric_limits<double>::quiet_NaN();
  double total = 0, none = 0;
  for (const sums& row : of) total += row.pairs, none += row.directed ? 0 : 1;
  // A row without a direction stands at 0: at a distance of 1 from the others and of 0 from its like, where 2 - 2 cos is 2.
  const double n = static_cast<double>(of.size());
  total += 2 * none * (n - none) * (std::exp(-2) - std::exp(-4)) + none * (none - 1) * (1 - std::exp(-4));
  return std::min(0.0, std::log(total / (n * (n - 1))));  // rounding may leave equal rows a little apart
}

template <class T>
double recall_of(const problem<T>& given, index_type rank, const options& how) {
  const problem<T> p = detail::checked(given, how, 1, "");
  if (rank < 1) contrastive::detail::refuse(p.who, "rank", "1 or more", rank);
  pair_tiles<T> tiles(p, how.threads);
  struct place {
    T own;                   // logit of the own key
    index_type as_near = 0;  // keys that are no farther, the own one among them
  };
  std::vector<place> of(static_cast<std::size_t>(p.ranges.num_anchors()));
  tiles.each([&](auto&, const tile& t, const strip<T>& logits) {
    pair_tiles<T>::each_own(t, logits, [&](index_type i, T x) { of[static_cast<std::size_t>(i)].own = x; });
    const index_type columns = t.candidate_end - t.candidate_begin;
    for (index_type r = 0; r < logits.num_rows; ++r) {
      place& row = of[static_cast<std::size_t>(t.anchor_begin + r)];
      const T *const x = logits.x + r * logits.ld, own = row.own;
      int as_near = 0;
      for (index_type c = 0; c < columns; ++c) as_near += x[c] < own ? 0 : 1;  // what is no number counts against
      row.as_near += as_near;
    }
  });
  if (!tiles.finite()) return std::numeric_limits<double>::quiet_NaN();
  const auto found = std::count_if(of.begin(), of.end(), [&](const place& row) { return row.as_near <= rank; });
  return static_cast<double>(found) / static_cast<double>(of.size());
}

template <class T>
double effective_negatives_of(const problem<T>& given, const options& how) {
  const problem<T> p = detail::checked(given, how, 2, "the keys of others being the negatives");
  pair_tiles<T> tiles(p, how.threads);
  std::vector<detail::softmax_sums> of(static_cast<std::size_t>(p.ranges.num_anchors()));
  const strip_term<T> term{nullptr, nullptr, 1, 0, -std::numeric_limits<T>::max(), 0, false, 0};
  tiles.each([&](auto& s, const tile& t, const strip<T>& logits) {
    pair_tiles<T>::each_own(t, logits, [](index_type, T& x) { x = excluded<T>; });
    const index_type n = logits.num_rows, room = usual_strip_rows;
    T *const level = s.rows.data(), *const one = level + room, *const zero = one + room, *const relative = zero + room,
             *const sum = relative + room;
    std::fill_n(one, n, T(1)), std::fill_n(zero, n, T(0));
    tiles.kernels().maxima(logits, nullptr, level, nullptr);
    for (index_type r = 0; r < n; ++r) {
      detail::softmax_sums& row = of[static_cast<std::size_t>(t.anchor_begin + r)];
      row.raise(std::max(row.level, static_cast<double>(level[r])));
      level[r] = static_cast<T>(row.level);
    }
    tiles.kernels().slope_term[exponential_kind](logits, term, {one, level, zero, level, zero}, {}, logits.x, false, relative,
                                                 sum);
    for (index_type r = 0; r < n; ++r) {
      detail::softmax_sums& row = of[static_cast<std::size_t>(t.anchor_begin + r)];
      row.weights += static_cast<double>(sum[r]), row.logits += static_cast<double>(relative[r]);
    }
  });
  if (!tiles.finite()) return std::numeric_limits<double>::quiet_NaN();
  double total = 0;
  const double n = static_cast<double>(of.size());
  for (const detail::softmax_sums& row : of) {
    const double effective = std::exp(row.entropy());
    total += effective > n - 1 ? n - 1 : effective < 1 ? 1 : effective;  // rounding; NaN stays
  }
  return total / n;
}

}  // namespace engine_of_the_same_flags
}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
