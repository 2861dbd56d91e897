// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The training of simclr_mlp: views, network, loss, optimiser, checkpoint.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <contrastive/metrics.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/augmentation.hpp"
#include "common/checkpoint.hpp"
#include "common/image_dataset.hpp"
#include "common/progress_line.hpp"
#include "common/svg_charts.hpp"
#include "common/watched_views.hpp"
#include "simclr_mlp/chunks.hpp"
#include "simclr_mlp/network.hpp"
#include "simclr_mlp/objective.hpp"

namespace examples {

struct training_settings {
  std::string loss = "nt_xent", checkpoint;
  int epochs = 16, batch = 512;
  int chunk = 0;  ///< views that the network sees at once; 0: all of a step
  std::uint64_t seed = 1;
  double temperature = 0.1, learning_rate = 4e-3;
  view_range views;
};

/// The encoder, whose output is what is used later, and the head, which is thrown away after training.
struct simclr_network {
  static constexpr index hidden = 512, features = 1024, head_hidden = 256, embedding_dim = 64;

  simclr_network(index pixels, std::uint64_t seed)
      : encoder({pixels, hidden, features}, false, seed), head({features, head_hidden, embedding_dim}, true, seed + 1) {}

  const matrix& forward(thread_team& team, const matrix& x, bool training) {
    return head.forward(team, encoder.forward(team, x, training), training);
  }
  const matrix& backward(thread_team& team, const matrix& dz, bool needs_input_gradient) {
    return encoder.backward(team, head.backward(team, dz, true), needs_input_gradient);
  }
  std::vector<parameter<float>*> parameters() { return joined(encoder.parameters(), head.parameters()); }
  std::vector<matrix*> statistics() { return joined(encoder.statistics(), head.statistics()); }

  perceptron<float> encoder, head;

