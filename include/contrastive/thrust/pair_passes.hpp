// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The passes over pairs, one function object each: the sums of one anchor, the gradient of one row. A row's sums belong to one
// call, which takes its pairs in order: no atomics, and the same bits however the calls are spread. The long ones are not
// inlined: Thrust's loops over the rows hold several copies of what they call, and nvcc would compile each.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/thrust/anchor_sums.hpp>
#include <contrastive/thrust/prepared_rows.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

/// The pairs that count: all anchors with the tiled candidates, and what is listed outside of those.
template <class P>
struct pair_walk {
  P pairs;
  index_type num_anchors, num_candidates;
  index_type tiled_begin, tiled_end;
  index_type listed_per_anchor;
  // Listed pairs outside the tiled candidates, by candidate, then by anchor. (listings) each.
  const index_type* listed_candidates;
  const index_type* listing_anchors;
  index_type listings;

  /// The candidate that anchor i lists t-th, or num_candidates if that is a tiled one.
  CONTRASTIVE_HOST_DEVICE index_type listed_outside([[maybe_unused]] index_type i, [[maybe_unused]] index_type t) const {
    if constexpr (requires { pairs.listed_per_anchor(); }) {
      const index_type j = pairs.listed(i, t);
      return tiled_begin <= j && j < tiled_end ? num_candidates : j;
    } else {
      return num_candidates;
    }
  }
  CONTRASTIVE_HOST_DEVICE bool lists_outside() const {
    return listed_per_anchor > 0 && (tiled_begin > 0 || tiled_end < num_candidates);
  }

  /// visit(j) for the candidates of anchor i.
  template <class Visit>
  CONTRASTIVE_HOST_DEVICE void candidates_of(index_type i, Visit visit) const {
    for (index_type j = tiled_begin; j < tiled_end; ++j) visit(j);
    if (!lists_outside()) return;
    for (index_type t = 0; t < listed_per_anchor; ++t) {
      const index_type j = listed_outside(i, t);
      if (j < num_candidates) visit(j);
    }
  }

  /// visit(i) for the anchors of candidate j.
  template <class Visit>
  CONTRASTIVE_HOST_DEVICE void anchors_of(index_type j, Visit visit) const {
    if (tiled_begin <= j && j < tiled_end) {
      for (index_type i = 0; i < num_anchors; ++i) visit(i);
      return;
    }
    index_type first = 0;
    for (index_type end = listings; first < end;) {  // the first listing of j or beyond
      const index_type middle = first + (end - first) / 2;
      listed_candidates[middle] < j ? first = middle + 1 : end = middle;
    }
    for (; first < listings && listed_candidates[first] == j; ++first) visit(listing_anchors[first]);
  }
};

/// Writes the e-th listed pair of all, for sorting.
template <class P>
struct write_listing {
  pair_walk<P> walk;
  index_type* candidates;
  index_type* anchors;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type e) const {
    const index_type i = e / walk.listed_per_anchor;
    candidates[e] = walk.listed_outside(i, e % walk.listed_per_anchor), anchors[e] = i;
  }
};

/// A number per anchor that the loss wants to know before all else.
template <class P>
struct prepare_anchor {
  P pairs;
  double* factors;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    if constexpr (contrastive::detail::has_anchor_factors<P>) factors[i] = static_cast<double>(pairs.prepare_anchor(i));
  }
};

/// A pair's weights and logit; the logit of a pair that counts nowhere is not computed.
struct weighed_pair {
  double d, p, x;

  CONTRASTIVE_HOST_DEVICE bool counts() const { return !(d == 0 && p == 0); }
};

/// What all passes read.
template <class T, class P>
struct pair_source {
  prepared_rows<T> rows;
  pair_walk<P> walk;
  index_type anchor_begin, candidate_begin;  // global rows
  double temperature;
  positive_rule rule;

  CONTRASTIVE_HOST_DEVICE weighed_pair look(index_type i, index_type j) const {
    weighed_pair pair{static_cast<double>(walk.pairs.denominator(i, j)), static_cast<double>(walk.pairs.positive(i, j)), 0};
    if (pair.counts()) pair.x = rows.similarity_of(anchor_begin + i, candidate_begin + j) / temperature;
    return pair;
  }
};

