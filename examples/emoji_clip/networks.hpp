// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Two encoders into one space, and what the losses of pairs learn themselves.
#pragma once

#include <torch/torch.h>

#include "emoji_clip/captions.hpp"
#include "torch_common/encoder.hpp"

namespace examples::emoji_clip {

struct network_shape {
  encoder_shape pictures{.channels = 3, .width = 32, .hidden = 256, .embedding = 64};
  std::int64_t buckets = 1 << 16;  ///< numbers of n-grams
  std::int64_t words = 96;         ///< coordinates of an n-gram
};

/// The sum of the tokens' vectors, then dropout and linear: (n) texts to (n, embedding). Words that come together in no caption
/// add up to what both mean.
class text_encoder_impl : public torch::nn::Module {
 public:
  explicit text_encoder_impl(const network_shape& shape) {
    vectors_ = register_module(
        "vectors", torch::nn::EmbeddingBag(torch::nn::EmbeddingBagOptions(shape.buckets, shape.words).mode(torch::kSum)));
    torch::nn::init::normal_(vectors_->weight, 0, 0.3);
    layers_->push_back(torch::nn::Dropout(0.5));
    layers_->push_back(torch::nn::Linear(shape.words, shape.pictures.embedding));
    register_module("layers", layers_);
  }
  torch::Tensor forward(const token_bags& texts) {
    return layers_->forward(vectors_(texts.buckets, texts.offsets, texts.weights));
  }

 private:
  torch::nn::EmbeddingBag vectors_{nullptr};
  torch::nn::Sequential layers_;
};
TORCH_MODULE_IMPL(text_encoder, text_encoder_impl);

/// Pictures by the encoder and projector of simclr, words by n-grams; the temperature and, for siglip, the bias are parameters.
struct two_encoders : torch::nn::Module {
  two_encoders(const network_shape& shape, double first_temperature, double first_bias, std::uint64_t seed)
      : buckets(shape.buckets) {
    pictures = register_module("pictures", embedding_network(shape.pictures, seed));
    texts = register_module("texts", text_encoder(shape));
    temperature = register_parameter("temperature", torch::full({1}, first_temperature));
    bias = register_parameter("bias", torch::full({1}, first_bias));
  }
  torch::Tensor of_texts(const std::vector<std::string>& captions) { return texts(bags_of(captions, buckets)); }

  std::int64_t buckets;
  embedding_network pictures{nullptr};
  text_encoder texts{nullptr};
  torch::Tensor temperature, bias;
};

}  // namespace examples::emoji_clip
