// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// decoupled: nt_xent without the positive in the denominator (DCL), and with a weight of the positive (DCLW).
#pragma once

#include <contrastive/losses/pairs/sample_views.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// l_i = log S_0 - w_i S_1 / S_2, S_0 = Σ_j D_ij e^x_ij, S_1 = Σ_j P_ij x_ij, S_2 = Σ_j P_ij; w_i is 1, or with `sigma_inverse`
/// > 0 it is 2 - N softmax_i(τ sigma_inverse S_1 / S_2) over the first N anchors, with no gradient of its own.
struct decoupled_rule {
  double temperature;
  double sigma_inverse;  // 1 / σ; 0: no weights
  index_type num_samples;

  static constexpr auto sums = row_sums(exp_of(weight::D), x_of(weight::P), weight_of(weight::P));

  CONTRASTIVE_HOST_DEVICE bool uses_batch() const { return sigma_inverse > 0; }
  CONTRASTIVE_HOST_DEVICE index_type batch_anchors() const { return num_samples; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE double batch_term(const S& s) const {
    return s[2] > 0 ? temperature * sigma_inverse * s[1] / s[2] : 0;
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s.empty(0) || s[2] == 0) return {};
    const double log_z = s.log(0),
                 w = uses_batch() ? 2 - static_cast<double>(num_samples) * std::exp(batch_term(s) - s.batch()) : 1;
    const double positive = s[1] / s[2];
    return {.loss = log_z - w * positive, .mass = 1, .reference = positive, .residual = 1 - w, .slopes = {1, -w / s[2], 0}};
  }
};

/// Decoupled contrastive learning of M ≥ 2 views of the same N samples:
///
///   l_i = log Σ_{j of other samples} e^(s_ij / τ) - w_i/(M - 1) Σ_{p other view of i's sample} s_ip / τ,   i = 1 … M N
///
/// w_i = 1 (DCL). With `sigma` σ > 0 (DCLW, two views) w_i = 2 - N e^(s_ip / σ) / Σ_{k ≤ N} e^(s_kp / σ): pairs that are alike
/// already count less. No gradient flows through w_i, which may be negative; both views of a sample have the same.
/// Arguments: M matrices (N, d); row i of each is a view of sample i. Rows need not be normalised (cosine does it).
/// The denominator leaves out all views of the row's own sample: the loss may be negative. Loss in nats; `mean` divides by
/// M N. With N = 1 there is no denominator: the loss is 0, and no anchor is valid.
/// `ids` and `anchor_weights` say what is known of samples and rows, as those of nt_xent do; an anchor whose negatives all
/// have its id is not valid.
/// Throws std::invalid_argument for fewer than two views, views of different shapes, a sigma that is negative or not finite, a
/// sigma > 0 with more than two views, and as nt_xent for ids and weights.
/// Source: Yeh et al. 2022, "Decoupled contrastive learning", eq. 6 (DCL) and 7 (DCLW); more than two views as in nt_xent.
///
///   auto r = contrastive::value_and_gradient(contrastive::decoupled{.temperature = 0.1, .sigma = 0.5}, z1, z2);
struct decoupled {
  double temperature = 0.1;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  double sigma = 0;                 ///< 0: DCL; else the width of DCLW's weights, in units of the similarity
  label_view ids = {};              ///< (N), or empty: of the samples
  weight_view anchor_weights = {};  ///< w ≥ 0 of the rows of all views, or empty: all 1

  static constexpr const char* name = "decoupled";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;

  sample_view_pairs bind(const argument_shapes& shapes) const {
    if (!(sigma >= 0 && sigma < 1e300)) detail::refuse(name, "sigma", "0 or a positive finite number", sigma);
    if (sigma > 0 && shapes.count > 2) detail::refuse(name, "embedding arguments", "two views, as sigma > 0", shapes.count);
    return detail::bind_sample_views(name, shapes, false, false, ids);
  }
  decoupled_rule rule(const argument_shapes& shapes) const { return {temperature, sigma > 0 ? 1 / sigma : 0, shapes[0].rows}; }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
