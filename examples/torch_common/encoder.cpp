// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The layers.
#include "torch_common/encoder.hpp"

namespace examples {
namespace {

namespace nn = torch::nn;

void add_layer(nn::Sequential& layers, std::int64_t from, std::int64_t to, std::int64_t kernel) {
  layers->push_back(nn::Conv2d(nn::Conv2dOptions(from, to, kernel).stride(2).padding(kernel / 2).bias(false)));
  layers->push_back(nn::BatchNorm2d(to));
  layers->push_back(nn::ReLU());
}

}  // namespace

encoder_impl::encoder_impl(const encoder_shape& shape) {
  add_layer(layers_, shape.channels, shape.width, 5);
  add_layer(layers_, shape.width, 2 * shape.width, 3);
  add_layer(layers_, 2 * shape.width, 4 * shape.width, 3);
  layers_->push_back(nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions({2, 2})));
  layers_->push_back(nn::Flatten());
  register_module("layers", layers_);
}

torch::Tensor encoder_impl::forward(torch::Tensor pictures) { return layers_->forward(std::move(pictures)); }

embedding_network_impl::embedding_network_impl(const encoder_shape& shape, std::uint64_t seed) {
  torch::manual_seed(seed);
  encode_ = encoder(shape);
  project_->push_back(nn::Linear(nn::LinearOptions(shape.features(), shape.hidden).bias(false)));
  project_->push_back(nn::BatchNorm1d(shape.hidden));
  project_->push_back(nn::ReLU());
  project_->push_back(nn::Linear(shape.hidden, shape.embedding));
  register_module("encode", encode_);
  register_module("project", project_);
}

}  // namespace examples
