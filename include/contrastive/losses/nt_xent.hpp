// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// nt_xent: the normalised temperature-scaled cross entropy of SimCLR.
#pragma once

#include <contrastive/engine/loss_concept.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// The weights of nt_xent for M views of N samples: row i shows sample i mod N.
struct nt_xent_pairs {
  index_type num_samples;
  index_type num_views;
  bool include_self;

  static constexpr bool symmetric = true;
  static constexpr bool normalize_positives = true;  // 1/(M - 1) each
  static constexpr bool positives_listed = true;

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const { return include_self || i != j ? 1 : 0; }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return i != j && i % num_samples == j % num_samples ? 1 : 0;
  }

  CONTRASTIVE_HOST_DEVICE tile_weights weights_of(const tile&) const {
    return include_self ? tile_weights::ones : tile_weights::ones_off_diagonal;
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return num_views - 1; }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    const index_type j = i + (t + 1) * num_samples, total = num_samples * num_views;
    return j < total ? j : j - total;
  }
};

/// NT-Xent of M ≥ 2 views of the same N samples:
///
///   l_i = log Σ_{j ≠ i} e^(s_ij / τ) - 1/(M - 1) Σ_{p other view of i's sample} s_ip / τ,   i = 1 … M N
///
/// Arguments: M matrices (N, d); row i of each is a view of sample i. Rows need not be normalised (cosine does it).
/// The denominator leaves out the row itself, or keeps it with `include_self`. Loss in nats; `mean` divides by M N.
/// N = 1 is allowed: the loss of two views of one sample is 0.
/// Throws std::invalid_argument for fewer than two views or views of different shapes.
/// Source: Chen et al. 2020, "A simple framework for contrastive learning of visual representations", eq. 1; with M > 2
/// views the mean over the positives, as in Khosla et al. 2020, eq. 2.
///
///   auto r = contrastive::value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
struct nt_xent {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  bool include_self = false;  ///< keep the pair (i, i) in the denominator

  static constexpr const char* name = "nt_xent";
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr auto pooling = contrastive::pooling::mean_log;

  nt_xent_pairs bind(const argument_shapes& shapes) const {
    if (shapes.count < 2) detail::refuse(name, "embedding arguments", "two or more views", shapes.count);
    for (int a = 1; a < shapes.count; ++a)
      if (shapes[a].rows != shapes[0].rows)
        detail::refuse(name, "argument " + std::to_string(a + 1), std::to_string(shapes[0].rows) + " rows as in argument 1",
                       std::to_string(shapes[a].rows) + " rows");
    return {shapes[0].rows, shapes.count, include_self};
  }
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
