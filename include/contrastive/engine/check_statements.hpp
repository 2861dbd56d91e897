// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Holds what pair weights say of tiles and lists against their two functions, pair by pair.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// "name(i, j) = value".
inline std::string pair_value(const char* name, index_type i, index_type j, double value) {
  return std::string(name) + '(' + std::to_string(i) + ", " + std::to_string(j) + ") = " + text(value);
}

/// The weights of all pairs, and which of them are listed.
struct weight_table {
  index_type num_anchors, num_candidates;
  bool same_rows;
  std::vector<double> D, P;
  std::vector<char> is_listed, is_left_out;
  std::vector<char> is_filled;  // a row of weights is read there: the pair is not left out, or a tile does not say so

  std::size_t at(index_type i, index_type j) const { return static_cast<std::size_t>(i * num_candidates + j); }
  double denominator(index_type i, index_type j) const { return D[at(i, j)]; }
  double positive(index_type i, index_type j) const { return P[at(i, j)]; }
  bool listed(index_type i, index_type j) const { return is_listed[at(i, j)] != 0; }
  bool left_out(index_type i, index_type j) const { return is_left_out[at(i, j)] != 0; }
  bool filled(index_type i, index_type j) const { return is_filled[at(i, j)] != 0; }
  std::string denominator_text(index_type i, index_type j) const { return pair_value("denominator", i, j, denominator(i, j)); }
  std::string positive_text(index_type i, index_type j) const { return pair_value("positive", i, j, positive(i, j)); }
};

/// The first weight that is none.
inline std::string false_weight(const weight_table& w) {
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type j = 0; j < w.num_candidates; ++j) {
      if (!(w.denominator(i, j) >= 0 && w.denominator(i, j) < 1e300))
        return w.denominator_text(i, j) + ", which is not a finite number of at least 0";
      if (!(w.positive(i, j) >= 0 && w.positive(i, j) < 1e300))
        return w.positive_text(i, j) + ", which is not a finite number of at least 0";
    }
  return {};
}

inline std::string false_symmetry(const weight_table& w) {
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type j = 0; j < std::min(i, w.num_candidates); ++j) {
      if (w.denominator(i, j) != w.denominator(j, i))
        return "symmetric, but " + w.denominator_text(i, j) + ", " + w.denominator_text(j, i);
      if (w.positive(i, j) != w.positive(j, i)) return "symmetric, but " + w.positive_text(i, j) + ", " + w.positive_text(j, i);
      if (w.listed(i, j) != w.listed(j, i)) {
        const index_type lists = w.listed(i, j) ? i : j, other = w.listed(i, j) ? j : i;
        return "symmetric, but anchor " + std::to_string(lists) + " lists candidate " + std::to_string(other) + " and anchor " +
               std::to_string(other) + " does not list " + std::to_string(lists);
      }
    }
  return {};
}

/// Fills in the lists; the first entry that can not be.
template <class P>
std::string false_list(const P& pairs, weight_table& w) {
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type t = 0; t < pairs.listed_per_anchor(); ++t) {
      const index_type j = pairs.listed(i, t);
      if (j == no_candidate) continue;
      const std::string entry = "listed(" + std::to_string(i) + ", " + std::to_string(t) + ") = " + std::to_string(j);
      if (j < 0 || j >= w.num_candidates) return entry + ", but there are " + std::to_string(w.num_candidates) + " candidates";
      if (w.listed(i, j)) return entry + ", which is listed before";
      w.is_listed[w.at(i, j)] = 1;
    }
  return {};
}

/// Fills in the pairs that are left out; the first that has a weight, or that one of the two functions does not know.
template <class P>
std::string false_left_out(const P& pairs, weight_table& w, const tile& all) {
  pairs.each_left_out(all, [&](index_type i, index_type j) { w.is_left_out[w.at(i, j)] = 1; });
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type j = 0; j < w.num_candidates; ++j) {
      if (w.listed(i, j)) continue;
      const bool said = pairs.leaves_out(i, j);
      if (said != w.left_out(i, j))
        return pair_value("leaves_out", i, j, said) + ", but each_left_out " + (said ? "does not visit" : "visits") +
               " the pair";
      if (said && w.denominator(i, j) != 0) return pair_value("leaves_out", i, j, 1) + ", but " + w.denominator_text(i, j);
      if (said && w.positive(i, j) != 0) return pair_value("leaves_out", i, j, 1) + ", but " + w.positive_text(i, j);
    }
  return {};
}

