// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Pairs that are looked at by themselves, and what is done to an anchor once its sums are known.
//
// Entry e = i · per_anchor + t is the t-th pair that anchor i lists. Sorted by candidate, the entries of a candidate are
// a run that its row can gather alone: nothing is added to by two.
#pragma once

#include <cmath>
#include <contrastive/cuda/anchor_state.hpp>
#include <contrastive/cuda/rows.hpp>
#include <contrastive/cuda/tiles.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

struct listed_pair {
  index_type anchor, candidate;
  double denominator, positive;  // 0 where the tiles count it
};

/// The lists of pair weights P.
template <class P>
struct pair_lists {
  P pairs;
  index_type num_candidates, tiled_begin, tiled_end, per_anchor;

  static constexpr bool positives_in_tiles = !contrastive::detail::lists_positives<P>();

  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type entry) const {
    if constexpr (requires { pairs.listed(index_type{}, index_type{}); })
      return pairs.listed(entry / per_anchor, entry % per_anchor);
    return 0;
  }
  CONTRASTIVE_HOST_DEVICE bool there(index_type candidate) const { return candidate >= 0 && candidate < num_candidates; }
  CONTRASTIVE_HOST_DEVICE bool tiled(index_type candidate) const { return tiled_begin <= candidate && candidate < tiled_end; }
  CONTRASTIVE_HOST_DEVICE listed_pair operator[](index_type entry) const {
    const index_type i = entry / per_anchor, j = candidate(entry);
    if (!there(j)) return {i, 0, 0, 0};
    return {i, j, tiled(j) ? 0 : static_cast<double>(pairs.denominator(i, j)),
            tiled(j) && positives_in_tiles ? 0 : static_cast<double>(pairs.positive(i, j))};
  }
};

/// The candidate of each entry, to sort by.
template <class P>
struct list_candidates {
  pair_lists<P> lists;
  index_type* candidates;
  index_type* entries;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type e) const {
    const index_type j = lists.candidate(e);
    candidates[e] = lists.there(j) ? j : 0;
    entries[e] = e;
  }
};

/// Takes the logits of listed pairs out of a tile: a positive is then the same number in both of its sums.
template <class P, class T>
struct keep_listed {
  pair_lists<P> lists;
  tile_place<T> tile;
  logit_rule<T> rule;
  T* listed;  // the logits of all entries

  CONTRASTIVE_HOST_DEVICE void operator()(index_type e) const {  // of the tile's rows
    const index_type entry = tile.first_row * lists.per_anchor + e, c = lists.candidate(entry) - tile.first_column;
    if (c >= 0 && c < tile.columns) listed[entry] = tile.logit(rule, e / lists.per_anchor, c);
  }
};

/// The logits of the listed pairs that were in no tile; NaN says so.
template <class P, class T, class R>
struct multiply_listed {
  pair_lists<P> lists;
  const R* anchors;  // rows of anchor 0 and candidate 0
  const R* candidates;
  index_type anchor_base, candidate_base;  // their global rows
  index_type dim, stride;
  double temperature;
  logit_rule<T> rule;
  T* listed;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type entry, const Lanes& lanes) const {
    const T before = listed[entry];
    if (before == before) return;
    const index_type i = entry / lists.per_anchor, asked = lists.candidate(entry), j = lists.there(asked) ? asked : 0;
    double product = 0;
    for (index_type k = lanes.lane(); k < dim; k += lanes.size())
      product += static_cast<double>(static_cast<T>(anchors[i * stride + k])) *
                 static_cast<double>(static_cast<T>(candidates[j * stride + k]));
    product = lanes.sum(product);
    if (lanes.lane() == 0) listed[entry] = rule(static_cast<T>(product / temperature), anchor_base + i, candidate_base + j);
  }
};

/// The entries of a candidate among all, sorted by candidate.
struct candidate_lists {
  const index_type* candidates;  // (count), ascending
  const index_type* entries;     // (count)
  index_type count;

  /// The first place whose candidate is at least j.
  CONTRASTIVE_HOST_DEVICE index_type find(index_type j) const {
    index_type low = 0, high = count;
    while (low < high) {
      const index_type middle = low + (high - low) / 2;
      if (candidates[middle] < j)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
};

/// Adds the listed pairs to the sums of an anchor. A candidate that is not there breaks the call.
template <class P, class T>
struct add_listed {
  pair_lists<P> lists;
  const T* listed;
  bool log_sum;
  anchor_sums* sums;
  int* broken;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    anchor_sums s = sums[i];
    for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e) {
      const listed_pair pair = lists[e];
      if (!lists.there(lists.candidate(e))) *broken = 1;
      s.add(static_cast<double>(listed[e]), pair.denominator, pair.positive, log_sum);
    }
    sums[i] = s;
  }
};
/// The same for candidates as anchors.
template <class P, class T>
struct add_listed_turned {
  pair_lists<P> lists;
  candidate_lists order;
  const T* listed;
  bool log_sum;
  anchor_sums* sums;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type j) const {
    anchor_sums s = sums[j];
    for (index_type place = order.find(j); place < order.count && order.candidates[place] == j; ++place) {
      const listed_pair pair = lists[order.entries[place]];
      s.add(static_cast<double>(listed[order.entries[place]]), pair.denominator, pair.positive, log_sum);
    }
    sums[j] = s;
  }
};

/// What the losses of all anchors come to.
struct conclude {
  const anchor_sums* sums;
  const anchor_sums* turned;  // of the second direction, or null
  index_type num_anchors;
  bool log_sum, normalize, mean;
  const double* norms;  // (num_rows)
  index_type num_rows;
  const int* broken;
  summary* known;

