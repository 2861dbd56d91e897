// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// conditional_contrastive: the 2C loss of ContraGAN, with class proxies and without.
#pragma once

#include <contrastive/losses/pairs/same_class.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// The conditional contrastive (2C) loss over n rows h with class labels y and, if given, one proxy e_c a class:
///
///   l_i = log( e^(s(h_i, e_y_i)/τ) + Σ_{k ≠ i} e^(s(h_i, h_k)/τ) ) - log( e^(s(h_i, e_y_i)/τ) + Σ_{k ≠ i, y_k = y_i} e^(s(h_i,
///   h_k)/τ) )
///
/// Without proxies the two terms of the proxy are left out, and an anchor alone in its class has no positive: its loss
/// is 0, it gives no gradient and is not counted in the mean. Every sum leaves out the row itself; other classes'
/// proxies are in no sum.
/// Arguments: h (n, d) and, optionally, proxies (num_classes, d); `labels` (n), with proxies in [0, num_classes). The
/// view of the labels must live through the call. Rows need not be normalised. Loss in nats.
/// With `anchor_weights` row i counts w_i times: w_i l_i, and `mean` divides by Σ w of the valid anchors.
/// Throws std::invalid_argument where the labels do not fit, naming the first that does not, and for weights of another number
/// or negative.
/// Source: Kang & Park 2020, "ContraGAN: Contrastive learning for conditional image generation", eq. 8.
///
///   auto r = contrastive::value_and_gradient(contrastive::conditional_contrastive{.labels = labels}, h, proxies);
struct conditional_contrastive {
  double temperature = 1.0;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  label_view labels = {};                                                ///< the classes of the rows
  weight_view anchor_weights = {};                                       ///< one a row, w ≥ 0, or empty: all 1

  static constexpr const char* name = "conditional_contrastive";
  static constexpr auto arrangement = contrastive::arrangement::first_against_all;
  static constexpr log_sum rule{};

  same_class_pairs bind(const argument_shapes& shapes) const {
    if (shapes.count > 2) detail::refuse(name, "embedding arguments", "1 (rows) or 2 (rows, class proxies)", shapes.count);
    return {detail::bind_rows_and_proxies(name, labels, shapes)};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("labels", labels.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
