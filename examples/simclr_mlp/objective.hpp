// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The losses that the encoder can be trained with, each on two views of the same pictures.
#pragma once

#include <contrastive/contrastive.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "simclr_mlp/network.hpp"

namespace examples {

/// A training batch as a loss sees it: n pictures, two views of each.
struct two_views {
  const matrix& z;                 // (2n, d): the first views, then the second views in the same order
  const std::vector<int>& labels;  // (2n), for the losses that learn from classes
  const matrix& degradation;       // (n, p): what was done to the second views, for the weights
};

class objective {
 public:
  /// The names of the losses.
  static const std::vector<std::string>& known() {
    static const std::vector<std::string> all = {
        "nt_xent", "decoupled", "hard_negative", "info_nce", "weighted_info_nce",
        "clip",    "siglip",    "sup_con",       "sincere",  "conditional_contrastive"};
    return all;
  }

  objective(std::string loss, double temperature, int threads, index num_classes, index dim, std::uint64_t seed)
      : loss_(std::move(loss)),
        temperature_(temperature),
        evaluate_(contrastive::options{.threads = threads}),
        proxies_(matrix(num_classes, dim)) {
    random_stream random{seed, {1000}};
    for (index i = 0; i < proxies_.value.size(); ++i) proxies_.value.data()[i] = random.normal();
  }

  /// The loss; writes its gradient with respect to z to `dz`, which must have the shape of z.
  double operator()(const two_views& batch, matrix& dz) {
    const index n = batch.z.rows() / 2;
    const auto z1 = batch.z.topRows(n), z2 = batch.z.bottomRows(n);
    auto dz1 = dz.topRows(n), dz2 = dz.bottomRows(n);
    const double t = temperature_;
    if (loss_ == "nt_xent") return run({dz1, dz2}, contrastive::nt_xent{.temperature = t}, z1, z2);
    if (loss_ == "decoupled") return run({dz1, dz2}, contrastive::decoupled{.temperature = t}, z1, z2);
    if (loss_ == "hard_negative") return run({dz1, dz2}, contrastive::hard_negative{.temperature = t}, z1, z2);
    if (loss_ == "info_nce") return run({dz1, dz2}, contrastive::info_nce{.temperature = t}, z1, z2);
    if (loss_ == "clip") return run({dz1, dz2}, contrastive::clip{.temperature = t}, z1, z2);
    // With this bias a positive of cosine 1 has the logit 0.
    if (loss_ == "siglip") return run({dz1, dz2}, contrastive::siglip{.temperature = t, .bias = -1 / t}, z1, z2);
    if (loss_ == "sincere") return run({dz}, contrastive::sincere{.temperature = t, .labels = batch.labels}, batch.z);
    if (loss_ == "sup_con") return run({dz}, contrastive::sup_con{.temperature = t, .labels = batch.labels}, batch.z);
    if (loss_ == "conditional_contrastive")
      return run({dz, proxies_.gradient}, contrastive::conditional_contrastive{.temperature = t, .labels = batch.labels},
                 batch.z, proxies_.value);
    if (loss_ == "weighted_info_nce") {
      const auto weights = contrastive::weights_from(batch.degradation, {}, contrastive::degradation_prior{.scale = 0.1});
      return run({dz1, dz2},
                 contrastive::basic_weighted_info_nce<contrastive::parameter_weights<contrastive::degradation_prior>>{
                     .temperature = t, .normalize = contrastive::weight_normalization::mean_one, .weights = weights},
                 z1, z2);
    }
    throw std::invalid_argument("unknown loss " + loss_);
  }

  /// What the loss itself learns: the class proxies of conditional_contrastive.
  std::vector<parameter<float>*> parameters() {
    if (loss_ == "conditional_contrastive") return {&proxies_};
    return {};
  }

 private:
  template <class Loss, class... Embeddings>
  double run(std::initializer_list<contrastive::matrix_view<float>> gradients, const Loss& loss,
             const Embeddings&... embeddings) {
    return static_cast<double>(evaluate_.value_and_gradient_into(gradients, loss, embeddings...).loss);
  }

  std::string loss_;
  double temperature_;
  contrastive::evaluator<float> evaluate_;
  parameter<float> proxies_;  // (num_classes, d)
};

}  // namespace examples
