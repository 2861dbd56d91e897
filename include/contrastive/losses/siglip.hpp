// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// siglip: every image-text pair by itself, a match or not, by a sigmoid.
#pragma once

#include <contrastive/losses/pairs/row_ids.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Pair (i, i) is a match, every other is none; those of one id are in no sum.
struct match_pairs {
  row_ids ids;

  static constexpr pair_statements says{.lists = true, .positives_listed = true, .tiles = true, .leaves_out = true};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const { return i == j || ids.same(i, j) ? 0 : 1; }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return i == j ? 1 : 0; }
  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile&) const {
    return {tile_weights::ones, tile_positives::none, ids.given()};
  }
  CONTRASTIVE_HOST_DEVICE bool leaves_out(index_type i, index_type j) const { return ids.same(i, j); }
  template <class Visit>
  void each_left_out(const tile& t, Visit visit) const {
    ids.each_same(t, visit);
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return 1; }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type) const { return i; }
};

/// l_i = Σ_j D_ij log(1 + e^x_ij) + Σ_j P_ij log(1 + e^-x_ij).
struct sigmoid_rule {
  static constexpr auto sums = row_sums(softplus_of(weight::D), softplus_of_minus(weight::P));

  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<2> finish(const S& s) const {
    return {.loss = s[0] + s[1], .mass = 1, .slopes = {1, 1}};
  }
};

/// The pairwise sigmoid loss of SigLIP over pairs (a_i, b_i):
///
///   l_i = Σ_j log( 1 + e^(-y_ij x_ij) ),   x_ij = s(a_i, b_j)/τ + b,   y_ij = 1 where i = j, else -1
///
/// Arguments: a (n, d) and b (n, d). There is no denominator: each pair is judged by itself. b starts far below 0, because most
/// pairs are no match. τ and b are learned: SigLIP learns log(1/τ), whose gradient is -τ · temperature_gradient, and b, whose
/// gradient is `bias_gradient`. Rows need not be normalised. Loss in nats; `mean` divides by n, as the paper does; `per_anchor`
/// has n entries. Sums are stable for logits of any size. With `ids` pairs (i, j) of one id, i ≠ j, are in no sum; with
/// `anchor_weights` l_i counts w_i times, and `mean` divides by Σ w. Both views must live through the call.
/// Throws std::invalid_argument where a and b have different numbers of rows, for a bias that is not finite, and for ids and
/// weights of another number or negative, naming the entry.
/// Source: Zhai et al. 2023, "Sigmoid loss for language image pre-training", algorithm 1.
///
///   auto r = contrastive::value_and_gradient(contrastive::siglip{.temperature = 0.1, .bias = -10.0}, images, texts);
struct siglip {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  double bias = -10.0;                                                   ///< b, added to every logit
  label_view ids = {};                                                   ///< (n), or empty: of the pairs
  weight_view anchor_weights = {};                                       ///< (n) w ≥ 0 of the pairs, or empty: all 1

  static constexpr const char* name = "siglip";
  static constexpr auto arrangement = contrastive::arrangement::first_against_rest;
  static constexpr sigmoid_rule rule{};

  match_pairs bind(const argument_shapes& shapes) const {
    if (!(bias > -1e30 && bias < 1e30)) detail::refuse(name, "bias", "a finite number", bias);
    if (shapes.count != 2) detail::refuse(name, "embedding arguments", 2, shapes.count);
    if (shapes[1].rows != shapes[0].rows)
      detail::refuse(name, "argument 2", std::to_string(shapes[0].rows) + " rows as in argument 1",
                     std::to_string(shapes[1].rows) + " rows");
    return {detail::bind_ids(name, ids, shapes[0].rows, shapes[0].rows, "pair")};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
