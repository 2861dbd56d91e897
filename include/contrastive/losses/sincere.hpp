// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// sincere: supervised contrast in which each positive stands against the negatives alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/engine/row/pairs.hpp>
#include <contrastive/losses/pairs/other_class.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What sincere takes the mean of.
enum class average {
  per_anchor,  ///< each anchor counts once, its positives 1/|P(i)| each
  per_pair     ///< each pair of an anchor and a positive counts once
};

/// l_i = S_1, with S_1 = Σ_j P_ij log(1 + e^(θ_i - x_ij)), θ_i = log S_0, S_0 = Σ_j D_ij e^x_ij; per_anchor divided by Σ_j
/// P_ij.
struct sincere_rule {
  contrastive::average average = contrastive::average::per_anchor;
  double log_rows = 0;  ///< log of the number of rows: log S_0 less it is near the logits where all are alike

  static constexpr auto sums = row_sums(exp_of(weight::D), softplus_above_theta(weight::P), weight_of(weight::P));
  static constexpr rule_statements says{.balanced = true};

  template <class S>
  CONTRASTIVE_HOST_DEVICE double theta(const S& s) const {
    return s.empty(0) ? detail::no_theta : s.log(0);
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s[2] == 0) return {};
    const bool pairs = average == contrastive::average::per_pair, alone = s.empty(0);
    const double each = pairs ? 1 : 1 / s[2];
    return {.loss = each * s[1],
            .mass = pairs ? s[2] : 1,
            .reference = alone ? 0 : s.log(0) - log_rows,
            .slopes = {alone ? 0 : each * s.theta_slope(1), each, 0}};
  }
};

/// SINCERE over n rows with class labels y; N(i) = the rows of other classes, P(i) = the other rows of i's class:
///
///   per_anchor  l_i = 1/|P(i)| Σ_{p ∈ P(i)} [ log( e^(s_ip / τ) + Σ_{k ∈ N(i)} e^(s_ik / τ) ) - s_ip / τ ]
///   per_pair    l_i = the same without 1/|P(i)|
///
/// Unlike in sup_con a positive is in no sum but its own: positives do not repel each other.
/// Arguments: one matrix (n, d), or several views (n, d) of the same samples, stacked; `labels` has one label a row, or
/// one a sample that all views share. The view of the labels must live through the call. Rows need not be normalised.
/// Loss in nats; `mean` divides by the anchors that have a positive (`valid_anchors`), with per_pair by the number of pairs
/// Σ_i |P(i)|, as pytorch-metric-learning's NTXentLoss does. An anchor alone in its class has loss 0 and gives no gradient;
/// where there is no other class every term is log 1 = 0, and the anchors are valid. With a class per sample and two views
/// this is nt_xent.
/// With `anchor_weights` row i counts w_i times: w_i l_i, and `mean` divides by Σ w of the valid anchors (per_pair: Σ w |P|).
/// Throws std::invalid_argument where the number of labels fits neither, and for weights of another number or negative.
/// Source: Feeney & Hughes 2024, "SINCERE: Supervised information noise-contrastive estimation revisited".
///
///   auto r = contrastive::value_and_gradient(contrastive::sincere{.temperature = 0.1, .labels = labels}, z);
struct sincere {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  contrastive::average average = contrastive::average::per_anchor;       ///< what the mean is taken over
  label_view labels = {};                                                ///< the classes of the rows
  weight_view anchor_weights = {};                                       ///< one a row, w ≥ 0, or empty: all 1

  static constexpr const char* name = "sincere";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;

  class_against_others_pairs bind(const argument_shapes& shapes) const {
    return {{detail::bind_labelled_rows(name, labels, shapes)}};
  }
  sincere_rule rule(const argument_shapes& shapes) const {
    return {average, std::log(static_cast<double>(std::max<index_type>(1, shapes.total_rows())))};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("labels", labels.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
