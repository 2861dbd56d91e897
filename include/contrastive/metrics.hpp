// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What to watch while training: alignment, uniformity, recall, and how many negatives count.
#pragma once

#include <array>
#include <contrastive/cpu/evaluator.hpp>
#include <contrastive/cpu/metrics_access.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// measure(the problem that a metric is computed of), for rows alone, or queries and their keys.
template <class Measure, class... E>
double metric_of(const char* who, similarity kind, double temperature, Measure measure, const E&... embeddings) {
  using T = typename common_scalar<E...>::type;
  const std::array<argument<T>, sizeof...(E)> arguments{as_argument(embeddings)...};
  cpu::problem<T> p{};
  p.who = who, p.temperature = temperature, p.similarity = kind;
  p.arrangement = sizeof...(E) == 2 ? arrangement::both_ways : arrangement::all_against_all;
  p.arguments = arguments.data(), p.count = static_cast<int>(arguments.size());
  return measure(p);
}

}  // namespace detail

// Of all: embeddings are what the losses take, a matrix (n, d) a side, of float, double or 16 bits, of any layout, row i of k
// being the key of row i of q. They are only read. Memory grows with n d; nothing of size n² is kept. The same input gives the
// same bits for any number of threads. NaN or infinity in a row makes the result NaN, or is refused where
// options::check_finite is set. Shapes that do not fit throw std::invalid_argument. A metric has no gradient.

/// How far positives are apart, with u and v the rows of q and k at length 1:
///
///   1/n Σ_i |u_i - v_i|²
///
/// It is 0 if the positives are equal, 2 if they have no relation, and 4 if they are opposite. A row without a direction (norm
/// below 1e-12) counts as u = 0. Differences and sums are double.
/// Source: Wang & Isola 2020, "Understanding contrastive representation learning through alignment and uniformity on the
/// hypersphere", sec. 4.1.1, with α = 2.
///
///   const double apart = contrastive::alignment(z1, z2);
template <class Q, class K>
double alignment(const Q& q, const K& k, const options& how = {}) {
  return detail::metric_of(
      "alignment", similarity::cosine, 1, [&](const auto& p) { return cpu::alignment_of(p, how); }, q, k);
}

/// How evenly the directions of the rows cover the sphere; u are the rows scaled to length 1:
///
///   log( 1/(n (n - 1)) Σ_i Σ_{j ≠ i} e^(-2 |u_i - u_j|²) )
///
/// It is 0 if all rows are alike, and negative otherwise. Random directions in d dimensions have about 4 (2/d - 1), that is -4
/// for large d. Only few rows can reach less than -4. A row without a direction (norm below 1e-12) counts as u = 0, so rows
/// that are all 0 give 0 too. Sums are double; a pair has the precision of the embeddings' type.
/// Throws std::invalid_argument for a single row, which has no distance to others.
/// Source: Wang & Isola 2020, sec. 4.1.2, with t = 2; the mean is over pairs of different rows, as in the authors' program.
///
///   const double spread = contrastive::uniformity(z1);
template <class Q>
double uniformity(const Q& q, const options& how = {}) {
  return detail::metric_of(
      "uniformity", similarity::cosine, 1, [&](const auto& p) { return cpu::uniformity_of(p, how); }, q);
}

/// Recall at `rank`: the share of the queries whose own key is among the `rank` keys most similar to them,
///
///   1/n #{ i : #{ j ≠ i : s(q_i, k_j) ≥ s(q_i, k_i) } < rank }
///
/// A key that is as similar as the query's own key counts as nearer. So equal rows, or rows of zeros, find nothing, and do not
/// make a collapsed encoder look good. recall(k, q, rank) is the other direction: keys look for their queries. A rank of n or
/// more, or a single row, gives 1. By chance it is rank / n. Throws std::invalid_argument for a rank below 1.
///
///   const double by_image = contrastive::recall(images, texts, 5), by_text = contrastive::recall(texts, images, 5);
template <class Q, class K>
double recall(const Q& q, const K& k, index_type rank, similarity kind = similarity::cosine, const options& how = {}) {
  return detail::metric_of(
      "recall", kind, 1, [&](const auto& p) { return cpu::recall_of(p, rank, how); }, q, k);
}

/// How many negatives effectively count for an anchor at a temperature: the mean over the anchors of their perplexity,
///
///   1/n Σ_i e^(H_i),   H_i = -Σ_{j ≠ i} p_ij log p_ij,   p_ij = e^(s(q_i, k_j)/τ) / Σ_{m ≠ i} e^(s(q_i, k_m)/τ)
///
/// p is each negative's share of the gradient of info_nce with respect to the negatives' similarities. The positive is left
/// out. The result is 1 if one negative has all the weight, and n - 1 if all weigh the same, as when all rows are alike or τ is
/// large. If a loss has other negatives than the keys of other rows, as nt_xent has, the result is about those keys alone. Sums
/// are double.
/// Throws std::invalid_argument for a single row, which has no negatives, and for a temperature that the losses refuse.
/// Source of the perplexity as an effective number of neighbours: van der Maaten & Hinton 2008, "Visualizing data using
/// t-SNE", sec. 2.
///
///   const double negatives_that_count = contrastive::effective_negatives(q, k, 0.1);
template <class Q, class K>
double effective_negatives(const Q& q, const K& k, double temperature, similarity kind = similarity::cosine,
                           const options& how = {}) {
  return detail::metric_of(
      "effective_negatives", kind, temperature, [&](const auto& p) { return cpu::effective_negatives_of(p, how); }, q, k);
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
