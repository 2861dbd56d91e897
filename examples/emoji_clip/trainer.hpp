// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Training: batches of pairs, the loss, what it learns itself, and how held-out pairs fare meanwhile.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <contrastive/adapters/torch.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "emoji_clip/evaluation.hpp"
#include "emoji_clip/networks.hpp"
#include "emoji_clip/pairs.hpp"
#include "torch_common/run_options.hpp"
#include "torch_common/training_loop.hpp"

namespace examples::emoji_clip {

inline torch::Tensor loss_of(const std::string& name, const two_encoders& network, const torch::Tensor& pictures,
                             const torch::Tensor& texts, const torch::Tensor& ids) {
  using namespace contrastive;
  const learned_temperature temperature(network.temperature);
  const label_view same = labels_of(ids);
  if (name == "clip") return torch_loss(clip{.ids = same}, temperature, pictures, texts);
  if (name == "siglip") return torch_loss(siglip{.ids = same}, temperature, learned_bias(network.bias), pictures, texts);
  if (name == "info_nce") return torch_loss(info_nce{.ids = same}, temperature, texts, pictures);
  if (name == "hard_negative") return torch_loss(hard_negative{.ids = same}, temperature, pictures, texts);
  throw std::invalid_argument("unknown loss " + name);
}

/// Colours are half of what an emoji says, and mirror images are other emoji: views stay close.
inline view_range range_of_views() {
  view_range range;
  range.smallest_crop = 0.6F, range.largest_crop = 1.3F;
  range.flip = 0;
  range.rotation = 20;
  range.brightness = range.contrast = range.saturation = 0.3F;
  range.hue = 0.03F;
  range.largest_noise = 0.06F;
  range.outside = 1;
  return range;
}

struct training_settings {
  run_options run;
  std::string loss = "clip";
  network_shape shape;
  double temperature = 0.07, least_temperature = 0.01;  ///< where the learned one begins, and where it ends
  double bias = -10;                                    ///< where siglip's learned one begins
  double learning_rate = 3e-3;                          ///< AdamW's, at its highest
  double decay = 0.985;                                 ///< of the learning rate, an epoch
  double weight_decay = 0.1;
  int batch = 256, measure_every = 10;
};

class trainer {
 public:
  trainer(const training_settings& s, const emoji_pairs& pairs, thread_team& team)
      : s_(s),
        pairs_(pairs),
        team_(team),
        maker_(pairs, range_of_views(), static_cast<std::size_t>(s.batch), s.run.seed, team),
        network_(s.shape, s.temperature, s.bias, s.run.seed),
        adam_(parameter_groups(), torch::optim::AdamWOptions(s.learning_rate).weight_decay(s.weight_decay)),
        loop_(make_loop()),
        held_out_(first_versions(pairs.test)) {}
  trainer(const trainer&) = delete;
  trainer& operator=(const trainer&) = delete;

  bool train() {
    return loop_.run([&](std::uint64_t epoch, std::uint64_t k) { return step(epoch, k); },
                     [&](std::uint64_t done) { return measure(done); });
  }
  training_loop& loop() { return loop_; }
  two_encoders& network() { return network_; }

 private:
  std::vector<torch::optim::OptimizerParamGroup> parameter_groups() {
    std::vector<torch::Tensor> networks, numbers{network_.temperature, network_.bias};
    for (const auto& part : {network_.pictures->parameters(), network_.texts->parameters()})
      networks.insert(networks.end(), part.begin(), part.end());
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(networks);
    groups.emplace_back(numbers, std::make_unique<torch::optim::AdamWOptions>(s_.learning_rate));
    static_cast<torch::optim::AdamWOptions&>(groups[1].options()).weight_decay(0);
    return groups;
  }

  measurements step(std::uint64_t epoch, std::uint64_t k) {
    const pair_batch batch = maker_.make(epoch, k);
    network_.train();
    const torch::Tensor pictures = network_.pictures->forward(batch.pictures), texts = network_.of_texts(batch.captions);
    const torch::Tensor loss = loss_of(s_.loss, network_, pictures, texts, batch.ids);
    adam_.zero_grad();
    loss.backward();
    // Depends on the epochs done alone: a run that is lengthened later is one that was long from the start.
    const double epochs =
        static_cast<double>(epoch) + static_cast<double>(k + 1) / static_cast<double>(maker_.steps_per_epoch());
    const double rate = s_.learning_rate * std::min(epochs / 5, std::pow(s_.decay, epochs));
    for (auto& group : adam_.param_groups()) group.options().set_lr(rate);
    adam_.step();
    contrastive::clamp_temperature(network_.temperature, s_.least_temperature);
    return {{"loss", loss.item<double>()}};
  }

  measurements measure(std::uint64_t epochs_done) {
    if (epochs_done % static_cast<std::uint64_t>(s_.measure_every) != 0) return {};
    const matrix pictures = embedded_pictures(network_, pairs_, held_out_),
                 texts = embedded_texts(network_, names_of(pairs_, held_out_, 0, false));
    const contrastive::options threads{.threads = team_.size()};
    using contrastive::similarity;
    measurements all{{"recall by words", 100 * contrastive::recall(texts, pictures, 10, similarity::cosine, threads)},
                     {"recall by picture", 100 * contrastive::recall(pictures, texts, 10, similarity::cosine, threads)},
                     {"alignment", contrastive::alignment(pictures, texts, threads)},
                     {"uniformity of pictures", contrastive::uniformity(pictures, threads)},
                     {"uniformity of words", contrastive::uniformity(texts, threads)},
                     {"temperature", network_.temperature.item<double>()}};
    if (s_.loss == "siglip") all.emplace_back("bias", network_.bias.item<double>());
    return all;
  }

  training_loop make_loop() {
    const auto number = [](double value) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.9g", value);
      return std::string(digits);
    };
    std::string languages;
    for (const auto& language : pairs_.languages) languages += (languages.empty() ? "" : ",") + language;
    const auto& shape = s_.shape;
    saved_state state;
    state.add("network", network_);
    state.add("optimizer", adam_);
    return training_loop({.program = "emoji_clip",
                          .title = "training",
                          .run = s_.run,
                          .steps_per_epoch = maker_.steps_per_epoch(),
                          .samples_per_step = static_cast<std::uint64_t>(s_.batch),
                          .unit = "pairs",
                          .settings = {{"loss", s_.loss},
                                       {"languages", languages},
                                       {"emoji", std::to_string(pairs_.emoji.size())},
                                       {"batch", std::to_string(s_.batch)},
                                       {"temperature", number(s_.temperature) + " to " + number(s_.least_temperature)},
                                       {"bias", number(s_.bias)},
                                       {"learning rate", number(s_.learning_rate)},
                                       {"decay", number(s_.decay)},
                                       {"weight decay", number(s_.weight_decay)},
                                       {"network", std::to_string(shape.pictures.width) + "-" + std::to_string(shape.buckets) +
                                                       "-" + std::to_string(shape.pictures.embedding)}}},
                         std::move(state));
  }

  const training_settings s_;
  const emoji_pairs& pairs_;
  thread_team& team_;
  pair_maker maker_;
  two_encoders network_;
  torch::optim::AdamW adam_;
  training_loop loop_;
  std::vector<std::size_t> held_out_;
};

}  // namespace examples::emoji_clip
