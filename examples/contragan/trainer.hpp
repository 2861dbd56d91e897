// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A training step of the two networks, and samples by an average of the generator's weights.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <contrastive/contrastive.hpp>
#include <vector>

#include "contragan/judge.hpp"
#include "contragan/networks.hpp"
#include "contragan/objective.hpp"
#include "torch_common/momentum.hpp"
#include "torch_common/saved_state.hpp"
#include "torch_common/training_loop.hpp"

namespace examples::contragan {

struct gan_settings {
  objective learns_from;
  bool projection = true;  ///< the adversarial head sees the class
  bool deviation = true;   ///< and how much the pictures of a class differ
  std::int64_t num_classes = 10, width = 16, dimensions = 64;
  double generator_rate = 5e-4, discriminator_rate = 1e-3;  ///< Adam's
  double decay = 4000;        ///< steps after which both rates are halved: r / (1 + step / decay); 0: never
  double average = 0.998;     ///< momentum of the generator's average
  double sample_noise = 0.8;  ///< standard deviation of the noise of samples; in training it is 1
};

class gan {
 public:
  explicit gan(const gan_settings& settings)
      : settings_(settings),
        generator_(settings.num_classes, settings.width),
        sampler_(settings.num_classes, settings.width),
        discriminator_(settings.num_classes, settings.width, settings.dimensions, settings.projection, settings.deviation),
        generator_adam_(generator_.parameters(), torch::optim::AdamOptions(settings.generator_rate).betas({0.5, 0.999})),
        discriminator_adam_(discriminator_.parameters(),
                            torch::optim::AdamOptions(settings.discriminator_rate).betas({0.5, 0.999})) {
    average(0);
  }

  saved_state state() {
    saved_state all;
    all.add("generator network", generator_);
    all.add("sampler", sampler_);
    all.add("discriminator", discriminator_);
    all.add("generator's adam", generator_adam_);
    all.add("discriminator's adam", discriminator_adam_);
    return all;
  }

  /// The step-th step: discriminator, then generator, on the same generated pictures. `real` (n, 1, 32, 32) from -1 to 1,
  /// `classes` (n). Returns the losses.
  measurements step(std::uint64_t step, const torch::Tensor& real, const torch::Tensor& classes) {
    const std::int64_t n = real.size(0);
    const torch::Tensor asked = torch::randint(settings_.num_classes, {n}, torch::kInt64);
    const torch::Tensor generated = generator_.forward(torch::randn({n, generator::noise}), asked);

    if (settings_.decay > 0) {
      const double slower = 1 / (1 + static_cast<double>(step) / settings_.decay);
      set_rate(generator_adam_, settings_.generator_rate * slower);
      set_rate(discriminator_adam_, settings_.discriminator_rate * slower);
    }
    seen real_seen;
    const auto [of_discriminator, contrast] = discriminator_loss(real, classes, generated.detach(), asked, real_seen);
    update(discriminator_adam_, of_discriminator + settings_.learns_from.lambda * contrast);

    // No gradients for weights that are not learned now.
    for (auto& parameter : discriminator_.parameters()) parameter.set_requires_grad(false);
    const auto [of_generator, generator_contrast] = generator_loss(generated, asked, classes, real_seen);
    update(generator_adam_, of_generator + settings_.learns_from.lambda * generator_contrast);
    for (auto& parameter : discriminator_.parameters()) parameter.set_requires_grad(true);

    const auto t = static_cast<double>(step);
    average(std::min(settings_.average, (1 + t) / (10 + t)));
    measurements losses{{"D", of_discriminator.item<double>()}, {"G", of_generator.item<double>()}};
    if (contrasts()) losses.emplace_back("contrast D", contrast.item<double>());
    if (contrasts() && settings_.learns_from.generator_contrast)
      losses.emplace_back("contrast G", generator_contrast.item<double>());
    return losses;
  }

