// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The layers of contragan against libtorch's own, and what its terms let through.
#include "contragan/objective.hpp"

#include <torch/torch.h>

#include "contragan/networks.hpp"
#include "support/catch.hpp"

using namespace examples::contragan;

namespace {

double apart(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<double>(); }

/// The largest singular value.
double norm_of(const torch::Tensor& weight) {
  const torch::Tensor rows = weight.detach().flatten(1).to(torch::kFloat64);
  return std::sqrt(std::get<0>(torch::linalg_eigh(rows.mm(rows.t()), "L")).max().item<double>());
}

}  // namespace

TEST_CASE("contragan: the doubling convolution is libtorch's transposed convolution, gradients too") {
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({3, 6, 4, 5}, torch::kFloat64).requires_grad_();
  const torch::Tensor weight = torch::randn({6, 2, 4, 4}, torch::kFloat64).requires_grad_();
  const torch::Tensor ours = doubling_convolution::apply(x, weight), theirs = torch::conv_transpose2d(x, weight, {}, 2, 1);
  REQUIRE(ours.sizes() == theirs.sizes());
  CHECK(apart(ours, theirs) < 1e-12);
  const torch::Tensor above = torch::randn_like(ours);
  const auto g = torch::autograd::grad({(ours * above).sum()}, {x, weight}),
             h = torch::autograd::grad({(theirs * above).sum()}, {x, weight});
  CHECK(apart(g[0], h[0]) < 1e-12);
  CHECK(apart(g[1], h[1]) < 1e-12);
}

TEST_CASE("contragan: power iteration finds the spectral norm, keeps what it found, and the gradient is that of W / sigma(W)") {
  torch::manual_seed(2);
  spectral_layer layer({7, 3, 4, 4}, true);
  {
    const torch::NoGradGuard constant;
    layer.weight.copy_(torch::randn_like(layer.weight));
  }
  for (int i = 0; i < 300; ++i) layer.normalised();
  CHECK(norm_of(layer.normalised()) == Approx(1).epsilon(1e-4));
  CHECK(norm_of(layer.weight) > 2);

  layer.eval();
  const torch::Tensor before = layer.u.clone();
  layer.normalised();
  CHECK(apart(layer.u, before) == 0);

  // d/dW of sum(R W/σ) is R/σ - <R, W>/σ² u vᵗ, by the formula of Miyato et al. with the exact singular vectors.
  const torch::Tensor r = torch::randn_like(layer.weight);
  const auto gradient = torch::autograd::grad({(layer.normalised() * r).sum()}, {layer.weight});
  const torch::Tensor rows = layer.weight.detach().flatten(1);
  const double sigma = norm_of(layer.weight);
  const torch::Tensor v = rows.t().mv(layer.u) / sigma;
  const torch::Tensor expected =
      r.flatten(1) / sigma - (r.flatten(1) * rows).sum() / (sigma * sigma) * torch::outer(layer.u, v);
  CHECK(apart(gradient[0].flatten(1), expected) < 1e-4);

  bool saved = false;
  for (const auto& buffer : layer.named_buffers()) saved = saved || buffer.key() == "u";
  CHECK(saved);
}

TEST_CASE("contragan: shapes of the networks, the projection sees the class, the plain head does not") {
  torch::manual_seed(3);
  generator g(10, 4);
  const torch::Tensor classes = torch::arange(10), images = g.forward(torch::randn({10, generator::noise}), classes);
  CHECK(images.sizes() == torch::IntArrayRef({10, 1, 32, 32}));
  CHECK(images.abs().max().item<double>() <= 1);
  for (const bool projection : {false, true}) {
    discriminator d(10, 4, 8, projection, false);
    d.eval();
    const auto [scores, h] = d.forward(images, classes, 10);
    CHECK(scores.sizes() == torch::IntArrayRef({10}));
    CHECK(h.sizes() == torch::IntArrayRef({10, 8}));
    CHECK(torch::equal(std::get<0>(d.forward(images, classes.flip(0), 10)), scores) != projection);
  }
}

