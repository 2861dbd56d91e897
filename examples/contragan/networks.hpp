// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Generator, discriminator and classifier for grey pictures of 32 x 32, from -1 (black) to 1 (white).
#pragma once

#include <torch/torch.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

namespace examples::contragan {

/// W / σ(W), σ the largest singular value of W as a matrix of one row an output, by power iteration: u is the left singular
/// vector so far. `renew` does a step and writes u. The gradient flows through σ too. Source: Miyato et al. 2018.
inline torch::Tensor spectrally_normalised(const torch::Tensor& weight, const torch::Tensor& u, bool renew) {
  namespace F = torch::nn::functional;
  const torch::Tensor rows = weight.flatten(1);
  torch::Tensor left, right;
  {
    const torch::NoGradGuard constant;
    const auto unit = F::NormalizeFuncOptions().dim(0);
    right = F::normalize(rows.t().mv(u), unit);
    if (renew) u.copy_(F::normalize(rows.mv(right), unit));
    left = u.clone();  // the next step writes u, the gradient needs this one
  }
  return weight / left.dot(rows.mv(right));
}

/// A layer with a spectrally normalised weight: u is a buffer, saved with the parameters.
struct spectral_layer : torch::nn::Module {
  spectral_layer(const std::vector<std::int64_t>& shape, bool with_bias) {
    weight = register_parameter("weight", torch::empty(shape));
    torch::nn::init::orthogonal_(weight);
    if (with_bias) bias = register_parameter("bias", torch::zeros({shape[0]}));
    u = register_buffer(
        "u", torch::nn::functional::normalize(torch::randn({shape[0]}), torch::nn::functional::NormalizeFuncOptions().dim(0)));
  }
  torch::Tensor normalised() const { return spectrally_normalised(weight, u, is_training()); }

  torch::Tensor weight, bias, u;
};

/// A transposed convolution, kernel 4, stride 2, padding 1: twice the height and width. `weight` is (from, to, 4, 4) and the
/// result is that of torch::conv_transpose2d, which libtorch 1.13 computes five times slower on a processor: a transposed
/// convolution is the gradient of a convolution by its input, and that is fast.
class doubling_convolution : public torch::autograd::Function<doubling_convolution> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight) {
    context->save_for_backward({x, weight});
    const torch::Tensor result = torch::empty({x.size(0), weight.size(1), 2 * x.size(2), 2 * x.size(3)}, x.options());
    return std::get<0>(gradients(x, result, weight, {true, false, false}));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list up) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], gradient = up[0].contiguous();
    return {torch::conv2d(gradient, weight, {}, 2, 1), std::get<1>(gradients(x, gradient, weight, {false, true, false}))};
  }

 private:
  static std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> gradients(const torch::Tensor& of_output,
                                                                           const torch::Tensor& input,
                                                                           const torch::Tensor& weight,
                                                                           std::array<bool, 3> which) {
    return torch::convolution_backward(of_output, input, weight, c10::nullopt, {2, 2}, {1, 1}, {1, 1}, false, {0, 0}, 1, which);
  }
};

/// Noise z and class y to a picture: (z, embedding of y) to 4 x 4 x 4w, then transposed convolutions to 8 x 8 x 2w,
/// 16 x 16 x w and 32 x 32 x 1, batch normalisation before each ReLU, tanh at the end.
struct generator : torch::nn::Module {
  generator(std::int64_t num_classes, std::int64_t width) : width_(width) {
    const std::int64_t embedded = 32;
    embedding = register_module("embedding", torch::nn::Embedding(num_classes, embedded));
    const auto up = [this](const char* name, std::int64_t from, std::int64_t to) {
      return register_parameter(name, 0.02 * torch::randn({from, to, 4, 4}));
    };
    start = register_module("start", torch::nn::Linear(torch::nn::LinearOptions(noise + embedded, 4 * width * 16).bias(false)));
    norm1 = register_module("norm1", torch::nn::BatchNorm2d(4 * width));
    up1 = up("up1", 4 * width, 2 * width);
    norm2 = register_module("norm2", torch::nn::BatchNorm2d(2 * width));
    up2 = up("up2", 2 * width, width);
    norm3 = register_module("norm3", torch::nn::BatchNorm2d(width));
    up3 = up("up3", width, 1);
    bias = register_parameter("bias", torch::zeros({1}));
  }

