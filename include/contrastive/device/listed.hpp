// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Pairs that are looked at by themselves, in double. They leave the tiles: each has its arm s / τ taken out of the tile where
// it is in one, and is excluded there.
//
// Entry e = i · per_anchor + t is the t-th pair that anchor i lists. Sorted by candidate, the entries of a candidate are
// a run that its row can gather alone: nothing is added to by two.
#pragma once

#include <contrastive/device/row_state.hpp>
#include <contrastive/device/rows.hpp>
#include <contrastive/device/tiles.hpp>
#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Candidates an anchor that may be looked through one by one, as fused kernels do in each tile.
constexpr index_type short_list = 8;

/// The lists of pair weights.
template <class Pairs>
struct pair_lists {
  Pairs pairs;
  index_type num_candidates, per_anchor;

  CONTRASTIVE_HOST_DEVICE index_type candidate(index_type entry) const {
    if constexpr (contrastive::detail::has_lists<Pairs>) return pairs.listed(entry / per_anchor, entry % per_anchor);
    return no_candidate;
  }
  CONTRASTIVE_HOST_DEVICE bool there(index_type candidate) const { return candidate >= 0 && candidate < num_candidates; }
  /// Where anchor i lists candidate j, or no_candidate.
  CONTRASTIVE_HOST_DEVICE index_type entry_of(index_type i, index_type j) const {
    for (index_type e = i * per_anchor; e < (i + 1) * per_anchor; ++e)
      if (candidate(e) == j) return e;
    return no_candidate;
  }
  CONTRASTIVE_HOST_DEVICE double weight_of(weight of, index_type i, index_type j) const {
    return static_cast<double>(of == weight::D ? pairs.denominator(i, j) : pairs.positive(i, j));
  }
};

/// The candidate of each entry, to sort by; those that are not there stand last.
template <class Pairs>
struct list_candidates {
  pair_lists<Pairs> lists;
  index_type* candidates;
  index_type* entries;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type e) const {
    const index_type j = lists.candidate(e);
    candidates[e] = lists.there(j) ? j : lists.num_candidates;
    entries[e] = e;
  }
};

/// Excludes the listed pairs of a tile, and takes their arms out: a positive is then the same number in all of its sums.
template <class Pairs, class T>
struct take_listed {
  pair_lists<Pairs> lists;
  tile_place<T> tile;
  arm_form<T> arms;
  T* listed;  // the arms of all entries, or null

  CONTRASTIVE_HOST_DEVICE void operator()(index_type e) const {  // of the tile's anchors
    const index_type r = e / lists.per_anchor, i = tile.anchor(r), entry = i * lists.per_anchor + e % lists.per_anchor,
                     j = lists.candidate(entry), c = j - tile.first_column;
    if (c < 0 || c >= tile.columns) return;
    if (listed != nullptr) {
      const T arm = arms(tile.product(r, c), tile.row_base + r, tile.column_base + c);
      listed[entry] = arm;
      if (tile.mirrored)  // symmetric weights list the pair in both orders
        if (const index_type reverse = lists.entry_of(j, i); reverse >= 0) listed[reverse] = arm;
    }
    tile.product(r, c) = excluded<T>;
  }
};
/// Excludes the pairs (i, i).
template <class T>
struct exclude_diagonal {
  tile_place<T> tile;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type r) const {
    const index_type c = tile.anchor(r) - tile.first_column;
    if (c >= 0 && c < tile.columns) tile.product(r, c) = excluded<T>;
  }
};

/// Excludes the pairs that are left out of a tile.
template <class Pairs, class T>
struct exclude_left_out {
  Pairs pairs;
  tile_place<T> tile;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    for (index_type c = lanes.lane(); c < tile.columns; c += lanes.size())
      if (pairs.leaves_out(tile.anchor(r), tile.candidate(c))) tile.product(r, c) = excluded<T>;
  }
};

