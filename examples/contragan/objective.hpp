// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What discriminator and generator learn from: the adversarial losses and the contrastive terms.
#pragma once

#include <torch/torch.h>

#include <contrastive/adapters/torch.hpp>
#include <contrastive/contrastive.hpp>
#include <string>

namespace examples::contragan {

struct objective {
  std::string adversarial = "hinge";  ///< or "bce": binary cross-entropy with logits
  std::string contrast = "2c";        ///< or "d2d_ce", "nt_xent" or "none"
  bool proxies = true;                ///< 2C with class proxies (ContraGAN)
  bool both = true;                   ///< real and generated in one contrastive batch
  bool generator_contrast = true;     ///< the generator learns from the contrastive term too
  double lambda = 0.5;                ///< weight of the contrastive term
  double temperature = 0.5;           ///< of the contrastive term

  /// Hinge: mean max(0, 1 - s_real) + mean max(0, 1 + s_generated). Binary cross-entropy: mean log(1 + e^-s_real) +
  /// mean log(1 + e^s_generated).
  torch::Tensor of_discriminator(const torch::Tensor& real, const torch::Tensor& generated) const {
    if (adversarial == "bce") return torch::softplus(-real).mean() + torch::softplus(generated).mean();
    return torch::relu(1 - real).mean() + torch::relu(1 + generated).mean();
  }
  /// Hinge: -mean s. Binary cross-entropy, not saturating: mean log(1 + e^-s).
  torch::Tensor of_generator(const torch::Tensor& generated) const {
    return adversarial == "bce" ? torch::softplus(-generated).mean() : -generated.mean();
  }

  /// 2C or D2D-CE of embeddings h (n, d) and classes (n): for real pictures their labels, for generated ones the labels they
  /// were asked for.
  torch::Tensor of_classes(const torch::Tensor& h, const torch::Tensor& classes, const torch::Tensor& all_proxies) const {
    const auto labels = contrastive::labels_of(classes);
    if (contrast == "d2d_ce")
      return contrastive::torch_loss(contrastive::d2d_ce{.temperature = temperature, .labels = labels}, h, all_proxies);
    const contrastive::conditional_contrastive loss{.temperature = temperature, .labels = labels};
    return proxies ? contrastive::torch_loss(loss, h, all_proxies) : contrastive::torch_loss(loss, h);
  }
  /// NT-Xent of the embeddings of the same pictures in two views; no labels.
  torch::Tensor of_views(const torch::Tensor& h1, const torch::Tensor& h2) const {
    return contrastive::torch_loss(contrastive::nt_xent{.temperature = temperature}, h1, h2);
  }
};

/// Another view of each picture (n, 1, height, width), -1 outside: mirrored or not, enlarged by 0.8 to 1.2, moved by up to a
/// tenth of the side, contrast 0.8 to 1.2. Differentiable, so that the generator can learn through it.
inline torch::Tensor another_view(const torch::Tensor& images) {
  const std::int64_t n = images.size(0);
  const auto between = [n](double low, double high) { return low + (high - low) * torch::rand({n}); };
  const torch::Tensor mirror = torch::sign(torch::rand({n}) - 0.5), scale = between(0.8, 1.2), none = torch::zeros({n});
  const torch::Tensor across = torch::stack({mirror * scale, none, between(-0.2, 0.2)}, 1);  // 2 is the whole side
  const torch::Tensor down = torch::stack({none, scale, between(-0.2, 0.2)}, 1);
  const torch::Tensor grid = torch::affine_grid_generator(torch::stack({across, down}, 1), images.sizes(), false);
  const torch::Tensor moved = torch::grid_sampler(images + 1, grid, 0, 0, false);  // bilinear; zeros outside
  return moved * between(0.8, 1.2).view({n, 1, 1, 1}) - 1;
}

}  // namespace examples::contragan
