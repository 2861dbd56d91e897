// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Holds what a loss says of tiles and lists against its two functions, pair by pair.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// The first statement of pair weights that contradicts denominator(i, j) and positive(i, j), in words; empty where there is
/// none. `pairs` may get anchor_factors for the time of the call. O(n m) for n anchors and m candidates.
template <pair_weights P>
std::string false_statement(P pairs, const row_ranges& ranges) {
  const index_type n = ranges.num_anchors(), m = ranges.num_candidates();
  const bool same_rows = ranges.anchor_begin == ranges.candidate_begin;
  std::vector<double> factors;
  if constexpr (has_anchor_factors<P>)
    if (pairs.prepares_anchors()) {
      for (index_type i = 0; i < n; ++i) factors.push_back(pairs.prepare_anchor(i));
      pairs.anchor_factors = factors.data();
    }
  const auto D = [&](index_type i, index_type j) { return static_cast<double>(pairs.denominator(i, j)); };
  const auto positive = [&](index_type i, index_type j) { return static_cast<double>(pairs.positive(i, j)); };
  const auto at = [](const char* name, index_type i, index_type j, double value) {
    return std::string(name) + '(' + std::to_string(i) + ", " + std::to_string(j) + ") = " + text(value);
  };

  if constexpr (is_symmetric<P>())
    for (index_type i = 0; same_rows && i < n; ++i)
      for (index_type j = 0; j < std::min(i, m); ++j) {
        if (D(i, j) != D(j, i))
          return "symmetric, but " + at("denominator", i, j, D(i, j)) + ", " + at("denominator", j, i, D(j, i));
        if (positive(i, j) != positive(j, i))
          return "symmetric, but " + at("positive", i, j, positive(i, j)) + ", " + at("positive", j, i, positive(j, i));
      }

  index_type tiled_begin = 0, tiled_end = m;
  if constexpr (requires { pairs.tiled_begin(), pairs.tiled_end(); })
    tiled_begin = pairs.tiled_begin(), tiled_end = pairs.tiled_end();
  std::vector<bool> listed(static_cast<std::size_t>(m));
  for (index_type i = 0; i < n; ++i) {
    std::fill(listed.begin(), listed.end(), false);
    if constexpr (requires { pairs.listed_per_anchor(); })
      for (index_type t = 0; t < pairs.listed_per_anchor(); ++t) {
        const index_type j = pairs.listed(i, t);
        const std::string entry = "listed(" + std::to_string(i) + ", " + std::to_string(t) + ") = " + std::to_string(j);
        if (j < 0 || j >= m) return entry + ", but there are " + std::to_string(m) + " candidates";
        if (listed[static_cast<std::size_t>(j)]) return entry + ", which is listed before";
        listed[static_cast<std::size_t>(j)] = true;
      }
    for (index_type j = 0; j < m; ++j) {
      if (listed[static_cast<std::size_t>(j)]) continue;
      if (lists_positives<P>() && positive(i, j) > 0)
        return "positives_listed, but " + at("positive", i, j, positive(i, j)) + " is not listed";
      if (tiled_begin <= j && j < tiled_end) continue;
      const std::string outside = ", which is neither listed nor in [tiled_begin(), tiled_end())";
      if (D(i, j) > 0) return at("denominator", i, j, D(i, j)) + outside;
      if (positive(i, j) > 0) return at("positive", i, j, positive(i, j)) + outside;
    }
  }

  std::vector<double> row(static_cast<std::size_t>(std::max<index_type>(0, tiled_end - tiled_begin)));
  const index_type tiled = static_cast<index_type>(row.size()), half = tiled / 2;
  for (index_type i = 0; i < n; ++i) {
    if constexpr (requires { pairs.denominators(i, tiled_begin, half, row.data()); }) {
      pairs.denominators(i, tiled_begin, half, row.data()),
          pairs.denominators(i, tiled_begin + half, tiled - half, row.data() + half);
      for (index_type c = 0; c < tiled; ++c)
        if (const double w = row[static_cast<std::size_t>(c)]; w != D(i, tiled_begin + c))
          return at("denominators", i, tiled_begin + c, w) + ", but " +
                 at("denominator", i, tiled_begin + c, D(i, tiled_begin + c));
    }
    if constexpr (requires { pairs.positives(i, tiled_begin, half, row.data()); }) {
      pairs.positives(i, tiled_begin, half, row.data()),
          pairs.positives(i, tiled_begin + half, tiled - half, row.data() + half);
      for (index_type c = 0; c < tiled; ++c)
        if (const double w = row[static_cast<std::size_t>(c)]; w != positive(i, tiled_begin + c))
          return at("positives", i, tiled_begin + c, w) + ", but " +
                 at("positive", i, tiled_begin + c, positive(i, tiled_begin + c));
    }
  }

  if constexpr (requires(const tile& t) { pairs.weights_of(t); })
    for (const index_type side : {index_type{1}, index_type{3}, index_type{16}, std::max(n, m)})
      for (index_type i = 0; i < n; i += side)
        for (index_type j = tiled_begin; j < tiled_end; j += side) {
          const tile t{i, std::min(n, i + side), j, std::min(tiled_end, j + side)};
          const tile_weights said = pairs.weights_of(t);
          if (said == tile_weights::general) continue;
          for (index_type a = t.anchor_begin; a < t.anchor_end; ++a)
            for (index_type c = t.candidate_begin; c < t.candidate_end; ++c) {
              const double expected =
                  said == tile_weights::zeros || (said == tile_weights::ones_off_diagonal && a == c) ? 0 : 1;
              if (D(a, c) == expected) continue;
              const char* name = said == tile_weights::zeros  ? "zeros"
                                 : said == tile_weights::ones ? "ones"
                                                              : "ones_off_diagonal";
              return "weights_of anchors [" + std::to_string(t.anchor_begin) + ", " + std::to_string(t.anchor_end) +
                     ") and candidates [" + std::to_string(t.candidate_begin) + ", " + std::to_string(t.candidate_end) +
                     ") is " + name + ", but " + at("denominator", a, c, D(a, c));
            }
        }
  return {};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