  CONTRASTIVE_HOST_DEVICE double loss_of(index_type i) const {
    const double loss = sums[i].loss(log_sum, normalize);
    return turned == nullptr ? loss : (loss + turned[i].loss(log_sum, normalize)) / 2;
  }
  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type, const Lanes& lanes) const {
    double loss = 0;
    index_type valid = 0, bad = 0;
    for (index_type i = lanes.lane(); i < num_anchors; i += lanes.size()) loss += loss_of(i), valid += sums[i].valid();
    for (index_type r = lanes.lane(); r < num_rows; r += lanes.size()) bad += !(norms[r] <= largest_double);
    loss = lanes.sum(loss), valid = lanes.sum(valid), bad = lanes.sum(bad);
    if (lanes.lane() != 0) return;
    double share = turned == nullptr ? 1 : 0.5;
    if (mean && valid > 0) share /= static_cast<double>(valid), loss /= static_cast<double>(valid);
    const bool is_broken = bad != 0 || *broken != 0;
    *known = {is_broken ? not_a_number<double> : loss, share, valid, is_broken};
  }
};

/// Gains of an anchor.
template <class T>
struct find_gains {
  const anchor_sums* sums;
  const summary* known;
  bool log_sum, normalize;
  double shift;
  anchor_gains<T>* gains;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    gains[i] = anchor_gains<T>(sums[i], known->share, log_sum, normalize, shift);
  }
};

/// Turns the listed logits of an anchor into f_i dL/dx f_j.
template <class P, class T>
struct slope_listed {
  pair_lists<P> lists;
  logit_rule<T> rule;
  index_type anchor_base, candidate_base;
  bool log_sum;
  const anchor_gains<T>* rows;
  const anchor_gains<T>* columns;  // of the second direction, or null
  T* listed;
  double* temperature;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    double warmth = 0;
    for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e) {
      const listed_pair pair = lists[e];
      const T x = listed[e];
      double slope = one_way(rows[i], x, pair, warmth);
      if (columns != nullptr) slope += one_way(columns[pair.candidate], x, pair, warmth);
      listed[e] = static_cast<T>(slope) * rule.factor(anchor_base + i, candidate_base + pair.candidate);
    }
    temperature[i] += warmth;
  }

 private:
  CONTRASTIVE_HOST_DEVICE double one_way(const anchor_gains<T>& g, T x, const listed_pair& pair, double& warmth) const {
    double slope = 0;
    if (pair.denominator > 0) slope += pair.denominator * static_cast<double>(g.denominator_slope(x));
    if (pair.positive > 0) slope -= pair.positive * static_cast<double>(g.positive_slope(x, log_sum));
    warmth += slope * static_cast<double>(g.above_log_z(x));
    return slope;
  }
};

/// Adds to H of a row what the listed pairs give it, as an anchor and as a candidate.
template <class P, class T, class R>
struct gather_listed {
  pair_lists<P> lists;
  candidate_lists order;
  const T* slopes;
  const R* rows;  // all global rows
  index_type anchor_base, num_anchors, candidate_base, num_candidates;
  index_type first_row;    // the global row of op(0)
  index_type dim, stride;  // dim: coordinates of H
  T* sums;                 // H from there on

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    const index_type i = first_row + r - anchor_base, j = first_row + r - candidate_base;
    const bool is_anchor = i >= 0 && i < num_anchors, is_candidate = j >= 0 && j < num_candidates;
    const index_type begin = is_candidate ? order.find(j) : 0, end = is_candidate ? order.find(j + 1) : 0;
    for (index_type k = lanes.lane(); k < dim; k += lanes.size()) {
      double sum = 0;
      if (is_anchor)
        for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e)
          sum += static_cast<double>(slopes[e]) * at(candidate_base + lists[e].candidate, k);
      for (index_type place = begin; place < end; ++place) {
        const index_type e = order.entries[place];
        sum += static_cast<double>(slopes[e]) * at(anchor_base + e / lists.per_anchor, k);
      }
      sums[r * stride + k] += static_cast<T>(sum);
    }
  }

 private:
  CONTRASTIVE_HOST_DEVICE double at(index_type row, index_type k) const {
    return static_cast<double>(static_cast<T>(rows[row * stride + k]));
  }
};

/// The loss of each anchor.
template <class T>
struct report_losses {
  conclude losses;
  T* per_anchor;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    per_anchor[i] = losses.known->broken ? not_a_number<T> : static_cast<T>(losses.loss_of(i));
  }
};

/// What is left for the end: the numbers that a call is asked for, each pointer may be null.
template <class T>
struct report {
  const summary* known;
  const double* temperature;  // (num_anchors), or null: no gradient was taken
  index_type num_anchors;
  double tau;
  T* loss;
  T* temperature_gradient;
  index_type* valid_anchors;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type, const Lanes& lanes) const {
    double sum = 0;
    for (index_type i = lanes.lane(); temperature != nullptr && i < num_anchors; i += lanes.size()) sum += temperature[i];
    sum = lanes.sum(sum);
    if (lanes.lane() != 0) return;
    if (loss != nullptr) *loss = static_cast<T>(known->loss);
    if (temperature_gradient != nullptr) *temperature_gradient = known->broken ? not_a_number<T> : static_cast<T>(-sum / tau);
    if (valid_anchors != nullptr) *valid_anchors = known->valid_anchors;
  }
};

/// Sets a run of numbers.
template <class V>
struct fill {
  V* out;
  V value;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { out[i] = value; }
};

/// The factor of each anchor that pair weights ask for.
template <class P>
struct prepare_anchors {
  P pairs;
  double* factors;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const { factors[i] = static_cast<double>(pairs.prepare_anchor(i)); }
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