inline std::string false_range(const weight_table& w, index_type begin, index_type end) {
  if (begin < 0 || begin > end || end > w.num_candidates)
    return "tiled_begin() = " + std::to_string(begin) + " and tiled_end() = " + std::to_string(end) + " of " +
           std::to_string(w.num_candidates) + " candidates";
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type j = 0; j < w.num_candidates; ++j) {
      if (w.listed(i, j) || (begin <= j && j < end)) continue;
      const std::string outside = ", which is neither listed nor in [tiled_begin(), tiled_end())";
      if (w.denominator(i, j) > 0) return w.denominator_text(i, j) + outside;
      if (w.positive(i, j) > 0) return w.positive_text(i, j) + outside;
    }
  return {};
}

/// Rows that are filled in at once: `fill(i, first, count, out)` against one(i, j).
template <class Fill, class One>
std::string false_rows(const char* rows_name, const char* name, const weight_table& w, index_type begin, index_type end,
                       Fill fill, One one) {
  std::vector<double> row(static_cast<std::size_t>(end - begin));
  const index_type half = (end - begin) / 2;
  for (index_type i = 0; i < w.num_anchors; ++i) {
    fill(i, begin, half, row.data()), fill(i, begin + half, end - begin - half, row.data() + half);
    for (index_type j = begin; j < end; ++j)
      if (const double filled = row[static_cast<std::size_t>(j - begin)]; filled != one(i, j) && w.filled(i, j))
        return pair_value(rows_name, i, j, filled) + ", but " + pair_value(name, i, j, one(i, j));
  }
  return {};
}

/// One tile's statement against the pairs of it that are not listed.
inline std::string false_tile(const weight_table& w, const tile& t, const tile_statement& said) {
  const auto where = [&] {
    return "of anchors [" + std::to_string(t.anchor_begin) + ", " + std::to_string(t.anchor_end) + ") and candidates [" +
           std::to_string(t.candidate_begin) + ", " + std::to_string(t.candidate_end) + ')';
  };
  for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
    for (index_type j = t.candidate_begin; j < t.candidate_end; ++j) {
      if (w.listed(i, j) || (said.leaves_out && w.left_out(i, j))) continue;
      const double off_diagonal = i == j ? 0 : 1;
      const auto contradicts = [&](double value, bool zeros, bool ones, bool off) {
        return (zeros && value != 0) || (ones && value != 1) || (off && value != off_diagonal);
      };
      if (contradicts(w.denominator(i, j), said.denominator == tile_weights::zeros, said.denominator == tile_weights::ones,
                      said.denominator == tile_weights::ones_off_diagonal)) {
        constexpr const char* names[] = {"zeros", "ones", "ones_off_diagonal"};
        return "of_tile: the denominator " + where() + " is " + names[static_cast<int>(said.denominator)] + ", but " +
               w.denominator_text(i, j);
      }
      if (contradicts(w.positive(i, j), said.positive == tile_positives::none, said.positive == tile_positives::ones,
                      said.positive == tile_positives::ones_off_diagonal)) {
        constexpr const char* names[] = {"none", "ones", "ones_off_diagonal"};
        return "of_tile: the positives " + where() + " are " + names[static_cast<int>(said.positive)] + ", but " +
               w.positive_text(i, j);
      }
    }
  return {};
}

/// The weights of all pairs. `pairs` get anchor_factors, kept in `factors`, if they want them.
template <pair_weights P>
weight_table table_of(P& pairs, const row_ranges& ranges, std::vector<double>& factors) {
  const index_type n = ranges.num_anchors(), m = ranges.num_candidates();
  if constexpr (statements_of<P>().anchor_factors)
    if (prepares_anchors(pairs)) {
      for (index_type i = 0; i < n; ++i) factors.push_back(pairs.prepare_anchor(i));
      pairs.anchor_factors = factors.data();
    }
  weight_table w{n, m, ranges.anchor_begin == ranges.candidate_begin, {}, {}, {}, {}, {}};
  for (index_type i = 0; i < n; ++i)
    for (index_type j = 0; j < m; ++j) {
      w.D.push_back(static_cast<double>(pairs.denominator(i, j)));
      w.P.push_back(static_cast<double>(pairs.positive(i, j)));
    }
  w.is_listed.assign(w.D.size(), 0), w.is_left_out.assign(w.D.size(), 0), w.is_filled.assign(w.D.size(), 1);
  return w;
}