 private:
  template <class Item>
  static std::vector<Item> joined(std::vector<Item> all, const std::vector<Item>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

class trainer {
 public:
  trainer(const training_settings& how, const image_dataset& data, thread_team& team)
      : how_(how),
        images_(data.train),
        team_(team),
        watched_(draw_watched_views(data.test, how.views, how.seed, team)),
        network_(static_cast<index>(images_.pixels_each()), how.seed),
        loss_(how.loss, how.temperature, team.size(), static_cast<index>(data.class_names.size()),
              simclr_network::embedding_dim, how.seed),
        steps_per_epoch_(images_.size() / static_cast<std::size_t>(how.batch)) {
    if (steps_per_epoch_ == 0)
      throw std::runtime_error("--batch " + std::to_string(how.batch) + " is more than the " + std::to_string(images_.size()) +
                               " training pictures");
    if (how.chunk != 0 && (how.chunk < 2 || how.batch % how.chunk != 0))  // batch normalisation needs two rows
      throw std::runtime_error("--chunk " + std::to_string(how.chunk) + ": 0, or 2 and more that divide --batch " +
                               std::to_string(how.batch));
    for (const auto& some : {network_.parameters(), loss_.parameters()})
      parameters_.insert(parameters_.end(), some.begin(), some.end());
    statistics_ = network_.statistics();
  }

  perceptron<float>& encoder() { return network_.encoder; }

  /// The loss as it was shown, and alignment and uniformity of the embeddings of test pictures, by epochs.
  std::vector<chart_panel> curves() const {
    std::vector<chart_panel> panels;
    const char* const titles[] = {"loss", "alignment: 0 alike, 2 unrelated", "uniformity: 0 collapsed, -4 spread"};
    for (std::size_t c = 0; c < curves_.size(); ++c) {
      panels.push_back({titles[c], {{how_.loss, {}}}});
      for (std::size_t i = 0; i + 1 < curves_[c].size(); i += 2)
        panels.back().lines[0].points.emplace_back(curves_[c][i], curves_[c][i + 1]);
    }
    return panels;
  }

  /// Trains to the end of the wanted epochs, from the checkpoint if there is one; false where `stop` ended it before.
  bool run(const std::function<bool()>& stop) {
    const std::uint64_t last = steps_per_epoch_ * static_cast<std::uint64_t>(how_.epochs),
                        batch = static_cast<std::uint64_t>(how_.batch);
    if (!how_.checkpoint.empty() && std::filesystem::exists(how_.checkpoint)) {
      resume(last);
    } else {
      std::printf("training  %s\n", watch(0).c_str());
      save();  // a place that cannot be written shows now, not after an epoch
    }
    progress_line progress("training", "pictures", last * batch, step_ * batch);
    while (step_ < last) {
      const std::uint64_t epoch = step_ / steps_per_epoch_;
      if (order_.empty() || step_ % steps_per_epoch_ == 0)
        order_ = shuffled(images_.size(), random_stream{how_.seed, {1, epoch}});
      const double loss = train_step(epoch);
      if (!std::isfinite(loss))
        throw std::runtime_error("the loss is not finite after " + std::to_string(step_) +
                                 " steps; try a smaller --learning-rate");
      ++step_;
      // Averages for the eye alone, like Adam's first moment with its correction.
      shown_loss_ += 0.05F * (static_cast<float>(loss) - shown_loss_);
      shown_weight_ += 0.05F * (1 - shown_weight_);
      char words[64];
      std::snprintf(words, sizeof words, "epoch %d/%d  loss %.4f", static_cast<int>(epoch) + 1, how_.epochs,
                    static_cast<double>(shown_loss_ / shown_weight_));
      progress.show(step_ * batch, words);
      const bool stopped = step_ < last && stop();
      if (step_ % steps_per_epoch_ == 0) progress.note(watch(epoch + 1));
      if (step_ % steps_per_epoch_ == 0 || stopped) save();
      if (step_ == last || stopped) progress.finish(words);
      if (stopped) return false;
    }
    return true;
  }

 private:
  /// Adds to the curves, and says in words, how alike the embeddings of two views of test pictures are and how spread out.
  std::string watch(std::uint64_t epochs_done) {
    const matrix z1 = embedded(watched_.first), z2 = embedded(watched_.second);
    const contrastive::options threads{.threads = team_.size()};
    const double alignment = contrastive::alignment(z1, z2, threads), uniformity = contrastive::uniformity(z1, threads);
    const auto at = static_cast<float>(epochs_done);
    if (shown_weight_ > 0) curves_[0].insert(curves_[0].end(), {at, shown_loss_ / shown_weight_});
    curves_[1].insert(curves_[1].end(), {at, static_cast<float>(alignment)});
    curves_[2].insert(curves_[2].end(), {at, static_cast<float>(uniformity)});
    char words[96];
    std::snprintf(words, sizeof words, "epoch %d/%d  alignment %.4g  uniformity %.4g", static_cast<int>(epochs_done),
                  how_.epochs, alignment, uniformity);
    return words;
  }
  matrix embedded(const matrix& views) {
    return network_.head.forward(team_, network_.encoder.forward(team_, views, false), false);
  }

  double train_step(std::uint64_t epoch) {
    const index n = how_.batch;
    views_.resize(2 * n, static_cast<index>(images_.pixels_each()));
    labels_.resize(static_cast<std::size_t>(2 * n));
    degradation_.resize(n, 3);
    const std::size_t first = step_ % steps_per_epoch_ * static_cast<std::size_t>(n);
    team_.for_blocks(n, 32, [&](index begin, index length) {
      for (index i = begin; i < begin + length; ++i) {
        const std::size_t sample = order_[first + static_cast<std::size_t>(i)];
        for (const index v : {0, 1}) {
          random_stream random{how_.seed, {2, epoch, sample, static_cast<std::uint64_t>(v)}};
          const view_parameters view = draw_view(how_.views, random);
          render_view(images_.picture(sample), images_.height, images_.width, view, random, views_.row(v * n + i).data());
          labels_[static_cast<std::size_t>(v * n + i)] = images_.labels[sample];
          if (v == 1) degradation_.row(i) << view.width, view.brightness, 2 * view.noise;  // of comparable spread
        }
      }
    });
    const auto loss_and_gradient = [&](const matrix& z, matrix& dz) { return loss_({z, labels_, degradation_}, dz); };
    const double loss = how_.chunk == 0 ? backward_whole(loss_and_gradient)
                                        : backward_in_chunks(team_, network_, views_, how_.chunk, loss_and_gradient);
    // The rate rises for an epoch and then falls with the epochs done, not with those left: a run that is lengthened
    // later is the same as one that was long from the start.
    const double epochs = static_cast<double>(step_ + 1) / static_cast<double>(steps_per_epoch_);
    adam{}.step(team_, parameters_, step_ + 1, how_.learning_rate * std::min(epochs, 1 / std::sqrt(epochs)));
    return loss;
  }

  template <class LossAndGradient>
  double backward_whole(const LossAndGradient& loss_and_gradient) {
    const matrix& z = network_.forward(team_, views_, true);
    dz_.resize(z.rows(), z.cols());
    const double loss = loss_and_gradient(z, dz_);
    network_.backward(team_, dz_, false);
    return loss;
  }

  std::map<std::string, std::string> must_agree() const {
    const auto crc = crc32_z(0, images_.pixels.data(), images_.pixels.size());
    const auto text = [](double number) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.9g", number);
      return std::string(digits);
    };
    std::string network = std::to_string(images_.pixels_each());
    using n = simclr_network;
    for (const index width : {n::hidden, n::features, n::head_hidden, n::embedding_dim}) network += "-" + std::to_string(width);
    std::map<std::string, std::string> settings = {
        {"program", "simclr_mlp"},
        {"network", network},
        {"loss", how_.loss},
        {"temperature", text(how_.temperature)},
        {"batch", std::to_string(how_.batch)},
        {"seed", std::to_string(how_.seed)},
        {"learning rate", text(how_.learning_rate)},
        {"training pictures", std::to_string(images_.size()) + " of CRC " + std::to_string(crc)}};
    if (how_.chunk != 0) settings["chunk"] = std::to_string(how_.chunk);  // batch normalisation sees it
    return settings;
  }

  void save() {
    if (how_.checkpoint.empty()) return;
    checkpoint state{must_agree(), step_, {}};
    for_each_array([&](const std::string& name, const matrix& m) { state.arrays[name].assign(m.data(), m.data() + m.size()); });
    state.arrays["shown loss"] = {shown_loss_, shown_weight_};
    for (std::size_t c = 0; c < curves_.size(); ++c) state.arrays["curve " + std::to_string(c)] = curves_[c];
    write_checkpoint(how_.checkpoint, state);
  }

  void resume(std::uint64_t last) {
    const checkpoint state = read_checkpoint(how_.checkpoint, must_agree());
    const double epochs = static_cast<double>(state.step) / static_cast<double>(steps_per_epoch_);
    char words[96];
    std::snprintf(words, sizeof words, "%.4g epochs done, %d wanted", epochs, how_.epochs);
    if (state.step > last) throw std::runtime_error(how_.checkpoint + ": is further on than --epochs: " + words);
    for_each_array([&](const std::string& name, const matrix& m) { state.array(name, static_cast<std::size_t>(m.size())); });
    for_each_array([&](const std::string& name, matrix& m) {
      m = Eigen::Map<const matrix>(state.arrays.at(name).data(), m.rows(), m.cols());
    });
    shown_loss_ = state.array("shown loss", 2)[0];
    shown_weight_ = state.array("shown loss", 2)[1];
    for (std::size_t c = 0; c < curves_.size(); ++c)  // of a checkpoint from before there were curves they begin here
      if (const auto found = state.arrays.find("curve " + std::to_string(c)); found != state.arrays.end())
        curves_[c] = found->second;
    step_ = state.step;
    std::printf("going on from %s: %s\n", how_.checkpoint.c_str(), words);
  }

  template <class Visit>
  void for_each_array(const Visit& visit) {
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      visit("parameter " + std::to_string(p), parameters_[p]->value);
      visit("first moment " + std::to_string(p), parameters_[p]->first);
      visit("second moment " + std::to_string(p), parameters_[p]->second);
    }
    for (std::size_t s = 0; s < statistics_.size(); ++s) visit("statistic " + std::to_string(s), *statistics_[s]);
  }

  const training_settings how_;
  const image_set& images_;
  thread_team& team_;
  const watched_views watched_;
  simclr_network network_;
  objective loss_;
  std::vector<parameter<float>*> parameters_;
  std::vector<matrix*> statistics_;
  std::uint64_t steps_per_epoch_, step_ = 0;
  std::vector<std::size_t> order_;
  matrix views_;        // (2 batch, pixels)
  matrix degradation_;  // (batch, 3)
  matrix dz_;           // (2 batch, embedding_dim)
  std::vector<int> labels_;
  float shown_loss_ = 0, shown_weight_ = 0;
  std::array<std::vector<float>, 3> curves_;  // loss, alignment, uniformity: epoch and value in turn
};

}  // namespace examples