  torch::Tensor forward(const torch::Tensor& z, const torch::Tensor& labels) {
    torch::Tensor x = start(torch::cat({z, embedding(labels)}, 1)).view({z.size(0), 4 * width_, 4, 4});
    x = doubling_convolution::apply(torch::relu(norm1(x)), up1);
    x = doubling_convolution::apply(torch::relu(norm2(x)), up2);
    return torch::tanh(doubling_convolution::apply(torch::relu(norm3(x)), up3) + bias);
  }

  /// Takes the statistics of batch normalisation anew, as means over 20 batches of 500 pictures of all classes, the same noise
  /// each time: those of averaged weights are not the averages of those of the weights.
  void take_statistics() {
    const torch::NoGradGuard constant;
    const std::int64_t batches = 20, batch = 500;
    for (auto* norm : {&norm1, &norm2, &norm3}) {
      (*norm)->reset_running_stats();
      (*norm)->options.momentum(c10::nullopt);  // plain means
    }
    train();
    const torch::Tensor classes = torch::arange(batch).remainder(embedding->options.num_embeddings());
    const auto random = at::detail::createCPUGenerator(1);
    for (std::int64_t b = 0; b < batches; ++b) forward(torch::randn({batch, noise}, random), classes);
    eval();
  }

  static constexpr std::int64_t noise = 64;  ///< numbers in z, standard normal
  torch::nn::Embedding embedding{nullptr};
  torch::nn::Linear start{nullptr};
  torch::nn::BatchNorm2d norm1{nullptr}, norm2{nullptr}, norm3{nullptr};
  torch::Tensor up1, up2, up3, bias;

 private:
  std::int64_t width_;
};

/// How much pictures of one class differ, channel by channel: the standard deviation of feature maps x (n, channels, h, w) over
/// the rows with the same number in `groups` (n), from 0 to num_groups - 1, as the mean over the positions; (n, channels). It
/// is multiplied by sqrt(h w), so that it weighs as much as the numbers of which it is the mean. After the minibatch standard
/// deviation of Karras et al. 2018, which does not look at classes.
inline torch::Tensor deviation_within(const torch::Tensor& x, const torch::Tensor& groups, std::int64_t num_groups) {
  const torch::Tensor member = torch::one_hot(groups, num_groups).to(x.scalar_type()), rows = x.flatten(1);
  const auto mean_within = [&](const torch::Tensor& y) {
    return (member.t().mm(y) / member.sum(0).clamp_min(1).unsqueeze(1)).index_select(0, groups);
  };
  const torch::Tensor variance = mean_within((rows - mean_within(rows)).square());
  const torch::Tensor deviation = torch::sqrt(variance + 1e-4);  // a slope at 0, too
  return deviation.view({x.size(0), x.size(1), -1}).sum(2) / std::sqrt(static_cast<double>(x.size(2) * x.size(3)));
}

/// A picture to a score (real is high) and an embedding h: three spectrally normalised convolutions to 4 x 4 x 4w, two heads.
///
/// With `projection` the score also asks whether the picture fits its class: s = w·f + v_y·f (Miyato & Koyama 2018). With
/// `deviation` f includes how much the pictures of its class differ: otherwise each score is of one picture, and a generator
/// that draws one good picture of a class again and again is not found out. With neither labels are not looked at, and classes
/// reach the generator by the contrastive term alone, as in ContraGAN.
struct discriminator : torch::nn::Module {
  discriminator(std::int64_t num_classes, std::int64_t width, std::int64_t dimensions, bool projection, bool deviation)
      : num_classes_(num_classes), deviation_(deviation) {
    const auto layer = [this](const char* name, const std::vector<std::int64_t>& shape, bool bias) {
      return register_module(name, std::make_shared<spectral_layer>(shape, bias));
    };
    down1 = layer("down1", {width, 1, 4, 4}, true);
    down2 = layer("down2", {2 * width, width, 4, 4}, true);
    down3 = layer("down3", {4 * width, 2 * width, 4, 4}, true);
    const std::int64_t judged = 4 * width * (deviation ? 17 : 16);
    score = layer("score", {1, judged}, true);
    embed = register_module("embed", torch::nn::Linear(4 * width * 16, dimensions));
    proxies =
        register_parameter("proxies", torch::randn({num_classes, dimensions}) / std::sqrt(static_cast<double>(dimensions)));
    if (projection) class_weights = layer("class_weights", {num_classes, judged}, false);
  }

