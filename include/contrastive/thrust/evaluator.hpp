// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The portable engine: losses and gradients of rows in device memory, by Thrust's algorithms, on whichever system Thrust is
// compiled for (THRUST_DEVICE_SYSTEM: CUDA, OMP, TBB, CPP).
#pragma once

#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/find.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>

#include <algorithm>
#include <array>
#include <contrastive/core/errors.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/thrust/device_rows.hpp>
#include <contrastive/thrust/pair_passes.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

namespace detail {

/// False where the loss's type says that it has another arrangement: saves the compiler a pass.
template <class L>
constexpr bool may_go_both_ways() {
  if constexpr (requires { typename std::bool_constant<L::arrangement == arrangement::both_ways>; })
    return L::arrangement == arrangement::both_ways;
  else
    return true;
}

}  // namespace detail

/// How to run, as opposed to what to compute.
struct options {
  bool check_finite = false;  ///< throw where a row holds NaN or infinity, naming argument and row
};

/// What a call gives: numbers on the host, matrices in device memory.
template <class T>
struct result {
  T loss = 0;  ///< in nats, reduced as the loss says
  std::vector<::thrust::device_vector<T>>
      gradients;               ///< dloss/d(argument), one an argument, (rows, cols) row-major; empty under no_gradient
  T temperature_gradient = 0;  ///< dloss/dτ
  ::thrust::device_vector<T> per_anchor;  ///< with reduction::none the loss of each anchor, else empty
  index_type valid_anchors = 0;           ///< anchors that have a positive: what `mean` divides by
};

