// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss as the CPU engine sees it: a few functions that fill strips of weights. They are compiled once a loss, the engine
// once a scalar type, so that a further loss costs a translation unit next to nothing.
#pragma once

#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// One pair that is looked at by itself. `denominator` is 0 where the tiles count it.
struct listed_pair {
  index_type candidate;
  double denominator, positive;
};

template <class T>
struct pair_functions {
  void* pairs;
  bool symmetric, normalize_positives, positives_in_tiles;
  index_type tiled_begin, tiled_end;  // candidates
  index_type listed_per_anchor;
  tile_weights (*weights_of)(const void* pairs, const tile&);
  /// Row-major (anchors of the tile, ld); columns past the tile's last get 0.
  void (*fill_denominators)(const void* pairs, const tile&, T* out, index_type ld);
  void (*fill_positives)(const void* pairs, const tile&, T* out, index_type ld);
  listed_pair (*listed)(const void* pairs, index_type anchor, index_type t);
  /// Null where no factors are prepared.
  double (*prepare_anchor)(const void* pairs, index_type anchor);
  void (*set_anchor_factors)(void* pairs, const double* factors);
};

namespace detail {

/// row(i, first, count, out) for the anchors of a tile.
template <class T, class Row>
void fill(const tile& t, T* out, index_type ld, Row row) {
  const index_type columns = t.candidate_end - t.candidate_begin;
  for (index_type i = t.anchor_begin; i < t.anchor_end; ++i, out += ld) {
    row(i, t.candidate_begin, columns, out);
    for (index_type c = columns; c < ld; ++c) out[c] = 0;
  }
}

}  // namespace detail

/// The functions of pair weights that must live as long as the result is used.
template <class T, pair_weights P>
pair_functions<T> functions_of(P& pairs, index_type num_candidates) {
  pair_functions<T> f{};
  f.pairs = &pairs;
  f.symmetric = contrastive::detail::is_symmetric<P>();
  f.normalize_positives = contrastive::detail::normalizes_positives<P>();
  f.positives_in_tiles = !contrastive::detail::lists_positives<P>();
  f.tiled_begin = 0, f.tiled_end = num_candidates;
  if constexpr (requires { pairs.tiled_begin(), pairs.tiled_end(); })
    f.tiled_begin = pairs.tiled_begin(), f.tiled_end = pairs.tiled_end();
  f.weights_of = [](const void* p, const tile& t) {
    if constexpr (requires { static_cast<const P*>(p)->weights_of(t); })
      return static_cast<const P*>(p)->weights_of(t);
    else
      return tile_weights::general;
  };
  f.fill_denominators = [](const void* p, const tile& t, T* out, index_type ld) {
    detail::fill(t, out, ld, [pairs = *static_cast<const P*>(p)](index_type i, index_type first, index_type count, T* row) {
      if constexpr (requires { pairs.denominators(i, first, count, row); })
        pairs.denominators(i, first, count, row);
      else
        for (index_type c = 0; c < count; ++c) row[c] = static_cast<T>(pairs.denominator(i, first + c));
    });
  };
  f.fill_positives = [](const void* p, const tile& t, T* out, index_type ld) {
    detail::fill(t, out, ld, [pairs = *static_cast<const P*>(p)](index_type i, index_type first, index_type count, T* row) {
      if constexpr (requires { pairs.positives(i, first, count, row); })
        pairs.positives(i, first, count, row);
      else
        for (index_type c = 0; c < count; ++c) row[c] = static_cast<T>(pairs.positive(i, first + c));
    });
  };
  if constexpr (requires { pairs.listed_per_anchor(); }) {
    f.listed_per_anchor = pairs.listed_per_anchor();
    f.listed = [](const void* p, index_type anchor, index_type t) {
      const P& q = *static_cast<const P*>(p);
      const index_type j = q.listed(anchor, t);
      bool tiled = true, positive_tiled = !contrastive::detail::lists_positives<P>();
      if constexpr (requires { q.tiled_begin(), q.tiled_end(); }) tiled = q.tiled_begin() <= j && j < q.tiled_end();
      return listed_pair{j, tiled ? 0.0 : static_cast<double>(q.denominator(anchor, j)),
                         tiled && positive_tiled ? 0.0 : static_cast<double>(q.positive(anchor, j))};
    };
  }
  if constexpr (contrastive::detail::has_anchor_factors<P>)
    if (pairs.prepares_anchors()) {
      f.prepare_anchor = [](const void* p, index_type anchor) {
        return static_cast<double>(static_cast<const P*>(p)->prepare_anchor(anchor));
      };
      f.set_anchor_factors = [](void* p, const double* factors) { static_cast<P*>(p)->anchor_factors = factors; };
    }
  return f;
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