/// The arms of the listed pairs that were in no tile; NaN says so.
template <class Pairs, class T, class R>
struct multiply_listed {
  pair_lists<Pairs> lists;
  const R* anchors;  // rows of anchor 0 and candidate 0
  const R* candidates;
  index_type anchor_base, candidate_base;  // their global rows
  index_type dim, stride;
  double temperature;
  arm_form<T> arms;
  T* listed;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type entry, const Lanes& lanes) const {
    const T before = listed[entry];
    const index_type i = entry / lists.per_anchor, j = lists.candidate(entry);
    if (before == before || !lists.there(j)) return;
    double product = 0;
    for (index_type k = lanes.lane(); k < dim; k += lanes.size())
      product += static_cast<double>(static_cast<T>(anchors[i * stride + k])) *
                 static_cast<double>(static_cast<T>(candidates[j * stride + k]));
    product = lanes.sum(product);
    if (lanes.lane() == 0) listed[entry] = arms(static_cast<T>(product / temperature), anchor_base + i, candidate_base + j);
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

/// Adds a listed pair to the sums of a stage.
template <bool Second, class Pairs, class Rule, class T>
CONTRASTIVE_HOST_DEVICE void add_listed_pair(const pair_lists<Pairs>& lists, const row_terms<Rule, T>& terms, index_type i,
                                             index_type j, T arm, double theta, row_values<Rule::sums.size>& sums) {
  each_sum<Rule>([&]<int k>() {
    if constexpr (Rule::sums[k].second_stage == Second)
      contrastive::detail::add_pair(terms.exact[k], k, static_cast<double>(arm), lists.weight_of(Rule::sums[k].of, i, j), theta,
                                    sums.parts[k], sums.theta_slopes[k], contrastive::detail::own_functions(terms.rule));
  });
}
/// Adds the listed pairs to the sums of an anchor. A candidate that is not there breaks the call, but for no_candidate.
template <class Pairs, class Rule, class T, bool Second>
struct add_listed {
  pair_lists<Pairs> lists;
  row_terms<Rule, T> terms;
  const T* listed;
  const double* thetas;
  row_values<Rule::sums.size>* sums;
  int* broken;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    auto s = sums[i];
    for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e) {
      const index_type j = lists.candidate(e);
      if (lists.there(j))
        add_listed_pair<Second>(lists, terms, i, j, listed[e], Second ? thetas[i] : 0, s);
      else if (j != no_candidate)
        *broken = 1;
    }
    sums[i] = s;
  }
};
/// The same for candidates as anchors.
template <class Pairs, class Rule, class T, bool Second>
struct add_listed_transposed {
  pair_lists<Pairs> lists;
  candidate_lists order;
  row_terms<Rule, T> terms;
  const T* listed;
  const double* thetas;
  row_values<Rule::sums.size>* sums;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type j) const {
    auto s = sums[j];
    for (index_type place = order.find(j); place < order.count && order.candidates[place] == j; ++place) {
      const index_type e = order.entries[place];
      add_listed_pair<Second>(lists, terms, e / lists.per_anchor, j, listed[e], Second ? thetas[j] : 0, s);
    }
    sums[j] = s;
  }
};

/// Turns the arms of an anchor's listed pairs into f_i dL/dx f_j.
template <class Pairs, class Rule, class T>
struct slope_listed {
  pair_lists<Pairs> lists;
  row_terms<Rule, T> terms;
  arm_form<T> arms;
  index_type anchor_base, candidate_base;
  gain_planes<Rule, T> rows;
  gain_planes<Rule, T> columns;  // of the second direction, or not there
  T* listed;
  double* temperature;
  double* bias;  // or null

