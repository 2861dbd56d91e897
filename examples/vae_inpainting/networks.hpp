// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One encoder for three tasks, and what each task puts behind it. Pictures are (n, 1, 28, 28), 0 to 1. What grows goes through
// sub-pixel convolutions (Shi et al. 2016): on processors they are several times as fast as transposed ones.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace examples::vae_inpainting {

struct network_widths {
  std::int64_t fine = 16;    ///< channels of the maps of 14 x 14
  std::int64_t coarse = 32;  ///< channels of the maps of 7 x 7
  std::int64_t features = 256;
  std::int64_t latent = 32;
};

inline torch::nn::Conv2d convolution(std::int64_t from, std::int64_t to, std::int64_t stride = 1) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, 3).stride(stride).padding(1));
}

/// What the encoder makes of a picture: maps on the way and the features at the end.
struct encoded {
  torch::Tensor fine;      // (n, fine, 14, 14)
  torch::Tensor coarse;    // (n, coarse, 7, 7)
  torch::Tensor features;  // (n, features)
};

/// Two convolutions of stride 2, then a dense layer that sees the whole picture. A second input channel says which pixels are
/// hidden (1), so that the same weights read whole pictures and masked ones.
class encoder_impl : public torch::nn::Module {
 public:
  explicit encoder_impl(const network_widths& w)
      : fine_(register_module("fine", convolution(2, w.fine, 2))),
        coarse_(register_module("coarse", convolution(w.fine, w.coarse, 2))),
        dense_(register_module("dense", torch::nn::Conv2d(w.coarse, w.features, 7))) {}

  /// Of whole pictures.
  encoded whole(const torch::Tensor& pictures) { return forward(pictures, torch::zeros_like(pictures)); }
  /// Of pictures whose pixels under `hidden`, (n, 1, 28, 28) of 0 and 1, are not looked at.
  encoded forward(const torch::Tensor& pictures, const torch::Tensor& hidden) {
    const auto fine = torch::relu(fine_(torch::cat({pictures * (1 - hidden), hidden}, 1)));
    const auto coarse = torch::relu(coarse_(fine));
    return {fine, coarse, torch::relu(dense_(coarse)).flatten(1)};
  }
  /// The two convolutions alone, of patches of any size: (n, coarse, height / 4, width / 4).
  torch::Tensor maps(const torch::Tensor& patches) {
    return torch::relu(coarse_(torch::relu(fine_(torch::cat({patches, torch::zeros_like(patches)}, 1)))));
  }

 private:
  torch::nn::Conv2d fine_, coarse_, dense_;
};

/// A normal distribution with its own variance in each coordinate.
struct latent_code {
  torch::Tensor mean, log_variance;  // (n, latent)

  /// mean + deviation * noise, for noise (..., n, latent).
  torch::Tensor at(const torch::Tensor& noise) const { return mean + torch::exp(0.5 * log_variance) * noise; }
  /// KL(q || N(0, 1)) in nats, (n): Kingma & Welling 2014, appendix B.
  torch::Tensor divergence() const { return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1); }
};

/// From the encoder's features to q(z | x).
class code_head_impl : public torch::nn::Module {
 public:
  explicit code_head_impl(const network_widths& w)
      : linear_(register_module("linear", torch::nn::Linear(w.features, 2 * w.latent))) {}
  latent_code forward(const torch::Tensor& features) {
    const auto parts = linear_(features).chunk(2, 1);
    return {parts[0], parts[1].clamp(-12, 6)};  // deviations from 0.0025 to 20: nothing overflows at the start
  }

 private:
  torch::nn::Linear linear_;
};

/// p(x | z), the encoder backwards: logits of the grey values, (n, 1, 28, 28).
class decoder_impl : public torch::nn::Module {
 public:
  explicit decoder_impl(const network_widths& w)
      : channels_(w.coarse),
        dense_(register_module("dense", torch::nn::Linear(w.latent, w.coarse * 7 * 7))),
        coarse_(register_module("coarse", convolution(w.coarse, 4 * w.fine))),
        fine_(register_module("fine", convolution(w.fine, 4))) {}
  torch::Tensor forward(const torch::Tensor& z) {
    const auto maps = torch::relu(dense_(z)).view({-1, channels_, 7, 7});
    return torch::pixel_shuffle(fine_(torch::relu(torch::pixel_shuffle(coarse_(maps), 2))), 2);
  }

 private:
  std::int64_t channels_;
  torch::nn::Linear dense_;
  torch::nn::Conv2d coarse_, fine_;
};

/// The rising half of a U-Net (Ronneberger et al. 2015) over the encoder: at each size the encoder's map of that size lies
/// beside what comes from below. Logits of the grey values, (n, 1, 28, 28).
class completer_impl : public torch::nn::Module {
 public:
  explicit completer_impl(const network_widths& w)
      : dense_(register_module("dense", torch::nn::Linear(w.features, deep * 7 * 7))),
        coarse_(register_module("coarse", convolution(deep + w.coarse, 4 * w.fine))),
        fine_(register_module("fine", convolution(2 * w.fine + 2 * 4, 4))) {}
  torch::Tensor forward(const encoded& e, const torch::Tensor& pictures, const torch::Tensor& hidden) {
    const auto dense = torch::relu(dense_(e.features)).view({-1, deep, 7, 7});
    const auto coarse = torch::relu(torch::pixel_shuffle(coarse_(torch::cat({dense, e.coarse}, 1)), 2));
    const auto input = torch::pixel_unshuffle(torch::cat({pictures * (1 - hidden), hidden}, 1), 2);  // (n, 8, 14, 14)
    return torch::pixel_shuffle(fine_(torch::cat({coarse, e.fine, input}, 1)), 2);
  }

 private:
  static constexpr std::int64_t deep = 16;
  torch::nn::Linear dense_;
  torch::nn::Conv2d coarse_, fine_;
};

/// Which of the eight neighbours of `centre` is `other`? Both are patches, (n, 1, 8, 8), seen through the encoder's
/// convolutions (Doersch et al. 2015). Logits, (n, 8).
class neighbour_guesser_impl : public torch::nn::Module {
 public:
  explicit neighbour_guesser_impl(const network_widths& w)
      : hidden_(register_module("hidden", torch::nn::Linear(2 * w.coarse * 2 * 2, w.features))),
        answer_(register_module("answer", torch::nn::Linear(w.features, 8))) {}
  torch::Tensor forward(encoder_impl& eyes, const torch::Tensor& centre, const torch::Tensor& other) {
    const auto pairs = torch::cat({eyes.maps(centre).flatten(1), eyes.maps(other).flatten(1)}, 1);
    return answer_(torch::relu(hidden_(pairs)));
  }

 private:
  torch::nn::Linear hidden_, answer_;
};

TORCH_MODULE_IMPL(encoder, encoder_impl);
TORCH_MODULE_IMPL(code_head, code_head_impl);
TORCH_MODULE_IMPL(decoder, decoder_impl);
TORCH_MODULE_IMPL(completer, completer_impl);
TORCH_MODULE_IMPL(neighbour_guesser, neighbour_guesser_impl);

}  // namespace examples::vae_inpainting
