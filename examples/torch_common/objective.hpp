// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The losses that an encoder can be trained with, by name.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

namespace examples {

class processes;

/// A training batch as a loss sees it: n pictures in V views. Tensors of keys may be without gradient.
struct embedded_views {
  std::vector<torch::Tensor> z;  // V of (n, d)
  torch::Tensor labels;          // (n) int64
  torch::Tensor changes;         // (n, p) float: what was done to the second views
};

/// Rows of earlier batches (a queue), aligned; empty where there are none. They get no gradient.
struct earlier_rows {
  torch::Tensor z = {};        // (K, d)
  torch::Tensor labels = {};   // (K) int64
  torch::Tensor changes = {};  // (K, p)
};

struct objective_settings {
  std::string loss = "nt_xent";
  double temperature = 0.1;
  double prior_scale = 0.1;  ///< of the weights of weighted_info_nce
};

/// nt_xent, decoupled           all views; sup_con, sincere and conditional_contrastive too, by their labels
/// hard_negative, info_nce, clip, siglip
///                              two views; the bias of siglip is -1/temperature, where positives at cosine 1 have the logit 0
/// weighted_info_nce            two views; negatives weigh 1 - exp(-|difference of changes|² / scale), scaled to mean 1
/// With earlier rows: further negatives of info_nce and weighted_info_nce, further rows of sup_con; the others do not see them.
/// conditional_contrastive learns one proxy a class.
class objective {
 public:
  static const std::vector<std::string>& known();
  /// Whether a loss takes more than two views, learns from labels, sees earlier rows.
  static bool takes_many_views(const std::string& loss);
  static bool learns_from_labels(const std::string& loss);
  static bool sees_earlier_rows(const std::string& loss);

  /// Throws std::invalid_argument for an unknown loss. The proxies depend on the seed alone.
  /// `together`, if not null, are processes of which each has a part of a batch.
  objective(const objective_settings& how, std::int64_t num_classes, std::int64_t dim, std::uint64_t seed,
            std::shared_ptr<processes> together = {});

  /// The loss, differentiable in the views that need a gradient and in the proxies. Of processes that train together it is that
  /// of all their views, and the earlier rows are the same on all.
  torch::Tensor operator()(const embedded_views& batch, const earlier_rows& earlier = {}) const;

  /// What the loss itself learns; undefined where it learns nothing.
  const torch::Tensor& proxies() const { return proxies_; }

 private:
  objective_settings how_;
  std::shared_ptr<processes> together_;
  torch::Tensor proxies_;  // (num_classes, d)
};

}  // namespace examples
