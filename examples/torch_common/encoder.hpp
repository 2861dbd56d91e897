// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The convolutional encoder of simclr and moco with its projector.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace examples {

struct encoder_shape {
  std::int64_t channels = 1;    ///< of the pictures
  std::int64_t width = 32;      ///< channels of the first layer; later ones have twice and four times as many
  std::int64_t hidden = 256;    ///< of the projector
  std::int64_t embedding = 64;  ///< what the projector puts out

  std::int64_t features() const { return 16 * width; }
};

/// Convolution 5 x 5, then twice 3 x 3, each of stride 2 with batch normalisation and ReLU; the mean over each quarter of the
/// picture: (n, channels, height, width) of 0 to 1 to (n, 16 · width).
class encoder_impl : public torch::nn::Module {
 public:
  explicit encoder_impl(const encoder_shape& shape);
  torch::Tensor forward(torch::Tensor pictures);

 private:
  torch::nn::Sequential layers_;
};
TORCH_MODULE_IMPL(encoder, encoder_impl);

/// Encoder and projector (linear, batch normalisation, ReLU, linear), which is thrown away after training, as in Chen et al.
/// 2020, section 2.1: (n, channels, height, width) to (n, embedding). The weights depend on the seed alone.
class embedding_network_impl : public torch::nn::Module {
 public:
  embedding_network_impl(const encoder_shape& shape, std::uint64_t seed);
  torch::Tensor forward(torch::Tensor pictures) { return project_->forward(encode_->forward(std::move(pictures))); }
  torch::Tensor features(torch::Tensor pictures) { return encode_->forward(std::move(pictures)); }

 private:
  encoder encode_{nullptr};
  torch::nn::Sequential project_;
};
TORCH_MODULE_IMPL(embedding_network, embedding_network_impl);

}  // namespace examples
