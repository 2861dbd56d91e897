// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Who says how good generated pictures are: a classifier trained on the real ones.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "common/frechet_distance.hpp"
#include "common/random_stream.hpp"
#include "common/variety.hpp"
#include "contragan/networks.hpp"
#include "torch_common/tensors.hpp"
#include "torch_common/training_loop.hpp"

namespace examples::contragan {

/// Pictures (n, 1, 32, 32) as bytes with their classes (n).
struct labelled_bytes {
  torch::Tensor images, labels;
};

/// Bytes to what the networks see, -1 to 1.
inline torch::Tensor to_network(const torch::Tensor& bytes) { return bytes.to(torch::kFloat32) / 127.5 - 1; }

class judge {
 public:
  /// What it says of pictures, by its features of them and of the real test pictures.
  struct opinion {
    double accuracy;   ///< the part classified as the class it was asked for
    double distance;   ///< Fréchet distance
    double precision;  ///< the part that lies within the real manifold
    double recall;     ///< the part of the real ones that lies within the manifold of these
    double variety;    ///< mean distance of two pictures of one class, as a part of that of real ones
  };

  judge(labelled_bytes train, labelled_bytes test, std::int64_t num_classes)
      : train_(std::move(train)), test_(std::move(test)), network_(num_classes, 16) {}

  /// Trains, or takes over what the file of `plan.run.checkpoint` holds; false where Ctrl-C ended it.
  bool train(training_plan plan) {
    const auto num_train = static_cast<std::uint64_t>(train_.labels.size(0)), batch = std::min<std::uint64_t>(num_train, 64);
    plan.steps_per_epoch = num_train / batch;
    plan.samples_per_step = batch;
    const auto all_steps = static_cast<double>(plan.steps_per_epoch * static_cast<std::uint64_t>(plan.run.epochs));
    const std::uint64_t seed = plan.run.seed, steps = plan.steps_per_epoch;

    torch::optim::Adam adam(network_.parameters(), torch::optim::AdamOptions(2e-3));
    saved_state state;
    state.add("classifier", network_);
    state.add("adam", adam);
    training_loop training(std::move(plan), state);
    std::vector<std::size_t> order;
    const bool finished = training.run([&](std::uint64_t epoch, std::uint64_t k) -> measurements {
      if (k == 0 || order.empty()) order = shuffled(num_train, random_stream{seed, {1, epoch}});
      const torch::Tensor which = numbers(order, k * batch, batch);
      const double done = static_cast<double>(epoch * steps + k) / all_steps, pi = 3.141592653589793;
      static_cast<torch::optim::AdamOptions&>(adam.param_groups()[0].options())
          .lr(1e-3 * std::min(1.0, 0.01 + 10 * done) * (1 + std::cos(pi * done)));
      network_.train();
      const torch::Tensor outputs = network_.forward(to_network(train_.images.index_select(0, which)));
      const torch::Tensor loss = torch::cross_entropy_loss(outputs, train_.labels.index_select(0, which));
      adam.zero_grad();
      loss.backward();
      adam.step();
      return {{"cross-entropy", loss.item<double>()}};
    });
    if (finished) {
      const matrix real = to_matrix(features(test_.images));
      real_ = gaussian_of(real);
      real_manifold_ = manifold_of(some_of(real), neighbours);
      real_spread_ = mean_distance_within_classes(real, numbers_of(test_.labels));
    }
    return finished;
  }

  opinion of(const torch::Tensor& images, const torch::Tensor& labels) {
    const torch::Tensor f = features(images);
    const matrix rows = to_matrix(f), some = some_of(rows);
    return {.accuracy = accuracy(f, labels),
            .distance = frechet_distance(gaussian_of(rows), real_),
            .precision = part_within(real_manifold_, some),
            .recall = part_within(manifold_of(some, neighbours), real_manifold_.points),
            .variety = mean_distance_within_classes(rows, numbers_of(labels)) / real_spread_};
  }

  /// What a perfect generator could reach: as many training pictures as there are test pictures, and the accuracy on the
  /// latter.
  opinion of_real() {
    const auto count = std::min(test_.labels.size(0), train_.labels.size(0));
    opinion real = of(train_.images.slice(0, 0, count), train_.labels.slice(0, 0, count));
    real.accuracy = accuracy(features(test_.images), test_.labels);
    return real;
  }

  /// The part [first, first + count) of an order, as a tensor.
  static torch::Tensor numbers(const std::vector<std::size_t>& order, std::uint64_t first, std::uint64_t count) {
    torch::Tensor which = torch::empty({static_cast<std::int64_t>(count)}, torch::kInt64);
    for (std::uint64_t i = 0; i < count; ++i) which.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(order[first + i]);
    return which;
  }

 private:
  torch::Tensor features(const torch::Tensor& bytes) {
    return outputs_of(
        network_, [&](torch::Tensor x) { return network_.features(2 * x - 1); }, bytes);
  }

  double accuracy(const torch::Tensor& of_pictures, const torch::Tensor& labels) {
    const torch::NoGradGuard constant;
    return (network_.last(of_pictures).argmax(1) == labels).to(torch::kFloat64).mean().item<double>();
  }
  /// Precision and recall compare all pairs: of 5000 pictures they take seconds.
  static matrix some_of(const matrix& rows) { return rows.topRows(std::min<index>(5000, rows.rows())); }
  static std::vector<int> numbers_of(const torch::Tensor& labels) {
    return {labels.data_ptr<std::int64_t>(), labels.data_ptr<std::int64_t>() + labels.numel()};
  }

  static constexpr index neighbours = 3;  // as in the paper
  labelled_bytes train_, test_;
  classifier network_;
  gaussian real_;
  manifold real_manifold_;
  double real_spread_ = 0;
};

}  // namespace examples::contragan
