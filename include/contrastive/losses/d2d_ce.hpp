// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// d2d_ce: the data-to-data cross entropy of ReACGAN, whose margins leave easy positives and easy negatives alone.
#pragma once

#include <contrastive/losses/pairs/other_class.hpp>
#include <contrastive/numeric/softplus.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// l_i = log(e^S_1 + S_0) - S_1, S_0 = Σ_j D_ij e^max(0, (s_ij - m⁻)/τ), S_1 = Σ_j P_ij min(0, (s_ij - m⁺)/τ).
struct d2d_ce_rule {
  double margin_positive, margin_negative;

  static constexpr auto sums = row_sums(clipped_exp_of(weight::D), clipped_x_of(weight::P));

  CONTRASTIVE_HOST_DEVICE double parameter(int k) const { return k == 0 ? margin_negative : margin_positive; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<2> finish(const S& s) const {
    if (s.empty(0)) return {.mass = 1};
    const double y = s.log(0) - s[1], slope = sigmoid(y);
    return {.loss = softplus(y), .mass = 1, .slopes = {slope, -slope}};
  }
};

/// The data-to-data cross entropy over n rows h with class labels y and one proxy e_c a class:
///
///   l_i = log( e^p_i + Σ_{k of other classes} e^max(0, (s(h_i, h_k) - m⁻)/τ) ) - p_i,   p_i = min(0, (s(h_i, e_y_i) - m⁺)/τ)
///
/// A positive with s > m⁺ `margin_positive` and a negative with s < m⁻ `margin_negative` are easy: they give no gradient. At
/// the margin itself the gradient flows. Rows of the own class and other classes' proxies are in no sum.
/// Arguments: h (n, d) and proxies (num_classes, d); `labels` (n) in [0, num_classes). The view of the labels must live
/// through the call. Rows need not be normalised; margins are in units of the similarity. Loss in nats; `mean` divides by n.
/// Where there is no other class the loss is log 1 = 0, and the anchors are valid.
/// With `anchor_weights` row i counts w_i times: w_i l_i, and `mean` divides by Σ w of the valid anchors.
/// Throws std::invalid_argument where there are no proxies, where labels do not fit, naming the first that does not, and for
/// margins that are not finite, and for weights of another number or negative.
/// Source: Kang et al. 2021, "Rebooting ACGAN: Auxiliary classifier GANs with stable training", eq. 6. The authors' code
/// subtracts the row's maximum from the negatives alone, which is another value; this is the equation.
///
///   auto r = contrastive::value_and_gradient(contrastive::d2d_ce{.labels = labels}, h, proxies);
struct d2d_ce {
  double temperature = 0.5;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  double margin_positive = 0.98;                                         ///< m⁺
  double margin_negative = 0.02;                                         ///< m⁻
  label_view labels = {};                                                ///< the classes of the rows
  weight_view anchor_weights = {};                                       ///< one a row, w ≥ 0, or empty: all 1

  static constexpr const char* name = "d2d_ce";
  static constexpr auto arrangement = contrastive::arrangement::first_against_all;

  other_class_pairs bind(const argument_shapes& shapes) const {
    for (const auto& [which, margin] : {std::pair{"margin_positive", margin_positive}, {"margin_negative", margin_negative}})
      if (!(margin > -1e30 && margin < 1e30)) detail::refuse(name, which, "a finite number", margin);
    if (shapes.count != 2) detail::refuse(name, "embedding arguments", "2 (rows, class proxies)", shapes.count);
    return {detail::bind_rows_and_proxies(name, labels, shapes)};
  }
  d2d_ce_rule rule(const argument_shapes&) const { return {margin_positive, margin_negative}; }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("labels", labels.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
