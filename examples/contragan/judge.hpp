// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Who says how good generated pictures are: a classifier trained on the real ones.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "common/frechet_distance.hpp"
#include "common/random_stream.hpp"
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
  /// What it says of pictures.
  struct opinion {
    double accuracy;  ///< the part classified as the class it was asked for
    double distance;  ///< Fréchet distance of the features to those of the real test pictures
  };

  judge(labelled_bytes train, labelled_bytes test, std::int64_t num_classes, std::int64_t width)
      : train_(std::move(train)), test_(std::move(test)), network_(num_classes, width) {}

  /// Trains, or takes over what the file of `plan.run.checkpoint` holds; false where Ctrl-C ended it.
  bool train(training_plan plan, std::uint64_t batch) {
    const auto num_train = static_cast<std::uint64_t>(train_.labels.size(0));
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
    if (finished) real_ = gaussian_of(to_matrix(features(test_.images)));
    return finished;
  }

  opinion of(const torch::Tensor& images, const torch::Tensor& labels) {
    const torch::Tensor f = features(images);
    const torch::NoGradGuard constant;
    const torch::Tensor right = network_.last(f).argmax(1) == labels;
    return {right.to(torch::kFloat64).mean().item<double>(), frechet_distance(gaussian_of(to_matrix(f)), real_)};
  }

  /// What a perfect generator could reach: as many training pictures as there are test pictures, and the accuracy on the
  /// latter.
  opinion of_real() {
    const auto some = std::min(test_.labels.size(0), train_.labels.size(0));
    return {of(test_.images, test_.labels).accuracy,
            of(train_.images.slice(0, 0, some), train_.labels.slice(0, 0, some)).distance};
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

  labelled_bytes train_, test_;
  classifier network_;
  gaussian real_;
};

}  // namespace examples::contragan