TEST_CASE("contragan: the deviation within a class is that of its rows, by channel, and copies have next to none") {
  torch::manual_seed(6);
  const torch::Tensor x = torch::randn({6, 3, 2, 4}, torch::kFloat64).requires_grad_();
  const torch::Tensor groups = torch::tensor({0, 2, 0, 4, 2, 0}, torch::kInt64);  // 1 and 3 are empty, 4 has one row
  const torch::Tensor deviations = deviation_within(x, groups, 5);
  REQUIRE(deviations.sizes() == torch::IntArrayRef({6, 3}));
  for (std::int64_t i = 0; i < 6; ++i) {
    const torch::Tensor rows = x.index({groups == groups[i]}), centred = rows - rows.mean(0, true);
    const torch::Tensor expected = torch::sqrt(centred.square().mean(0) + 1e-4).sum({1, 2}) / std::sqrt(8.0);
    CHECK(apart(deviations[i], expected) < 1e-12);
  }
  const torch::Tensor copies = torch::ones({4, 3, 2, 4}).requires_grad_();
  const torch::Tensor none = deviation_within(copies, torch::zeros({4}, torch::kInt64), 1);
  CHECK(none.max().item<double>() < 0.03);
  CHECK(torch::isfinite(torch::autograd::grad({none.sum()}, {copies})[0]).all().item<bool>());
}

TEST_CASE("contragan: the head that sees deviations compares a picture with its class in its set, and with nothing else") {
  torch::manual_seed(7);
  discriminator d(2, 4, 8, true, true);
  d.eval();
  const torch::Tensor images = torch::rand({8, 1, 32, 32}) * 2 - 1;
  const torch::Tensor classes = torch::tensor({0, 0, 1, 1, 0, 0, 1, 1}, torch::kInt64);
  const torch::Tensor scores = std::get<0>(d.forward(images, classes, 4));
  torch::Tensor changed = images.clone();
  changed[0].fill_(0.5);
  const torch::Tensor moved = (std::get<0>(d.forward(changed, classes, 4)) - scores).abs();
  CHECK(moved.slice(0, 0, 2).min().item<double>() > 1e-6);
  CHECK(moved.slice(0, 2).max().item<double>() == 0);
}

TEST_CASE("contragan: statistics taken anew are the means over generated pictures of all classes, and the same each time") {
  torch::manual_seed(8);
  generator g(10, 4);
  for (int i = 0; i < 3; ++i) g.forward(5 * torch::randn({16, generator::noise}), torch::zeros({16}, torch::kInt64));
  g.take_statistics();
  const torch::Tensor mean = g.norm1->running_mean.clone(), variance = g.norm3->running_var.clone();
  const torch::NoGradGuard constant;
  const torch::Tensor classes = torch::arange(20000).remainder(10);
  const torch::Tensor first = g.start(torch::cat({torch::randn({20000, generator::noise}), g.embedding(classes)}, 1));
  CHECK(apart(mean, first.view({20000, 16, 16}).mean(2).mean(0)) < 0.02);
  CHECK_FALSE(g.is_training());
  g.take_statistics();
  CHECK(apart(g.norm1->running_mean, mean) == 0);
  CHECK(apart(g.norm3->running_var, variance) == 0);
}

TEST_CASE("contragan: the adversarial losses are their formulas") {
  const torch::Tensor real = torch::tensor({2.0, 0.5}), generated = torch::tensor({-3.0, 0.0});
  objective o;
  CHECK(o.of_discriminator(real, generated).item<double>() == Approx(0.25 + 0.5));
  CHECK(o.of_generator(generated).item<double>() == Approx(1.5));
  o.adversarial = "bce";
  const auto bce = [](const torch::Tensor& s, double target) {
    return torch::binary_cross_entropy_with_logits(s, torch::full_like(s, target)).item<double>();
  };
  CHECK(o.of_discriminator(real, generated).item<double>() == Approx(bce(real, 1) + bce(generated, 0)));
  CHECK(o.of_generator(generated).item<double>() == Approx(bce(generated, 1)));
}

