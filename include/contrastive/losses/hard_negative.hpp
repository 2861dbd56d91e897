// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// hard_negative: negatives weigh the more the more alike they are (HCL), less what are positives in truth (debiased).
#pragma once

#include <contrastive/losses/pairs/sample_views.hpp>
#include <contrastive/numeric/softplus.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// l_i = log(e^x_p + G) - x_p, G = max((H - τ⁺ m e^x_p) / (1 - τ⁺), m e^(-1/τ)), H = m S_0 / S_1, S_0 = Σ_j D_ij e^((1+β)
/// x_ij), S_1 = Σ_j D_ij e^(β x_ij), x_p = Σ_j P_ij x_ij, in logarithms throughout: e^(1/τ) need not be a number.
struct hard_negative_rule {
  double temperature, tau_plus, beta;
  double num_negatives;  // m

  static constexpr auto sums = row_sums(exp_of(weight::D), exp_of(weight::D), x_of(weight::P));

  CONTRASTIVE_HOST_DEVICE double parameter(int k) const { return k == 0 ? 1 + beta : beta; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s.empty(0) || s.empty(1)) return {};
    const double log_m = std::log(num_negatives), mean = s.log(0) - s.log(1), log_h = mean + log_m, x_p = s[2],
                 log_rest = std::log1p(-tau_plus), log_floor = log_m - 1 / temperature;
    double log_g = log_h - log_rest;
    bool above = true;
    if (tau_plus > 0) {  // log(H - τ⁺ m e^x_p) = log H + log(1 - e^-δ)
      const double delta = mean - std::log(tau_plus) - x_p;
      above = delta > 0;
      if (above) log_g += std::log(-std::expm1(-delta));
    }
    above = above && log_g >= log_floor;
    if (!above) log_g = log_floor;
    const double loss = softplus(log_g - x_p), log_sum = x_p + loss, of_g = std::exp(log_g - log_sum);
    if (!above)
      return {.loss = loss,
              .mass = 1,
              .residual = -of_g,
              .temperature = of_g / (temperature * temperature),
              .slopes = {0, 0, -of_g}};
    const double of_h = std::exp(log_h - log_sum - log_rest),
                 of_positives = tau_plus * std::exp(log_m + x_p - log_sum - log_rest);
    return {.loss = loss, .mass = 1, .reference = mean, .slopes = {of_h, -of_h, -of_g - of_positives}};
  }
};

/// The loss of hard negatives over two views of the same N samples, m = 2N - 2 negatives each:
///
///   l_i = -log( e^x_ip / (e^x_ip + G_i) ),   G_i = max( (H_i - τ⁺ m e^x_ip) / (1 - τ⁺), m e^(-1/τ) ),
///   H_i = m Σ_n e^((1 + β) x_in) / Σ_n e^(β x_in),   x = s/τ,   n over the rows of other samples, i = 1 … 2N
///
/// `tau_plus` τ⁺ is the share of negatives that are positives in truth; `beta` β says how much the near ones count more.
/// β = 0 is the debiased loss, with τ⁺ = 0 too it is nt_xent of cosine. Gradients flow through H_i, nothing is held fixed;
/// where the two sides of the maximum are equal, the gradient is that of the first. The second has its own share of τ's
/// gradient. Arguments: two matrices (N, d); row i of both is a view of sample i. Rows need not be normalised; the floor m
/// e^(-1/τ) is the least that G_i can be for cosine, and a convention for the other similarities. Loss in nats; `mean` divides
/// by 2N. With N = 1 there is no negative: the loss is 0, and no anchor is valid. `ids` and `anchor_weights` say what is known
/// of samples and rows, as those of nt_xent do; rows with the anchor's id are in neither sum of H_i, and m stays 2N - 2: H_i is
/// m times a mean over the negatives that are left. Throws std::invalid_argument for other than two views, views of different
/// shapes, tau_plus outside [0, 1), a beta that is negative or not finite, and as nt_xent for ids and weights. Source: Robinson
/// et al. 2021, "Contrastive learning with hard negative samples", section 3; β = 0: Chuang et al. 2020, "Debiased contrastive
/// learning", eq. 8.
///
///   auto r = contrastive::value_and_gradient(contrastive::hard_negative{.tau_plus = 0.1, .beta = 1.0}, z1, z2);
struct hard_negative {
  double temperature = 0.5;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  double tau_plus = 0.1;                                                 ///< in [0, 1)
  double beta = 1.0;                                                     ///< at least 0
  label_view ids = {};                                                   ///< (N), or empty: of the samples
  weight_view anchor_weights = {};                                       ///< w ≥ 0 of the rows of all views, or empty: all 1

  static constexpr const char* name = "hard_negative";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;

  sample_view_pairs bind(const argument_shapes& shapes) const {
    if (!(tau_plus >= 0 && tau_plus < 1)) detail::refuse(name, "tau_plus", "a number in [0, 1)", tau_plus);
    if (!(beta >= 0 && beta < 1e300)) detail::refuse(name, "beta", "a finite number of at least 0", beta);
    if (shapes.count != 2) detail::refuse(name, "embedding arguments", "two views", shapes.count);
    return detail::bind_sample_views(name, shapes, false, false, ids);
  }
  hard_negative_rule rule(const argument_shapes& shapes) const {
    return {temperature, tau_plus, beta, 2 * static_cast<double>(shapes[0].rows) - 2};
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
