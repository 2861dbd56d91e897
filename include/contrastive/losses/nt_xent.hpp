// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// nt_xent: the normalised temperature-scaled cross entropy of SimCLR.
#pragma once

#include <contrastive/losses/pairs/sample_views.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// NT-Xent of M ≥ 2 views of the same N samples:
///
///   l_i = log Σ_{j ≠ i} e^(s_ij / τ) - 1/(M - 1) Σ_{p other view of i's sample} s_ip / τ,   i = 1 … M N
///
/// Arguments: M matrices (N, d); row i of each is a view of sample i. Rows need not be normalised (cosine does it).
/// The denominator leaves out the row itself, or keeps it with `include_self`. Loss in nats; `mean` divides by M N.
/// N = 1 is allowed: the loss of two views of one sample is 0.
/// With `ids` rows of other samples with the anchor's id are in no sum; with `anchor_weights` row i counts w_i times: w_i l_i,
/// and `mean` divides by Σ w. Both views must live through the call.
/// Throws std::invalid_argument for fewer than two views, views of different shapes, and for ids and weights of another number
/// or negative, naming the entry.
/// Source: Chen et al. 2020, "A simple framework for contrastive learning of visual representations", eq. 1; with M > 2
/// views the mean over the positives, as in Khosla et al. 2020, eq. 2.
///
///   auto r = contrastive::value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
struct nt_xent {
  double temperature = 0.5;                                              ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  bool include_self = false;                                             ///< keep the pair (i, i) in the denominator
  label_view ids = {};                                                   ///< (N), or empty: of the samples
  weight_view anchor_weights = {};                                       ///< w ≥ 0 of the rows of all views, or empty: all 1

  static constexpr const char* name = "nt_xent";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr mean_log rule{.average = true};  // 1/(M - 1) each

  sample_view_pairs bind(const argument_shapes& shapes) const {
    return detail::bind_sample_views(name, shapes, include_self, true, ids);
  }
  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("anchor_weights", anchor_weights.data());
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
