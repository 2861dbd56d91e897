// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a trained model is worth on the test pictures.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/linear_probe.hpp"
#include "common/nearest_neighbours.hpp"
#include "common/thread_team.hpp"
#include "torch_common/tensors.hpp"
#include "vae_inpainting/networks.hpp"
#include "vae_inpainting/tasks.hpp"
#include "vae_inpainting/training.hpp"

namespace examples::vae_inpainting {

inline constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

/// Calls work(first, pictures) for all pictures in blocks.
template <class Work>
void for_blocks_of(const image_set& images, std::size_t block, const Work& work) {
  for (std::size_t first = 0; first < images.size(); first += block) {
    std::vector<std::size_t> which(std::min(block, images.size() - first));
    std::iota(which.begin(), which.end(), first);
    work(static_cast<std::int64_t>(first), image_tensor(images, which));
  }
}

/// Bounds in nats per picture, the mean squared error of the reconstruction from the latent mean.
struct generation_quality {
  double elbo = 0, weighted = 0, reconstruction = 0, divergence = 0, mean_squared_error = 0;
};

inline generation_quality measure_generation(picture_model& m, const image_set& images, int samples) {
  const torch::NoGradGuard no_gradients;
  generation_quality sums;
  for_blocks_of(images, 100, [&](std::int64_t first, const torch::Tensor& pictures) {
    const latent_code code = m.code(m.eyes->whole(pictures).features);
    // The same noise for every model.
    const auto noise = fixed_noise({samples, pictures.size(0), code.mean.size(1)}, 1000 + static_cast<std::uint64_t>(first));
    const variational_bounds bounds = bounds_of(m.decode, code, pictures, noise);
    sums.elbo += bounds.elbo().sum().item<double>();
    sums.weighted += bounds.weighted.sum().item<double>();
    sums.reconstruction += bounds.reconstruction.sum().item<double>();
    sums.divergence += bounds.divergence.sum().item<double>();
    const auto error = (torch::sigmoid(m.decode(code.mean)) - pictures).square();
    sums.mean_squared_error += error.flatten(1).mean(1).sum().item<double>();
  });
  for (double* sum : {&sums.elbo, &sums.weighted, &sums.reconstruction, &sums.divergence, &sums.mean_squared_error})
    *sum /= static_cast<double>(images.size());
  return sums;
}

/// What fills the hidden half: likelihood in nats per picture and mean squared error over the hidden pixels.
struct completion_quality {
  double log_likelihood = 0, mean_squared_error = 0;
};

/// `complete(pictures, hidden)` returns logits. Of the n-th picture half n mod 4 is hidden.
template <class Complete>
completion_quality measure_completion(const image_set& images, const Complete& complete) {
  const torch::NoGradGuard no_gradients;
  const auto masks = half_masks(images.height, images.width);
  completion_quality sums;
  for_blocks_of(images, 500, [&](std::int64_t first, const torch::Tensor& pictures) {
    const auto n = pictures.size(0);
    const auto hidden = masks.index_select(0, torch::arange(first, first + n).remainder(4));
    const auto logits = complete(pictures, hidden);
    sums.log_likelihood -= completion_loss(logits, pictures, hidden).template item<double>() * static_cast<double>(n);
    const auto error = hidden * (torch::sigmoid(logits) - pictures).square();
    sums.mean_squared_error += (error.flatten(1).sum(1) / hidden.flatten(1).sum(1)).sum().template item<double>();
  });
  sums.log_likelihood /= static_cast<double>(images.size());
  sums.mean_squared_error /= static_cast<double>(images.size());
  return sums;
}

inline completion_quality measure_completion(picture_model& m, const image_set& images) {
  return measure_completion(images, [&m](const torch::Tensor& pictures, const torch::Tensor& hidden) {
    return m.complete(m.eyes(pictures, hidden), pictures, hidden);
  });
}

/// The mean training picture in the hidden half: what is reached without looking.
inline completion_quality measure_mean_picture(const image_dataset& data) {
  auto sum = torch::zeros({1, 1, data.train.height, data.train.width}, torch::kFloat64);
  for_blocks_of(data.train, 1000, [&](std::int64_t, const torch::Tensor& pictures) { sum += pictures.sum(0, true); });
  const auto mean = (sum / static_cast<double>(data.train.size())).clamp(1e-4, 1 - 1e-4);
  const auto logits = torch::logit(mean).to(torch::kFloat32);
  return measure_completion(data.test,
                            [&](const torch::Tensor& pictures, const torch::Tensor&) { return logits.expand_as(pictures); });
}

/// The latent means of all pictures, (size, latent).
inline matrix latent_means(picture_model& m, const image_set& images) {
  const torch::NoGradGuard no_gradients;
  std::vector<torch::Tensor> means;
  for_blocks_of(images, 500, [&](std::int64_t, const torch::Tensor& pictures) {
    means.push_back(m.code(m.eyes->whole(pictures).features).mean);
  });
  return to_matrix(torch::cat(means));
}

/// Parts of the test pictures whose class is found from the latent means.
struct class_accuracy {
  double neighbours, probe;
};

inline class_accuracy measure_classes(picture_model& m, const image_dataset& data, thread_team& team) {
  matrix train = latent_means(m, data.train), test = latent_means(m, data.test);
  const double probe =
      linear_probe_accuracy(team, train, data.train.labels, test, data.test.labels, static_cast<int>(data.class_names.size()));
  normalize_rows(train);
  normalize_rows(test);
  const neighbours near = nearest_neighbours(team, test, train, 10);
  return {neighbour_accuracy(near, data.train.labels, data.test.labels), probe};
}

}  // namespace examples::vae_inpainting