/// Evaluates losses of rows in device memory; the losses are those of the CPU, a user's own among them.
///
/// T is the scalar of embeddings and results, float or double. Similarities, logits and all sums are double in either case;
/// only the normalised rows (cosine) and the results are rounded to T. The same input gives the same bits, however many
/// threads the system runs.
/// Everything that a loss points to (labels, weights, parameters) is read on the device; labels that name proxies, weights
/// and parameters also on the host, where they are checked: let them lie in a thrust::universal_vector.
/// A loss of one's own marks its two functions CONTRASTIVE_HOST_DEVICE where Thrust is compiled for CUDA.
/// Memory: a copy of the embeddings, the gradients, one gradient more in double, and some numbers a row; where candidates are
/// listed outside the tiles (each query's own negatives), two indices for each of those. It is kept between calls.
/// A call returns when all is done. One evaluator serves one thread at a time.
///
/// Throws std::invalid_argument as the CPU's evaluator does, before anything is written; std::bad_alloc where memory runs out;
/// thrust::system_error where the device fails. NaN or infinity in a row makes loss and gradients NaN.
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: evaluator<T> needs T = float or T = double");

 public:
  explicit evaluator(const options& how = {}) : options_(how) {}
  evaluator(const evaluator&) = delete;
  evaluator& operator=(const evaluator&) = delete;

  /// The loss alone.
  template <class L, class... E>
  T value(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), false).loss;
  }

  /// The loss and all gradients. The result belongs to the evaluator and is good until its next call.
  template <class L, class... E>
  const result<T>& value_and_gradient(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), true);
  }

  /// For a number of arguments known only at run time.
  template <loss_function L>
  const result<T>& value_and_gradient(const L& loss, const std::vector<device_rows<T>>& embeddings) {
    return evaluate(loss, embeddings.data(), static_cast<int>(embeddings.size()), true);
  }

 private:
  template <class Element>
  using vector = ::thrust::device_vector<Element>;

  template <class L, class... E>
  static std::array<device_rows<T>, sizeof...(E)> collect(const E&... embeddings) {
    static_assert(
        loss_function<L>,
        "contrastive: the first argument is no loss: it needs temperature, similarity, reduction, arrangement, pooling and "
        "denominator(i, j), positive(i, j); see contrastive::loss_function and docs/custom_loss.md");
    static_assert(sizeof...(E) > 0, "contrastive: a loss needs at least one matrix of embeddings");
    static_assert((std::is_same_v<E, device_rows<T>> && ...),
                  "contrastive: embeddings must be contrastive::thrust_engine::device_rows<T> of the evaluator's scalar type");
    return {embeddings...};
  }

  template <class Function>
  static void each(index_type count, Function function) {
    if (count > 0) ::thrust::for_each_n(::thrust::device, ::thrust::counting_iterator<index_type>(0), count, function);
  }
  template <class Element>
  static Element* raw(vector<Element>& elements) {
    return ::thrust::raw_pointer_cast(elements.data());
  }
  /// Makes room; what was in it is lost.
  template <class Element>
  static Element* room(vector<Element>& elements, index_type count) {
    if (static_cast<index_type>(elements.size()) < count) {
      elements.clear();
      elements.shrink_to_fit();
      elements.resize(static_cast<std::size_t>(count));
    }
    return raw(elements);
  }

  template <class L>
  const result<T>& evaluate(const L& loss, const device_rows<T>* arguments, int count, bool with_gradients) {
    constexpr const char* who = contrastive::detail::loss_name<L>();
    shapes_.clear();
    for (int a = 0; a < count; ++a) shapes_.push_back({arguments[a].rows, arguments[a].cols});
    const argument_shapes shapes{shapes_.data(), count};
    contrastive::detail::check_arguments(who, loss.temperature, loss.arrangement, shapes);
    for (int a = 0; a < count; ++a)
      if (arguments[a].data == nullptr)
        contrastive::detail::refuse(who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
    const auto pairs = contrastive::detail::bind(loss, shapes);
    const auto ranges = contrastive::detail::ranges_of(loss.arrangement, shapes);

    const prepared_rows<T> rows = prepare(loss.similarity, arguments, count, ranges.total);
    const bool finite = find_not_finite(who, arguments, count, ranges.total);

    fit(arguments, count, loss.reduction == reduction::none ? ranges.num_anchors() : 0, with_gradients);
    run(pairs, loss, ranges, rows, arguments, count, with_gradients, result_);
    if (!finite) spoil(result_);
    return result_;
  }

  prepared_rows<T> prepare(similarity kind, const device_rows<T>* arguments, int count, index_type total) {
    const index_type dim = arguments[0].cols;
    const prepared_rows<T> rows{kind, dim, room(rows_, total * dim), room(norms_, total)};
    index_type first = 0;
    for (int a = 0; a < count; first += arguments[a++].rows)
      each(arguments[a].rows, read_rows<T>{rows, arguments[a].data, arguments[a].row_stride, first});
    return rows;
  }

  /// Are all rows finite? With check_finite throws where one is not.
  bool find_not_finite(const char* who, const device_rows<T>* arguments, int count, index_type total) {
    const double* norms = raw(norms_);
    index_type row = ::thrust::find_if(::thrust::device, norms, norms + total, norm_not_finite{}) - norms;
    if (row == total) return true;
    if (!options_.check_finite) return false;
    int a = 0;
    for (; a + 1 < count && row >= arguments[a].rows; ++a) row -= arguments[a].rows;
    contrastive::detail::refuse(who, "argument " + std::to_string(a + 1) + ", row " + std::to_string(row), "finite numbers",
                                "NaN or infinity");
  }

  /// Makes the result's vectors fit. Without gradients the memory of the last ones is kept.
  void fit(const device_rows<T>* arguments, int count, index_type losses, bool with_gradients) {
    result_.per_anchor.resize(static_cast<std::size_t>(losses));
    if (!with_gradients) return;
    result_.gradients.resize(static_cast<std::size_t>(count));
    for (int a = 0; a < count; ++a) {
      const index_type size = arguments[a].needs_gradient ? arguments[a].rows * arguments[a].cols : 0;
      result_.gradients[static_cast<std::size_t>(a)].resize(static_cast<std::size_t>(size));
    }
  }

  template <class P, class L>
  void run(P pairs, const L& loss, const contrastive::detail::row_ranges& ranges, const prepared_rows<T>& rows,
           const device_rows<T>* arguments, int count, bool with_gradients, result<T>& to) {
    const index_type n = ranges.num_anchors(), m = ranges.num_candidates();
    const bool both_ways = loss.arrangement == arrangement::both_ways;
    const double part = both_ways ? 0.5 : 1, temperature = loss.temperature;
    if constexpr (contrastive::detail::has_anchor_factors<P>)
      if (pairs.prepares_anchors()) {
        double* factors = room(factors_, n);
        each(n, prepare_anchor<P>{pairs, factors});
        pairs.anchor_factors = factors;
      }
    const pair_source<T, P> source{rows,
                                   walk_of(pairs, n, m, with_gradients || both_ways),
                                   ranges.anchor_begin,
                                   ranges.candidate_begin,
                                   temperature,
                                   {loss.pooling == pooling::log_sum, contrastive::detail::normalizes_positives<P>()}};

    anchor_terms* terms = room(terms_, n);
    anchor_slopes* slopes = room(slopes_, n);
    anchor_slopes* turned_slopes = both_ways ? room(turned_slopes_, m) : nullptr;
    each(n, sum_pairs<T, P, false>{source, part, slopes, terms});
    if constexpr (detail::may_go_both_ways<L>())
      if (both_ways) each(m, sum_pairs<T, P, true>{source, part, turned_slopes, terms});
    const anchor_terms sums = total(n);
    const double share = loss.reduction != reduction::mean ? 1 : sums.valid > 0 ? 1 / static_cast<double>(sums.valid) : 0;
    to.loss = static_cast<T>(share * sums.loss);
    to.valid_anchors = sums.valid;
    if (!to.per_anchor.empty()) each(n, write_loss<T>{terms, raw(to.per_anchor)});
    if (!with_gradients) return;

    index_type first = 0, most_rows = 0;
    for (int a = 0; a < count; ++a)
      if (arguments[a].needs_gradient) most_rows = std::max(most_rows, arguments[a].rows);
    double* gradient_sums = room(gradient_sums_, most_rows * rows.dim);
    for (int a = 0; a < count; first += arguments[a++].rows) {
      const bool wanted = arguments[a].needs_gradient, anchors = ranges.anchor_begin <= first && first < ranges.anchor_end;
      if (!wanted && !anchors) continue;
      each(arguments[a].rows, differentiate_row<T, P>{source, slopes, turned_slopes, terms, first, share * part / temperature,
                                                      wanted ? gradient_sums : nullptr,
                                                      wanted ? raw(to.gradients[static_cast<std::size_t>(a)]) : nullptr});
    }
    to.temperature_gradient = static_cast<T>(-share * part * total(n).temperature / temperature);
  }

  /// The pairs that count, and by candidate those that are listed outside the tiled ones.
  template <class P>
  pair_walk<P> walk_of(const P& pairs, index_type n, index_type m, bool by_candidate) {
    pair_walk<P> walk{pairs, n, m, 0, m, 0, nullptr, nullptr, 0};
    if constexpr (requires { pairs.tiled_begin(), pairs.tiled_end(); })
      walk.tiled_begin = pairs.tiled_begin(), walk.tiled_end = pairs.tiled_end();
    if constexpr (requires { pairs.listed_per_anchor(); }) walk.listed_per_anchor = pairs.listed_per_anchor();
    if constexpr (requires { pairs.listed_per_anchor(), pairs.tiled_begin(); })
      if (by_candidate && walk.lists_outside()) sort_listings(walk);
    return walk;
  }

  template <class P>
  void sort_listings(pair_walk<P>& walk) {
    const index_type listings = walk.num_anchors * walk.listed_per_anchor;
    index_type* candidates = room(listed_candidates_, listings);
    index_type* anchors = room(listing_anchors_, listings);
    each(listings, write_listing<P>{walk, candidates, anchors});
    ::thrust::stable_sort_by_key(::thrust::device, candidates, candidates + listings, anchors);
    walk.listed_candidates = candidates, walk.listing_anchors = anchors, walk.listings = listings;
  }

  /// Σ of the terms of n anchors, chunk by chunk, so that the order does not depend on the system.
  anchor_terms total(index_type n) {
    const anchor_terms* from = raw(terms_);
    vector<anchor_terms>* to = &chunks_[0];
    while (n > 1) {
      const index_type sums = (n + add_terms::chunk - 1) / add_terms::chunk;
      each(sums, add_terms{from, n, room(*to, sums)});
      from = raw(*to), n = sums;
      to = to == &chunks_[0] ? &chunks_[1] : &chunks_[0];
    }
    anchor_terms sum;
    ::thrust::copy_n(::thrust::device_pointer_cast(from), 1, &sum);
    return sum;
  }

  /// A NaN anywhere makes everything NaN: a loss that is NaN is noticed, a few rows are not.
  static void spoil(result<T>& to) {
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    to.loss = to.temperature_gradient = nan;
    fill(to.per_anchor, nan);
    for (auto& gradient : to.gradients) fill(gradient, nan);
  }
  static void fill(vector<T>& elements, T value) {
    if (!elements.empty()) ::thrust::fill_n(::thrust::device, raw(elements), elements.size(), value);
  }

  options options_;
  std::vector<shape> shapes_;
  result<T> result_;
  vector<T> rows_;                                          // (total, dim)
  vector<double> norms_, factors_;                          // (total), (anchors)
  vector<anchor_slopes> slopes_, turned_slopes_;            // (anchors), (candidates)
  vector<anchor_terms> terms_, chunks_[2];                  // (anchors), sums of them
  vector<double> gradient_sums_;                            // (most rows of an argument, dim)
  vector<index_type> listed_candidates_, listing_anchors_;  // (listings)
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