/// Loss and slopes of anchor i. `Turned`: of candidate i as an anchor against the anchors, whose loss is added to that of
/// anchor i.
template <class T, class P, bool Turned>
struct sum_pairs {
  pair_source<T, P> source;
  double part;  // of the loss that this direction gives
  anchor_slopes* slopes;
  anchor_terms* terms;

  [[gnu::noinline]] CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    anchor_sums sums;
    const auto add = [&](index_type a, index_type c) {
      const weighed_pair pair = source.look(a, c);
      if (pair.counts()) sums.add(pair.x, pair.d, pair.p, source.rule.log_sum);
    };
    if constexpr (Turned)
      source.walk.anchors_of(i, [&](index_type a) { add(a, i); });
    else
      source.walk.candidates_of(i, [&](index_type c) { add(i, c); });
    slopes[i] = sums.slopes(source.rule);
    const double loss = part * sums.loss(source.rule);
    if constexpr (Turned)
      terms[i].loss += loss;
    else
      terms[i] = {loss, 0, sums.valid() ? 1 : 0};
  }
};

/// The gradient of one row of an argument, as an anchor and as a candidate, and the temperature's term of an anchor.
template <class T, class P>
struct differentiate_row {
  pair_source<T, P> source;
  const anchor_slopes* slopes;         // (anchors)
  const anchor_slopes* turned_slopes;  // (candidates), null unless both ways
  anchor_terms* terms;                 // (anchors)
  index_type first_row;                // global row of the argument's first
  double scale;                        // of the sums, in the gradient
  double* sums;                        // (rows, dim); null where no gradient is wanted
  T* out;                              // (rows, dim)

  [[gnu::noinline]] CONTRASTIVE_HOST_DEVICE void operator()(index_type local) const {
    const prepared_rows<T>& rows = source.rows;
    const index_type r = first_row + local, i = r - source.anchor_begin, j = r - source.candidate_begin;
    double* h = sums == nullptr ? nullptr : sums + local * rows.dim;
    if (h != nullptr)
      for (index_type k = 0; k < rows.dim; ++k) h[k] = 0;

    if (0 <= i && i < source.walk.num_anchors) {
      double temperature = 0;
      source.walk.candidates_of(i, [&](index_type c) {
        const double slope = slope_of(i, c, temperature);
        if (h != nullptr && slope != 0) rows.add_slope(r, source.candidate_begin + c, slope, h);
      });
      terms[i].temperature = temperature;
    }
    if (h == nullptr) return;
    if (0 <= j && j < source.walk.num_candidates)
      source.walk.anchors_of(j, [&](index_type a) {
        double unused = 0;
        const double slope = slope_of(a, j, unused);
        if (slope != 0) rows.add_slope(r, source.anchor_begin + a, slope, h);
      });
    rows.write_gradient(r, h, scale, out + local * rows.dim);
  }

 private:
  /// dL/dx_ac up to the scale. An anchor's slopes sum to 0, so Σ slope · x is also Σ slope · (x - log Z), whose terms do not
  /// cancel: that is what `temperature` gathers.
  CONTRASTIVE_HOST_DEVICE double slope_of(index_type a, index_type c, double& temperature) const {
    const weighed_pair pair = source.look(a, c);
    if (!pair.counts()) return 0;
    double slope = slopes[a].at(pair.x, pair.d, pair.p, source.rule.log_sum);
    temperature += slope * (pair.x - slopes[a].log_z);
    if (turned_slopes == nullptr) return slope;
    const double turned = turned_slopes[c].at(pair.x, pair.d, pair.p, source.rule.log_sum);
    temperature += turned * (pair.x - turned_slopes[c].log_z);
    return slope + turned;
  }
};

/// One chunk of terms added up in order.
struct add_terms {
  static constexpr index_type chunk = 256;

  const anchor_terms* terms;
  index_type count;
  anchor_terms* sums;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type c) const {
    anchor_terms sum;
    for (index_type i = c * chunk; i < count && i < (c + 1) * chunk; ++i) sum.add(terms[i]);
    sums[c] = sum;
  }
};

/// The losses of the anchors, as the caller wants them.
template <class T>
struct write_loss {
  const anchor_terms* terms;
  T* out;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { out[i] = static_cast<T>(terms[i].loss); }
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
