// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The three networks: what reads a degradation off a picture, what the contrastive loss sees of it, and what undoes it.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

namespace examples::degradation_encoder {

/// (n, 3, h, w), 0 to 1, to codes (n, 2 channels): convolutions on what is left of the picture without its local mean (a
/// degradation lies in the fine structure), averaged over all places, so that a picture may have any size.
struct encoder_network : torch::nn::Module {
  explicit encoder_network(int channels) : code_size(2 * channels) {
    namespace nn = torch::nn;
    const auto convolution = [&](int from, int to, int stride) {
      layers->push_back(nn::Conv2d(nn::Conv2dOptions(from, to, 3).stride(stride).padding(1).bias(false)));
      layers->push_back(nn::BatchNorm2d(to));
      layers->push_back(nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.1)));
    };
    convolution(3, channels, 1);
    convolution(channels, channels, 2);
    convolution(channels, 2 * channels, 1);
    convolution(2 * channels, 2 * channels, 2);
    convolution(2 * channels, code_size, 1);
    register_module("layers", layers);
  }
  torch::Tensor forward(const torch::Tensor& x) {
    namespace f = torch::nn::functional;
    const auto around = f::AvgPool2dFuncOptions(7).stride(1).padding(3).count_include_pad(false);
    return layers->forward(4 * (x - f::avg_pool2d(x, around))).mean({2, 3});
  }

  int code_size;
  torch::nn::Sequential layers;
};

/// Encoder and projector, as momentum contrast trains them; the code is what comes before the projector.
struct contrast_network : torch::nn::Module {
  static constexpr int features = 64;

  explicit contrast_network(int channels) {
    encoder = register_module("encoder", std::make_shared<encoder_network>(channels));
    const int code = encoder->code_size;
    projector = register_module("projector", torch::nn::Sequential(torch::nn::Linear(code, code), torch::nn::ReLU(),
                                                                   torch::nn::Linear(code, features)));
  }
  torch::Tensor forward(const torch::Tensor& x) { return projector->forward(encoder->forward(x)); }

  std::shared_ptr<encoder_network> encoder;
  torch::nn::Sequential projector;
};

/// (n, 3, h, w) to (n, 3, 2h, 2w): what is to be added to the bicubic enlargement. Residual blocks at the low resolution, whose
/// features the code scales and shifts channel by channel (FiLM, Perez et al. 2018), then a pixel shuffle (Shi et al. 2016). It
/// starts as bicubic: the last layer begins at zero.
struct upsampler_network : torch::nn::Module {
  upsampler_network(int code_size, int channels, int blocks) {
    namespace nn = torch::nn;
    const auto convolution = [](int from, int to) { return nn::Conv2d(nn::Conv2dOptions(from, to, 3).padding(1)); };
    reader = register_module("reader", nn::Linear(code_size, code_size));
    head = register_module("head", convolution(3, channels));
    for (int b = 0; b < blocks; ++b) {
      const std::string number = std::to_string(b);
      block one{convolution(channels, channels), convolution(channels, channels), nn::Linear(code_size, 2 * channels)};
      register_module("first" + number, one.first);
      register_module("second" + number, one.second);
      register_module("modulation" + number, one.modulation);
      start_at_zero(*one.modulation);
      body.push_back(one);
    }
    tail = register_module("tail", convolution(channels, 12));
    start_at_zero(*tail);
  }

  torch::Tensor forward(const torch::Tensor& small, const torch::Tensor& bicubic, const torch::Tensor& code) {
    const auto read = torch::relu(reader->forward(code));
    auto x = torch::relu(head->forward(small - 0.5));
    for (auto& one : body) {
      const auto parts = one.modulation->forward(read).unsqueeze(2).unsqueeze(3).chunk(2, 1);
      x = x + one.second->forward(torch::relu(one.first->forward(x) * (1 + parts[0]) + parts[1]));
    }
    return bicubic + torch::pixel_shuffle(tail->forward(x), 2);
  }

 private:
  struct block {
    torch::nn::Conv2d first, second;
    torch::nn::Linear modulation;
  };
  template <class Layer>
  static void start_at_zero(Layer& layer) {
    torch::nn::init::zeros_(layer.weight);
    torch::nn::init::zeros_(layer.bias);
  }

  torch::nn::Linear reader{nullptr};
  torch::nn::Conv2d head{nullptr}, tail{nullptr};
  std::vector<block> body;
};

}  // namespace examples::degradation_encoder
