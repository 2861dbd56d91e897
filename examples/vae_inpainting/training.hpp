// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The training of each network: on hidden halves, on patches, as a VAE alone and as a VAE with the first task beside it.
#pragma once

#include <torch/torch.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <contrastive/adapters/torch.hpp>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/random_stream.hpp"
#include "torch_common/tensors.hpp"
#include "torch_common/training_loop.hpp"
#include "vae_inpainting/networks.hpp"
#include "vae_inpainting/tasks.hpp"

namespace examples::vae_inpainting {

struct training_settings {
  run_options run;  ///< its epochs are those of the VAEs
  network_widths widths;
  int pretext_epochs = 3, batch = 128;
  double learning_rate = 2e-3;
  double lambda = 0.5;  ///< of the completion loss beside the ELBO
  double contrast = 0;  ///< of nt_xent beside both
  double temperature = 0.2;
};

/// All there is to a picture model. What a training does not use stays as it was made.
struct picture_model {
  explicit picture_model(const network_widths& w) : eyes(w), code(w), decode(w), complete(w) {}
  encoder eyes;
  code_head code;
  decoder decode;
  completer complete;
};

/// What a VAE begins with and what it is trained on beside the ELBO.
struct vae_variant {
  std::string key, name;           ///< "init" and "encoder from inpainting"
  picture_model* start = nullptr;  ///< whose encoder it begins with (and whose completer, where `completes`)
  bool completes = false, contrasts = false;
};

/// A training that came to its end.
struct trained {
  picture_model networks;
  std::vector<chart_line> curves;
  double seconds;
};

class trainer {
 public:
  trainer(const training_settings& how, const image_dataset& data, std::uint64_t seed)
      : how_(how),
        data_(data),
        seed_(seed),
        steps_(data.train.size() / static_cast<std::size_t>(how.batch)),
        masks_(half_masks(data.train.height, data.train.width)) {
    if (steps_ == 0)
      throw std::runtime_error("--batch " + std::to_string(how.batch) + " is more than the " +
                               std::to_string(data.train.size()) + " training pictures");
    std::vector<std::size_t> first(std::min<std::size_t>(2000, data.test.size()));
    std::iota(first.begin(), first.end(), std::size_t{0});
    watched_ = image_tensor(data.test, first);
    watched_hidden_ = masks_.index_select(0, torch::arange(watched_.size(0)).remainder(4));
  }

  /// Learns to complete a masked half (Pathak et al. 2016, here by likelihood and without an adversary). Nothing where Ctrl-C
  /// ended it, here and below.
  std::unique_ptr<trained> complete_halves() {
    torch::manual_seed(seed_);
    picture_model m(how_.widths);
    return train(
        "inpainting", "inpainting", m, {m.eyes.get(), m.complete.get()}, how_.pretext_epochs, {},
        [&](const batch& b) {
          const auto hidden = masks_.index_select(0, sides(b));
          auto loss = completion_loss(m.complete(m.eyes(b.pictures, hidden), b.pictures, hidden), b.pictures, hidden);
          return loss_parts{loss, {{"hidden half", loss.item<double>()}}};
        },
        [&] {
          return measurements{{"hidden half, test", watched_completion(m)}};
        });
  }

  /// Learns which neighbour of a patch another patch is.
  std::unique_ptr<trained> place_patches() {
    torch::manual_seed(seed_);
    picture_model m(how_.widths);
    guesser_ = neighbour_guesser(how_.widths);
    return train(
        "patch position", "patch_position", m, {m.eyes.get(), guesser_.get()}, how_.pretext_epochs, {},
        [&](const batch& b) {
          std::vector<patch_pair> pairs;
          for (const std::size_t sample : b.samples) {
            random_stream random{seed_, {3, b.epoch, sample}};
            pairs.push_back(draw_patch_pair(data_.train.height, data_.train.width, random));
          }
          const patch_batch patches = cut_patches(b.pictures, pairs);
          auto loss = torch::nn::functional::cross_entropy(guesser_(*m.eyes, patches.centre, patches.other), patches.answers);
          return loss_parts{loss, {{"patches", loss.item<double>()}}};
        },
        [&] {
          return measurements{{"right, test", 100 * patch_accuracy(m)}};
        });
  }