/// The first statement that contradicts the table of the pair weights.
template <pair_weights P>
std::string false_statement(const P& pairs, weight_table& w) {
  constexpr pair_statements says = statements_of<P>();
  const index_type n = w.num_anchors, m = w.num_candidates;
  if (const std::string wrong = false_weight(w); !wrong.empty()) return wrong;
  if constexpr (says.lists)
    if (const std::string wrong = false_list(pairs, w); !wrong.empty()) return wrong;
  if constexpr (says.leaves_out)
    if (const std::string wrong = false_left_out(pairs, w, {0, n, 0, m}); !wrong.empty()) return wrong;
  if (says.symmetric && w.same_rows)
    if (const std::string wrong = false_symmetry(w); !wrong.empty()) return wrong;
  if (says.positives_listed)
    for (index_type i = 0; i < n; ++i)
      for (index_type j = 0; j < m; ++j)
        if (w.positive(i, j) > 0 && !w.listed(i, j)) return "positives_listed, but " + w.positive_text(i, j) + " is not listed";
  index_type begin = 0, end = m;
  if constexpr (says.tiled_range) begin = pairs.tiled_begin(), end = pairs.tiled_end();
  if (const std::string wrong = false_range(w, begin, end); !wrong.empty()) return wrong;
  const auto each_tile = [&](auto visit) -> std::string {
    for (const index_type side : {index_type{1}, index_type{3}, index_type{16}, std::max(n, m)})
      for (index_type i = 0; i < n; i += side)
        for (index_type j = begin; j < end; j += side)
          if (const std::string wrong = visit(tile{i, std::min(n, i + side), j, std::min(end, j + side)}); !wrong.empty())
            return wrong;
    return {};
  };
  if constexpr (says.leaves_out) {
    for (std::size_t k = 0; k < w.is_filled.size(); ++k) w.is_filled[k] = static_cast<char>(w.is_left_out[k] == 0);
    each_tile([&](const tile& t) {
      if (!pairs.of_tile(t).leaves_out)
        for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
          for (index_type j = t.candidate_begin; j < t.candidate_end; ++j) w.is_filled[w.at(i, j)] = 1;
      return std::string();
    });
  }
  if constexpr (says.denominator_rows)
    if (const std::string wrong = false_rows(
            "denominators", "denominator", w, begin, end,
            [&](index_type i, index_type first, index_type count, double* out) { pairs.denominators(i, first, count, out); },
            [&](index_type i, index_type j) { return w.denominator(i, j); });
        !wrong.empty())
      return wrong;
  if constexpr (says.positive_rows)
    if (const std::string wrong = false_rows(
            "positives", "positive", w, begin, end,
            [&](index_type i, index_type first, index_type count, double* out) { pairs.positives(i, first, count, out); },
            [&](index_type i, index_type j) { return w.positive(i, j); });
        !wrong.empty())
      return wrong;
  if constexpr (says.tiles) return each_tile([&](const tile& t) { return false_tile(w, t, pairs.of_tile(t)); });
  return {};
}

/// The first pair that is another one in pair weights whose anchors have been numbered by class, or the first false statement
/// of these.
template <pair_weights P>
std::string false_renumbering(P pairs, const row_ranges& ranges, const weight_table& before) {
  std::vector<index_type> rows;
  std::vector<std::int64_t> classes;
  for (index_type i = 0; i < before.num_anchors; ++i) rows.push_back(i);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](index_type a, index_type b) { return pairs.row_class(a) < pairs.row_class(b); });
  for (const index_type row : rows) classes.push_back(pairs.row_class(row));
  pairs.renumber(rows.data(), classes.data());
  std::vector<double> factors;
  weight_table w = table_of(pairs, ranges, factors);
  const auto number = [&](index_type j) { return j < before.num_anchors ? rows[static_cast<std::size_t>(j)] : j; };
  for (index_type i = 0; i < w.num_anchors; ++i)
    for (index_type j = 0; j < w.num_candidates; ++j) {
      if (w.denominator(i, j) != before.denominator(number(i), number(j)))
        return "renumber: " + before.denominator_text(number(i), number(j)) + ", but renumbered " + w.denominator_text(i, j);
      if (w.positive(i, j) != before.positive(number(i), number(j)))
        return "renumber: " + before.positive_text(number(i), number(j)) + ", but renumbered " + w.positive_text(i, j);
    }
  const std::string wrong = false_statement(pairs, w);
  return wrong.empty() ? wrong : "renumbered by class: " + wrong;
}

/// The first statement of pair weights that contradicts denominator(i, j) and positive(i, j), in words; empty where there is
/// none. O(n m) for n anchors and m candidates.
template <pair_weights P>
std::string false_statement(P pairs, const row_ranges& ranges) {
  std::vector<double> factors;
  weight_table w = table_of(pairs, ranges, factors);
  if (const std::string wrong = false_statement(pairs, w); !wrong.empty()) return wrong;
  if constexpr (statements_of<P>().row_classes)
    if (w.same_rows) return false_renumbering(pairs, ranges, w);
  return {};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
