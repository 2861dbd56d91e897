// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// sup_con: supervised contrastive learning, positives are the rows of the same class.
#pragma once

#include <contrastive/losses/pairs/same_class.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// How sup_con pools the positives of an anchor.
enum class pooling {
  mean_log,  ///< the mean of the logarithms, L_out
  log_sum    ///< the logarithm of the mean, L_in
};

/// SupCon over n rows with class labels y; A(i) = all rows but i, P(i) = the rows of A(i) with y_p = y_i:
///
///   mean_log (L_out)  l_i = log Σ_{a ∈ A(i)} e^(s_ia / τ) - 1/|P(i)| Σ_{p ∈ P(i)} s_ip / τ
///   log_sum  (L_in)   l_i = log Σ_{a ∈ A(i)} e^(s_ia / τ) - log( 1/|P(i)| Σ_{p ∈ P(i)} e^(s_ip / τ) )
///
/// Arguments: one matrix (n, d), or several views (n, d) of the same samples, stacked; `labels` has one label a row, or
/// one a sample that all views share. The view of the labels must live through the call. Rows need not be normalised.
/// Loss in nats; `mean` divides by the anchors that have a positive (`valid_anchors`); an anchor alone in its class has
/// loss 0 and gives no gradient. With a class per sample and two views this is nt_xent.
/// With `anchor_weights` row i counts w_i times: w_i l_i, and `mean` divides by Σ w of the valid anchors.
/// Throws std::invalid_argument where the number of labels fits neither, and for weights of another number or negative.
/// Source: Khosla et al. 2020, "Supervised contrastive learning", eq. 2 (out) and 3 (in).
///
///   auto r = contrastive::value_and_gradient(contrastive::sup_con{.temperature = 0.1, .labels = labels}, z);
struct sup_con {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  contrastive::pooling pooling = contrastive::pooling::mean_log;         ///< how several positives count
  label_view labels = {};                                                ///< the classes of the rows
  weight_view anchor_weights = {};                                       ///< one a row, w ≥ 0, or empty: all 1

  static constexpr const char* name = "sup_con";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;

  same_class_pairs bind(const argument_shapes& shapes) const { return {detail::bind_labelled_rows(name, labels, shapes)}; }
  std::variant<mean_log, log_sum> rule(const argument_shapes&) const {
    if (pooling == contrastive::pooling::log_sum) return log_sum{.average = true};
    return mean_log{.average = true};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("labels", labels.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