  /// The part of the test pictures, one question each, that place_patches() made the encoder and its head answer rightly.
  double patch_accuracy(picture_model& m) {
    const torch::NoGradGuard no_gradients;
    double right = 0;
    constexpr std::size_t block = 1000;
    for (std::size_t first = 0; first < data_.test.size(); first += block) {
      std::vector<std::size_t> which(std::min(block, data_.test.size() - first));
      std::iota(which.begin(), which.end(), first);
      std::vector<patch_pair> pairs;
      for (const std::size_t sample : which) {
        random_stream random{1, {sample}};  // the same questions for each seed
        pairs.push_back(draw_patch_pair(data_.test.height, data_.test.width, random));
      }
      const patch_batch patches = cut_patches(image_tensor(data_.test, which), pairs);
      right += guesser_(*m.eyes, patches.centre, patches.other).argmax(1).eq(patches.answers).sum().item<double>();
    }
    return right / static_cast<double>(data_.test.size());
  }

  /// A VAE. All variants see the same batches and begin with the same weights, but for what they take over.
  std::unique_ptr<trained> variational(const vae_variant& variant) {
    torch::manual_seed(seed_);
    picture_model m(how_.widths);
    if (variant.start != nullptr) {
      take_over(*m.eyes, *variant.start->eyes);
      if (variant.completes) take_over(*m.complete, *variant.start->complete);
    }
    std::vector<torch::nn::Module*> parts = {m.eyes.get(), m.code.get(), m.decode.get()};
    if (variant.completes) parts.push_back(m.complete.get());
    std::map<std::string, std::string> settings;
    if (variant.start != nullptr) settings["pretext epochs"] = std::to_string(how_.pretext_epochs);
    if (variant.completes) settings["lambda"] = text(how_.lambda);
    if (variant.contrasts) settings["contrast"] = text(how_.contrast) + " at temperature " + text(how_.temperature);
    return train(
        variant.name, variant.key, m, parts, how_.run.epochs, settings,
        [&](const batch& b) {
          const latent_code code = m.code(m.eyes->whole(b.pictures).features);
          const auto noise = torch::randn({1, b.pictures.size(0), how_.widths.latent});
          const auto elbo = bounds_of(m.decode, code, b.pictures, noise).elbo().mean();
          loss_parts out{-elbo, {{"ELBO", elbo.item<double>()}}};
          if (!variant.completes) return out;
          const auto side = sides(b);
          const auto hidden = masks_.index_select(0, side);
          const encoded masked = m.eyes(b.pictures, hidden);
          const auto completion = completion_loss(m.complete(masked, b.pictures, hidden), b.pictures, hidden);
          out.loss = out.loss + how_.lambda * completion;
          out.shown.emplace_back("hidden half", completion.item<double>());
          if (!variant.contrasts) return out;
          const auto other = masks_.index_select(0, (side + other_sides(b)).remainder(4));
          const auto contrast =
              contrastive::torch_loss(contrastive::nt_xent{.temperature = how_.temperature}, m.code(masked.features).mean,
                                      m.code(m.eyes(b.pictures, other).features).mean);
          out.loss = out.loss + how_.contrast * contrast;
          out.shown.emplace_back("nt_xent", contrast.item<double>());
          return out;
        },
        [&] {
          measurements points{{"ELBO, test", watched_elbo(m)}};
          if (variant.completes) points.emplace_back("hidden half, test", watched_completion(m));
          return points;
        });
  }

 private:
  struct batch {
    std::uint64_t epoch;
    std::vector<std::size_t> samples;
    torch::Tensor pictures;  // (n, 1, height, width)
  };
  struct loss_parts {
    torch::Tensor loss;
    measurements shown;
  };

  template <class Loss, class Watch>
  std::unique_ptr<trained> train(const std::string& title, const std::string& file, picture_model& m,
                                 const std::vector<torch::nn::Module*>& parts, int epochs,
                                 const std::map<std::string, std::string>& settings, const Loss& loss_of, const Watch& watch) {
    training_plan plan;
    plan.program = "vae_inpainting";
    plan.title = title;
    plan.run = how_.run;
    plan.run.epochs = epochs;
    plan.run.seed = seed_;
    plan.run.checkpoint += "-" + file + "-" + std::to_string(seed_);
    plan.steps_per_epoch = steps_;
    plan.samples_per_step = static_cast<std::uint64_t>(how_.batch);
    plan.settings = settings;
    plan.settings["batch"] = std::to_string(how_.batch);
    plan.settings["learning rate"] = text(how_.learning_rate);
    const auto crc = crc32_z(0, data_.train.pixels.data(), data_.train.pixels.size());
    plan.settings["training pictures"] = std::to_string(data_.train.size()) + " of CRC " + std::to_string(crc);
    const auto& w = how_.widths;
    plan.settings["network"] = std::to_string(w.fine) + "-" + std::to_string(w.coarse) + "-" + std::to_string(w.features) +
                               "-" + std::to_string(w.latent);

    std::vector<torch::Tensor> parameters;
    saved_state state;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto of_part = parts[p]->parameters();
      parameters.insert(parameters.end(), of_part.begin(), of_part.end());
      state.add("network " + std::to_string(p), *parts[p]);
    }
    torch::optim::Adam adam(parameters, torch::optim::AdamOptions(how_.learning_rate));
    state.add("adam", adam);
    torch::manual_seed(seed_ + 1);  // the same noise for each variant, whatever was made before

