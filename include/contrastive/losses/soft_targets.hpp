// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// soft_targets: cross entropy with given targets, as in distillation.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/losses/pairs/weight_matrix.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Every candidate counts once in the denominator, and as a positive as much as its target says.
template <class Targets>
struct target_pairs {
  Targets targets;

  static constexpr pair_statements says{.tiles = true, .positive_rows = true};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type, index_type) const { return 1; }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return static_cast<double>(targets(i, j)); }
  template <class T>
  CONTRASTIVE_HOST_DEVICE void positives(index_type i, index_type first, index_type count, T* out) const {
    if constexpr (requires { targets.row(i, first, count, 1.0, out); })
      targets.row(i, first, count, 1.0, out);
    else
      for (index_type c = 0; c < count; ++c) out[c] = static_cast<T>(targets(i, first + c));
  }
  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile&) const { return {tile_weights::ones, tile_positives::general}; }
};

/// Cross entropy of the softmax over the candidates with targets T ≥ 0:
///
///   l_i = ( Σ_j T_ij ) log Σ_j e^(s(q_i, k_j)/τ) - Σ_j T_ij s(q_i, k_j)/τ
///
/// Where rows of T sum to 1 this is the divergence from T, plus the entropy of T. It is distillation where T is a teacher's
/// softmax, label smoothing where T is one-hot but for a little, and info_nce where T is one-hot.
/// Arguments: q (n, d) and k (m, d). `targets`: a float matrix (n, m), row- or column-major; or any callable
/// (query, candidate) ≥ 0, trivially copyable: basic_soft_targets<F>{.targets = f}. Rows of T need not sum to 1; a row of zeros
/// has loss 0, gives no gradient and is not counted in the mean. No gradient flows into the targets. The view must live through
/// the call. The denominator leaves nothing out. Rows need not be normalised. Loss in nats; `mean` divides by the rows of T
/// that are not zero. Several arguments after q stand one after another, as if they were one k.
/// With `anchor_weights` query i counts w_i times: w_i l_i, and `mean` divides by Σ w of those rows.
/// Throws std::invalid_argument for targets of another shape and, of a matrix, for such as are negative or not finite, and for
/// weights of another number or negative.
/// Source: Hinton et al. 2015, "Distilling the knowledge in a neural network", section 2, without the factor τ².
///
///   auto r = contrastive::value_and_gradient(contrastive::soft_targets{.temperature = 0.1, .targets = weights}, q, k);
template <class Targets>
struct basic_soft_targets {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  std::remove_const_t<Targets> targets =
      {};                           ///< T: a float matrix, or a callable (query, key); decltype of a const lambda is const
  weight_view anchor_weights = {};  ///< (n) w ≥ 0, or empty: all 1

  static constexpr const char* name = "soft_targets";
  static constexpr auto arrangement = contrastive::arrangement::first_against_rest;
  static constexpr mean_log rule{};

  target_pairs<std::remove_const_t<Targets>> bind(const argument_shapes& shapes) const {
    const index_type n = shapes[0].rows;
    if constexpr (requires { targets.check(name, "targets", n, n, false, false); })
      targets.check(name, "targets", n, shapes.total_rows() - n, false, !shapes.on_device);
    return {targets};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("anchor_weights", anchor_weights.data());
    if constexpr (requires { targets.values.data; }) visit("targets", targets.values.data);
  }
};

/// Targets of a matrix.
using soft_targets = basic_soft_targets<weight_matrix>;

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