  CONTRASTIVE_HOST_DEVICE void operator()(index_type i) const {
    double temperature_sum = 0, bias_sum = 0;
    for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e) {
      const index_type j = lists.candidate(e);
      double slope = 0;
      if (lists.there(j)) {
        slope += one_way(rows, i, i, j, listed[e], temperature_sum);
        if (columns.there()) slope += one_way(columns, j, i, j, listed[e], temperature_sum);
        bias_sum += slope;
        slope *= static_cast<double>(arms.factor(anchor_base + i, candidate_base + j));
      }
      listed[e] = static_cast<T>(slope);
    }
    temperature[i] += temperature_sum;
    if (bias != nullptr) bias[i] += bias_sum;
  }

 private:
  /// What `anchor`, of one of the directions, gives the pair (i, j).
  CONTRASTIVE_HOST_DEVICE double one_way(const gain_planes<Rule, T>& gains, index_type anchor, index_type i, index_type j,
                                         T listed_arm, double& temperature_sum) const {
    const double arm = static_cast<double>(listed_arm), reference = static_cast<double>(gains.reference(anchor));
    double slope = 0;
    each_sum<Rule>([&]<int k>() {
      const double part =
          contrastive::detail::pair_slope(terms.exact[k], k, arm, lists.weight_of(Rule::sums[k].of, i, j),
                                          gains.exact(k, anchor), contrastive::detail::own_functions(terms.rule));
      slope += part;
      temperature_sum += part * (arm - terms.exact[k].margin - reference);
    });
    return slope;
  }
};

/// Adds to H of a row what the listed pairs give it, as an anchor and as a candidate. Symmetric weights list a pair in both
/// orders: without `order` a candidate finds its anchors in its own list.
template <class Pairs, class T, class R>
struct gather_listed {
  pair_lists<Pairs> lists;
  candidate_lists order;
  const T* slopes;
  const R* rows;  // all global rows
  index_type anchor_base, num_anchors, candidate_base;
  index_type first_row;    // the global row of op(0)
  index_type dim, stride;  // dim: coordinates of H
  T* sums;                 // H from there on

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    const index_type i = first_row + r - anchor_base, j = first_row + r - candidate_base;
    const bool is_anchor = i >= 0 && i < num_anchors, is_candidate = lists.there(j);
    const bool sorted = order.candidates != nullptr;
    const index_type begin = !is_candidate ? 0
                             : sorted      ? order.find(j)
                                           : j * lists.per_anchor,
                     end = !is_candidate ? 0
                           : sorted      ? order.find(j + 1)
                                         : (j + 1) * lists.per_anchor;
    constexpr int together = 8;  // coordinates of a lane, so that a pair is looked up once for all of them
    for (index_type first = lanes.lane(); first < dim; first += together * lanes.size()) {
      double of_lane[together] = {};
      const auto add = [&](index_type e, index_type row) {
        for (int t = 0; t < together; ++t)
          if (const index_type k = first + t * lanes.size(); k < dim) of_lane[t] += static_cast<double>(slopes[e]) * at(row, k);
      };
      if (is_anchor)
        for (index_type e = i * lists.per_anchor; e < (i + 1) * lists.per_anchor; ++e)
          if (const index_type candidate = lists.candidate(e); lists.there(candidate)) add(e, candidate_base + candidate);
      for (index_type place = begin; place < end; ++place) {
        const index_type e = sorted ? order.entries[place] : listing(lists.candidate(place), j);
        if (e >= 0) add(e, anchor_base + e / lists.per_anchor);
      }
      for (int t = 0; t < together; ++t)
        if (const index_type k = first + t * lanes.size(); k < dim) sums[r * stride + k] += static_cast<T>(of_lane[t]);
    }
  }

 private:
  CONTRASTIVE_HOST_DEVICE index_type listing(index_type i, index_type j) const {
    return lists.there(i) ? lists.entry_of(i, j) : no_candidate;
  }
  CONTRASTIVE_HOST_DEVICE double at(index_type row, index_type k) const {
    return static_cast<double>(static_cast<T>(rows[row * stride + k]));
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