    training_loop loop(plan, state);
    std::vector<std::size_t> order;
    std::uint64_t order_of = ~std::uint64_t{0};
    const bool ended = loop.run(
        [&](std::uint64_t epoch, std::uint64_t k) {
          if (order_of != epoch) order = shuffled(data_.train.size(), random_stream{seed_, {1, epoch}});
          order_of = epoch;
          const auto first = order.begin() + static_cast<std::ptrdiff_t>(k) * how_.batch;
          batch b{epoch, {first, first + how_.batch}, {}};
          b.pictures = image_tensor(data_.train, b.samples);
          // The rate rises for a quarter of an epoch and falls with the epochs done, not with those left: a run that is
          // lengthened later is the same as one that was long from the start.
          const double epochs_done = static_cast<double>(epoch) + static_cast<double>(k + 1) / static_cast<double>(steps_);
          const double rate = how_.learning_rate * std::min(4 * epochs_done, 1 / std::sqrt(std::max(1.0, epochs_done)));
          for (auto& group : adam.param_groups()) static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
          adam.zero_grad();
          loss_parts now = loss_of(b);
          now.loss.backward();
          adam.step();
          return now.shown;
        },
        [&](std::uint64_t epochs_done) {
          const torch::NoGradGuard no_gradients;
          return epochs_done == 0 ? measurements() : watch();
        });
    if (!ended) return nullptr;
    auto result = std::make_unique<trained>(trained{m, {}, loop.seconds()});
    for (const char* name : {"ELBO, test", "hidden half, test", "right, test"})
      if (chart_line line = loop.curve(name); !line.points.empty()) result->curves.push_back(std::move(line));
    return result;
  }

  /// (n) numbers of the halves to hide: 0 to 3.
  torch::Tensor sides(const batch& b) const { return drawn(b, 2, 4); }
  /// (n) steps to another half: 1 to 3.
  torch::Tensor other_sides(const batch& b) const { return drawn(b, 4, 3) + 1; }
  torch::Tensor drawn(const batch& b, std::uint64_t purpose, std::uint64_t count) const {
    std::vector<std::int64_t> numbers;
    for (const std::size_t sample : b.samples) {
      random_stream random{seed_, {purpose, b.epoch, sample}};
      numbers.push_back(static_cast<std::int64_t>(random.below(count)));
    }
    return torch::tensor(numbers);
  }

  double watched_elbo(picture_model& m) {
    const latent_code code = m.code(m.eyes->whole(watched_).features);
    const auto noise = fixed_noise({1, watched_.size(0), how_.widths.latent}, 1);
    return bounds_of(m.decode, code, watched_, noise).elbo().mean().item<double>();
  }
  double watched_completion(picture_model& m) {
    const auto logits = m.complete(m.eyes(watched_, watched_hidden_), watched_, watched_hidden_);
    return completion_loss(logits, watched_, watched_hidden_).item<double>();
  }

  static void take_over(torch::nn::Module& to, torch::nn::Module& from) {
    const torch::NoGradGuard no_gradients;
    const auto values = from.parameters();
    auto places = to.parameters();
    for (std::size_t p = 0; p < places.size(); ++p) places[p].copy_(values[p]);
  }
  static std::string text(double number) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", number);
    return digits;
  }

  const training_settings& how_;
  const image_dataset& data_;
  std::uint64_t seed_, steps_;
  torch::Tensor masks_;                     // (4, 1, height, width)
  torch::Tensor watched_, watched_hidden_;  // test pictures that are looked at after each epoch
  neighbour_guesser guesser_ = nullptr;
};

}  // namespace examples::vae_inpainting