  /// Pictures of these classes as bytes (n, 1, 32, 32), by the average; the noise depends on `seed` alone.
  torch::Tensor samples(const torch::Tensor& classes, std::uint64_t seed) {
    const torch::NoGradGuard constant;
    if (!sampler_ready_) sampler_.take_statistics();
    sampler_ready_ = true;
    const torch::Tensor noise =
        settings_.sample_noise * torch::randn({classes.size(0), generator::noise}, at::detail::createCPUGenerator(seed));
    std::vector<torch::Tensor> parts;
    constexpr std::int64_t block = 500;
    for (std::int64_t first = 0; first < classes.size(0); first += block) {
      const torch::Tensor images =
          sampler_.forward(noise.slice(0, first, first + block), classes.slice(0, first, first + block));
      parts.push_back((127.5 * (images + 1)).round().clamp(0, 255).to(torch::kUInt8));
    }
    return torch::cat(parts);
  }

 private:
  /// Embeddings of the real pictures, and of their other views under nt_xent, without gradients.
  struct seen {
    torch::Tensor h, other;
  };

  bool contrasts() const { return settings_.learns_from.contrast != "none"; }
  bool by_views() const { return settings_.learns_from.contrast == "nt_xent"; }

  static void set_rate(torch::optim::Adam& adam, double rate) {
    static_cast<torch::optim::AdamOptions&>(adam.param_groups()[0].options()).lr(rate);
  }
  static void update(torch::optim::Optimizer& optimizer, const torch::Tensor& loss) {
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }

  /// The adversarial and the contrastive part. All pictures go through the discriminator at once.
  std::tuple<torch::Tensor, torch::Tensor> discriminator_loss(const torch::Tensor& real, const torch::Tensor& classes,
                                                              const torch::Tensor& generated, const torch::Tensor& asked,
                                                              seen& kept) {
    const objective& from = settings_.learns_from;
    const std::int64_t n = real.size(0);
    torch::Tensor images = torch::cat({real, generated}), labels = torch::cat({classes, asked});
    const torch::Tensor contrasted = from.both ? images : real, contrasted_labels = from.both ? labels : classes;
    if (by_views()) images = torch::cat({images, another_view(contrasted)}), labels = torch::cat({labels, contrasted_labels});
    const auto [scores, all_h] = discriminator_.forward(images, labels, n);
    const torch::Tensor adversarial = from.of_discriminator(scores.slice(0, 0, n), scores.slice(0, n, 2 * n));
    const torch::Tensor h = all_h.slice(0, 0, contrasted.size(0)), other = all_h.slice(0, 2 * n);
    kept.h = all_h.slice(0, 0, n).detach();
    if (by_views()) {
      kept.other = other.slice(0, 0, n).detach();
      return {adversarial, from.of_views(h, other)};
    }
    return {adversarial, contrasts() ? from.of_classes(h, contrasted_labels, discriminator_.proxies) : torch::zeros({})};
  }

  std::tuple<torch::Tensor, torch::Tensor> generator_loss(const torch::Tensor& generated, const torch::Tensor& asked,
                                                          const torch::Tensor& classes, const seen& real) {
    const objective& from = settings_.learns_from;
    const std::int64_t n = generated.size(0);
    torch::Tensor images = generated, labels = asked;
    const bool learns = contrasts() && from.generator_contrast;
    if (learns && by_views()) images = torch::cat({generated, another_view(generated)}), labels = torch::cat({asked, asked});
    const auto [scores, all_h] = discriminator_.forward(images, labels, n);
    const torch::Tensor adversarial = from.of_generator(scores.slice(0, 0, n));
    if (!learns) return {adversarial, torch::zeros({})};
    torch::Tensor h = all_h.slice(0, 0, n), other = all_h.slice(0, n);
    if (from.both) h = torch::cat({h, real.h});
    if (by_views()) return {adversarial, from.of_views(h, from.both ? torch::cat({other, real.other}) : other)};
    const torch::Tensor h_classes = from.both ? torch::cat({asked, classes}) : asked;
    return {adversarial, from.of_classes(h, h_classes, discriminator_.proxies)};
  }

  /// sampler ← m · sampler + (1 - m) · generator
  void average(double momentum) {
    follow(sampler_, generator_, momentum);
    sampler_ready_ = false;
  }

  gan_settings settings_;
  generator generator_, sampler_;
  discriminator discriminator_;
  torch::optim::Adam generator_adam_, discriminator_adam_;
  bool sampler_ready_ = false;  // its statistics are those of its weights
};

}  // namespace examples::contragan