TEST_CASE("contragan: the 2C term is its formula written in libtorch, with proxies and without") {
  torch::manual_seed(4);
  objective o;
  o.temperature = 0.7;
  const torch::Tensor h = torch::randn({12, 5}, torch::kFloat64).requires_grad_(),
                      proxies = torch::randn({3, 5}, torch::kFloat64).requires_grad_();
  const torch::Tensor classes = torch::arange(12).remainder(3);
  const auto unit = [](const torch::Tensor& x) { return x / x.norm(2, 1, true); };
  const torch::Tensor s = torch::exp(unit(h).mm(unit(h).t()) / o.temperature) * (1 - torch::eye(12, torch::kFloat64));
  const torch::Tensor same = (classes.unsqueeze(0) == classes.unsqueeze(1)).to(torch::kFloat64);
  const torch::Tensor own = torch::exp((unit(h) * unit(proxies).index_select(0, classes)).sum(1) / o.temperature);
  for (const bool with : {true, false}) {
    o.proxies = with;
    const torch::Tensor proxy = with ? own : torch::zeros_like(own);
    const torch::Tensor expected = (torch::log(proxy + s.sum(1)) - torch::log(proxy + (s * same).sum(1))).mean();
    const torch::Tensor loss = o.of_classes(h, classes, proxies);
    CHECK(loss.item<double>() == Approx(expected.item<double>()).epsilon(1e-10));
    CHECK(apart(torch::autograd::grad({loss}, {h})[0], torch::autograd::grad({expected}, {h}, {}, true)[0]) < 1e-10);
  }
}

TEST_CASE("contragan: the D2D-CE term is its formula written in libtorch") {
  torch::manual_seed(9);
  objective o;
  o.contrast = "d2d_ce", o.temperature = 0.7;
  const torch::Tensor h = torch::randn({12, 5}, torch::kFloat64).requires_grad_(),
                      proxies = torch::randn({3, 5}, torch::kFloat64).requires_grad_();
  const torch::Tensor classes = torch::arange(12).remainder(3);
  const auto unit = [](const torch::Tensor& x) { return x / x.norm(2, 1, true); };
  const torch::Tensor other = (classes.unsqueeze(0) != classes.unsqueeze(1)).to(torch::kFloat64);
  const torch::Tensor s = torch::exp(((unit(h).mm(unit(h).t()) - 0.02) / o.temperature).clamp_min(0)) * other;
  const torch::Tensor p = (((unit(h) * unit(proxies).index_select(0, classes)).sum(1) - 0.98) / o.temperature).clamp_max(0);
  const torch::Tensor expected = (torch::log(torch::exp(p) + s.sum(1)) - p).mean(), loss = o.of_classes(h, classes, proxies);
  CHECK(loss.item<double>() == Approx(expected.item<double>()).epsilon(1e-10));
  CHECK(apart(torch::autograd::grad({loss}, {h})[0], torch::autograd::grad({expected}, {h}, {}, true)[0]) < 1e-10);
}

TEST_CASE("contragan: another view keeps black outside, changes the picture, and lets gradients through") {
  torch::manual_seed(5);
  const torch::Tensor black = torch::full({4, 1, 32, 32}, -1.0);
  CHECK(apart(another_view(black), black) < 1e-6);
  const torch::Tensor images = torch::rand({4, 1, 32, 32}).requires_grad_();
  const torch::Tensor view = another_view(images);
  CHECK(view.sizes() == images.sizes());
  CHECK(apart(view.detach(), images.detach()) > 0.1);
  CHECK(torch::autograd::grad({view.sum()}, {images})[0].abs().sum().item<double>() > 100);
}