  /// Scores (n) and embeddings (n, dimensions) of pictures (n, 1, 32, 32) of these classes (n). They are sets of `set` pictures
  /// one after the other, real ones or generated ones, and deviations are within the classes of a set.
  std::tuple<torch::Tensor, torch::Tensor> forward(const torch::Tensor& images, const torch::Tensor& labels, std::int64_t set) {
    const auto down = [](const torch::Tensor& x, const spectral_layer& layer) {
      return torch::leaky_relu(torch::conv2d(x, layer.normalised(), layer.bias, 2, 1), 0.1);
    };
    const torch::Tensor maps = down(down(down(images, *down1), *down2), *down3), f = maps.flatten(1);
    torch::Tensor judged = f;
    if (deviation_) {
      const std::int64_t n = images.size(0), sets = (n + set - 1) / set;
      const torch::Tensor groups = torch::arange(n).div(set, "floor") * num_classes_ + labels;
      judged = torch::cat({f, deviation_within(maps, groups, sets * num_classes_)}, 1);
    }
    torch::Tensor s = torch::linear(judged, score->normalised(), score->bias).squeeze(1);
    if (class_weights) s = s + (judged * class_weights->normalised().index_select(0, labels)).sum(1);
    return {s, embed(f)};
  }

  std::shared_ptr<spectral_layer> down1, down2, down3, score, class_weights;
  torch::nn::Linear embed{nullptr};
  torch::Tensor proxies;  ///< one for each class (num_classes, dimensions)

 private:
  std::int64_t num_classes_;
  bool deviation_;
};

/// Judges the pictures: trained on real ones, it says which class a picture is of, and its 64 features before the last layer
/// are the space of the Fréchet distance.
struct classifier : torch::nn::Module {
  classifier(std::int64_t num_classes, std::int64_t width) {
    using torch::nn::Conv2dOptions;
    conv1 = register_module("conv1", torch::nn::Conv2d(Conv2dOptions(1, width, 4).stride(2).padding(1).bias(false)));
    norm1 = register_module("norm1", torch::nn::BatchNorm2d(width));
    conv2 = register_module("conv2", torch::nn::Conv2d(Conv2dOptions(width, 2 * width, 4).stride(2).padding(1).bias(false)));
    norm2 = register_module("norm2", torch::nn::BatchNorm2d(2 * width));
    conv3 = register_module("conv3", torch::nn::Conv2d(Conv2dOptions(2 * width, 2 * width, 3).padding(1).bias(false)));
    norm3 = register_module("norm3", torch::nn::BatchNorm2d(2 * width));
    hidden = register_module("hidden", torch::nn::Linear(2 * width * 16, 64));
    last = register_module("last", torch::nn::Linear(64, num_classes));
  }

  torch::Tensor features(const torch::Tensor& images) {
    torch::Tensor x = torch::relu(norm1(conv1(images)));
    x = torch::relu(norm2(conv2(x)));
    x = torch::max_pool2d(torch::relu(norm3(conv3(x))), 2);
    return torch::relu(hidden(x.flatten(1)));
  }
  torch::Tensor forward(const torch::Tensor& images) { return last(features(images)); }

  torch::nn::Conv2d conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
  torch::nn::BatchNorm2d norm1{nullptr}, norm2{nullptr}, norm3{nullptr};
  torch::nn::Linear hidden{nullptr}, last{nullptr};
};

}  // namespace examples::contragan
