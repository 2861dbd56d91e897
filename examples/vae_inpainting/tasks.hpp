// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the three tasks ask and how well a network answers: the bounds of a VAE, hidden halves, neighbouring patches.
// Likelihoods are in nats per picture.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/random_stream.hpp"
#include "vae_inpainting/networks.hpp"

namespace examples::vae_inpainting {

/// Of each pixel: x log p + (1 - x) log(1 - p), with p = sigmoid(logit). For grey x it is the mean of the Bernoulli
/// log-likelihood over pictures of black and white pixels that are white with probability x; so what is made of it below is
/// a lower bound of the mean log p of such pictures. `pictures` may lack leading dimensions.
inline torch::Tensor pixel_log_likelihood(const torch::Tensor& logits, const torch::Tensor& pictures) {
  return pictures * logits - torch::softplus(logits);
}

/// Its sum over the pixels, (..., n) for (..., n, 1, 28, 28).
inline torch::Tensor log_likelihood(const torch::Tensor& logits, const torch::Tensor& pictures) {
  return pixel_log_likelihood(logits, pictures).flatten(-3).sum(-1);
}

/// What the latent codes of pictures are worth, (n) each.
struct variational_bounds {
  torch::Tensor reconstruction;  ///< E_q log p(x | z), the mean over the samples
  torch::Tensor divergence;      ///< KL(q(z | x) || p(z))
  torch::Tensor weighted;        ///< log 1/k sum_i p(x, z_i) / q(z_i | x): Burda et al. 2016, eq. 8

  torch::Tensor elbo() const { return reconstruction - divergence; }  ///< Kingma & Welling 2014, eq. 3
};

/// With k samples of each code, from noise (k, n, latent).
inline variational_bounds bounds_of(decoder& decode, const latent_code& code, const torch::Tensor& pictures,
                                    const torch::Tensor& noise) {
  const std::int64_t k = noise.size(0), n = noise.size(1);
  const auto z = code.at(noise);
  const auto logits = decode(z.flatten(0, 1)).view({k, n, 1, pictures.size(2), pictures.size(3)});
  const auto likelihood = log_likelihood(logits, pictures);  // (k, n)
  // log p(z) - log q(z | x); the factors of 2 pi are the same
  const auto prior_over_code = 0.5 * (noise.square() + code.log_variance - z.square()).sum(2);
  const auto weighted = torch::logsumexp(likelihood + prior_over_code, 0) - std::log(static_cast<double>(k));
  return {likelihood.mean(0), code.divergence(), weighted};
}

/// Standard normal numbers that depend on the seed alone and leave libtorch's own generator as it was.
inline torch::Tensor fixed_noise(torch::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), torch::kFloat32);
}

/// The halves of a picture of this size, as masks: left, right, top, bottom. (4, 1, height, width), 1 is hidden.
inline torch::Tensor half_masks(std::int64_t height, std::int64_t width) {
  auto masks = torch::zeros({4, 1, height, width});
  masks[0].slice(2, 0, width / 2).fill_(1);
  masks[1].slice(2, width / 2).fill_(1);
  masks[2].slice(1, 0, height / 2).fill_(1);
  masks[3].slice(1, height / 2).fill_(1);
  return masks;
}

/// Minus the log-likelihood of what is hidden, the mean over the pictures.
inline torch::Tensor completion_loss(const torch::Tensor& logits, const torch::Tensor& pictures, const torch::Tensor& hidden) {
  return -(hidden * pixel_log_likelihood(logits, pictures)).flatten(1).sum(1).mean();
}

/// A question of the patch-position task.
struct patch_pair {
  static constexpr int side = 8;
  int centre_y, centre_x, other_y, other_x;  // upper left corners
  int answer;                                // 0 to 7: the neighbours row by row, without the centre
};

/// Patches in a grid of 3 x 3 of a picture of this height and width, each shifted by up to a pixel so that edges that go on
/// from patch to patch do not give the answer away (Doersch et al. 2015, section 3.1).
inline patch_pair draw_patch_pair(int height, int width, random_stream& random) {
  const auto corner = [&random](int cell, int length) {
    const int last = length - patch_pair::side;
    return std::clamp(cell * last / 2 + static_cast<int>(random.below(3)) - 1, 0, last);
  };
  const int answer = static_cast<int>(random.below(8)), cell = answer < 4 ? answer : answer + 1;
  patch_pair pair{};
  pair.centre_y = corner(1, height);
  pair.centre_x = corner(1, width);
  pair.other_y = corner(cell / 3, height);
  pair.other_x = corner(cell % 3, width);
  pair.answer = answer;
  return pair;
}

/// Patches and answers of a batch.
struct patch_batch {
  torch::Tensor centre, other;  // (n, 1, 8, 8)
  torch::Tensor answers;        // (n)
};

inline patch_batch cut_patches(const torch::Tensor& pictures, const std::vector<patch_pair>& pairs) {
  std::vector<torch::Tensor> centre, other;
  std::vector<std::int64_t> answers;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto picture = pictures[static_cast<std::int64_t>(i)];
    const auto cut = [&picture](int y, int x) {
      return picture.slice(1, y, y + patch_pair::side).slice(2, x, x + patch_pair::side);
    };
    centre.push_back(cut(pairs[i].centre_y, pairs[i].centre_x));
    other.push_back(cut(pairs[i].other_y, pairs[i].other_x));
    answers.push_back(pairs[i].answer);
  }
  return {torch::stack(centre), torch::stack(other), torch::tensor(answers)};
}

/// 10 log10(1 / mean squared error), for values from 0 to 1.
inline double decibels(double mean_squared_error) { return -10 * std::log10(mean_squared_error); }

}  // namespace examples::vae_inpainting
