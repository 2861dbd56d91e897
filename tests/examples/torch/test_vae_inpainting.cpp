// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The parts of vae_inpainting: bounds beside the integral that they bound, masks, patches, and what a VAE takes over.
#include "examples/temporary_folder.hpp"
#include "vae_inpainting/evaluation.hpp"
#include "vae_inpainting/tasks.hpp"
#include "vae_inpainting/training.hpp"
// After libtorch, which brings glog's CHECK.
#include "support/catch.hpp"

using namespace example_tests;
using namespace examples;
using namespace examples::vae_inpainting;

namespace {

constexpr network_widths tiny{4, 4, 8, 1};

torch::Tensor grey_pictures(std::int64_t n) { return torch::sigmoid(fixed_noise({n, 1, 28, 28}, 5)); }

}  // namespace

TEST_CASE("vae_inpainting: the divergence is that of normal distributions") {
  const latent_code prior{torch::zeros({3, 2}), torch::zeros({3, 2})};
  CHECK(prior.divergence().abs().max().item<double>() == 0);
  const latent_code other{torch::tensor({{0.5F, -2.0F}}), torch::tensor({{-1.0F, 0.3F}})};
  double expected = 0;
  for (const auto& [mean, log_variance] : {std::pair{0.5, -1.0}, std::pair{-2.0, 0.3}}) {
    // E_q[log q - log p], by the trapezium rule
    const double deviation = std::exp(log_variance / 2), step = 1e-3;
    for (double u = -10; u < 10; u += step) {
      const double z = mean + deviation * u;
      const double log_ratio = -0.5 * u * u - std::log(deviation) + 0.5 * z * z;
      expected += step * std::exp(-0.5 * u * u) / std::sqrt(2 * 3.141592653589793) * log_ratio;
    }
  }
  CHECK(other.divergence().item<double>() == Approx(expected).epsilon(1e-4));
}

TEST_CASE("vae_inpainting: ELBO and weighted bound lie below log p(x), the second close to it") {
  const torch::NoGradGuard no_gradients;
  torch::manual_seed(3);
  decoder decode(tiny);
  for (auto& p : decode->parameters()) p.mul_(1.5);  // so that p(x | z) depends on z
  const auto pictures = grey_pictures(4);
  const latent_code code{torch::tensor({{0.3F}, {-0.5F}, {0.0F}, {1.0F}}), torch::full({4, 1}, 0.2F)};

  // log p(x) = log of the integral over the one coordinate of z, in double.
  const double step = 0.005;
  const auto grid = torch::arange(-8.0, 8.0, step, torch::kFloat64);
  const auto logits = decode(grid.to(torch::kFloat32).unsqueeze(1));                          // (g, 1, 28, 28)
  const auto likelihood = log_likelihood(logits.unsqueeze(1), pictures).to(torch::kFloat64);  // (g, 4)
  const auto prior = -0.5 * grid.square() - 0.5 * std::log(2 * 3.141592653589793);
  const auto evidence = torch::logsumexp(likelihood + prior.unsqueeze(1), 0) + std::log(step);  // (4)

  const variational_bounds bounds = bounds_of(decode, code, pictures, fixed_noise({4000, 4, 1}, 11));
  for (std::int64_t i = 0; i < 4; ++i) {
    const double log_p = evidence[i].item<double>(), elbo = bounds.elbo()[i].item<double>(),
                 weighted = bounds.weighted[i].item<double>();
    INFO("log p " << log_p << ", ELBO " << elbo << ", weighted " << weighted);
    CHECK(elbo < log_p);
    CHECK(elbo <= weighted);
    CHECK(weighted == Approx(log_p).margin(0.05));
  }
  // One sample: log p(x | z) + log p(z) - log q(z | x).
  const auto noise = fixed_noise({1, 4, 1}, 12);
  const variational_bounds one = bounds_of(decode, code, pictures, noise);
  const auto z = code.at(noise);
  const auto expected = one.reconstruction - 0.5 * z.square()[0].squeeze(1) + 0.5 * noise.square()[0].squeeze(1) + 0.1;
  CHECK((one.weighted - expected).abs().max().item<double>() < 1e-3);
}

TEST_CASE("vae_inpainting: the likelihood of a grey pixel is the mean over black and white ones") {
  const double logit = 0.7, grey = 0.3, white = 1 / (1 + std::exp(-logit));
  const auto got = pixel_log_likelihood(torch::full({1}, logit), torch::full({1}, grey)).item<double>();
  CHECK(got == Approx(grey * std::log(white) + (1 - grey) * std::log(1 - white)).epsilon(1e-5));
}

TEST_CASE("vae_inpainting: masks are the four halves, and what they hide is neither seen nor forgotten") {
  const auto masks = half_masks(28, 28);
  REQUIRE(masks.sizes() == torch::IntArrayRef({4, 1, 28, 28}));
  CHECK(masks.flatten(1).sum(1).eq(14 * 28).all().item<bool>());
  CHECK((masks[0] + masks[1]).eq(1).all().item<bool>());
  CHECK((masks[2] + masks[3]).eq(1).all().item<bool>());
  CHECK(masks[0][0][5][13].item<float>() == 1);  // left
  CHECK(masks[2][0][13][5].item<float>() == 1);  // top

  torch::manual_seed(1);
  encoder eyes(tiny);
  completer complete(tiny);
  const auto pictures = grey_pictures(4);
  const auto changed = pictures + masks * 0.5;
  const auto logits = complete(eyes(pictures, masks), pictures, masks);
  CHECK((complete(eyes(changed, masks), changed, masks) - logits).abs().max().item<double>() == 0);
  CHECK((eyes->whole(changed).features - eyes->whole(pictures).features).abs().max().item<double>() > 0);

  // Logits 0: log 2 for each hidden pixel; no gradient where nothing is hidden.
  auto zero = torch::zeros_like(pictures).requires_grad_(true);
  const auto loss = completion_loss(zero, pictures, masks);
  CHECK(loss.item<double>() == Approx(14 * 28 * std::log(2)).epsilon(1e-5));
  loss.backward();
  CHECK((zero.grad() * (1 - masks)).abs().max().item<double>() == 0);
  CHECK((zero.grad() * masks).abs().sum().item<double>() > 0);
}

TEST_CASE("vae_inpainting: patches lie in the picture, apart, and where the answer says") {
  std::vector<int> seen(8);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    random_stream random{9, {i}};
    const patch_pair p = draw_patch_pair(28, 28, random);
    for (const int corner : {p.centre_y, p.centre_x, p.other_y, p.other_x}) REQUIRE((corner >= 0 && corner <= 20));
    REQUIRE((std::abs(p.centre_y - p.other_y) >= patch_pair::side || std::abs(p.centre_x - p.other_x) >= patch_pair::side));
    const auto direction = [](int from, int to) { return to - from >= 8 ? 1 : to - from <= -8 ? -1 : 0; };
    const int cell = 3 * (direction(p.centre_y, p.other_y) + 1) + direction(p.centre_x, p.other_x) + 1;
    REQUIRE(cell != 4);
    REQUIRE(p.answer == (cell < 4 ? cell : cell - 1));
    ++seen[static_cast<std::size_t>(p.answer)];
  }
  for (const int times : seen) CHECK(times > 150);

  const auto pictures = torch::arange(2 * 28 * 28).to(torch::kFloat32).view({2, 1, 28, 28});
  const patch_batch cut = cut_patches(pictures, {{10, 9, 0, 20, 2}, {10, 10, 19, 1, 5}});
  CHECK(cut.centre[0][0][0][0].item<float>() == 10 * 28 + 9);
  CHECK(cut.other[0][0][7][7].item<float>() == 7 * 28 + 27);
  CHECK(cut.other[1][0][0][0].item<float>() == 784 + 19 * 28 + 1);
  CHECK(cut.answers[1].item<int>() == 5);
}

TEST_CASE("vae_inpainting: a VAE begins with the encoder it is given, and all variants with the same decoder") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 60, 20);
  const image_dataset data = load_fashion_mnist(folder.path());
  training_settings how;
  how.widths = tiny;
  how.batch = 20;
  how.pretext_epochs = 1;
  how.run.epochs = 0;
  how.run.checkpoint = folder / "state";
  trainer teach(how, data, 4);
  const auto inpainting = teach.complete_halves();
  const auto plain = teach.variational({"plain", "plain", nullptr, false, false});
  const auto fused = teach.variational({"fused", "fused", &inpainting->networks, true, false});
  const auto same = [](const torch::nn::Module& a, const torch::nn::Module& b) {
    const auto of_a = a.parameters(), of_b = b.parameters();
    for (std::size_t p = 0; p < of_a.size(); ++p)
      if (!of_a[p].equal(of_b[p])) return false;
    return true;
  };
  CHECK(same(*fused->networks.eyes, *inpainting->networks.eyes));
  CHECK(same(*fused->networks.complete, *inpainting->networks.complete));
  CHECK(same(*fused->networks.decode, *plain->networks.decode));
  CHECK(same(*fused->networks.code, *plain->networks.code));
  CHECK_FALSE(same(*plain->networks.eyes, *inpainting->networks.eyes));
}

TEST_CASE("vae_inpainting: what fills the hidden halves is measured there alone") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 40, 20);
  const image_dataset data = load_fashion_mnist(folder.path());
  // 0.5 everywhere: the error is that of the hidden pixels.
  const completion_quality flat =
      measure_completion(data.test, [](const torch::Tensor& p, const torch::Tensor&) { return torch::zeros_like(p); });
  double expected = 0;
  for (std::size_t i = 0; i < data.test.size(); ++i)
    for (int y = 0; y < 28; ++y)
      for (int x = 0; x < 28; ++x) {
        const bool hidden = i % 4 == 0 ? x < 14 : i % 4 == 1 ? x >= 14 : i % 4 == 2 ? y < 14 : y >= 14;
        const double away = data.test.picture(i)[y * 28 + x] / 255.0 - 0.5;
        if (hidden) expected += away * away / (14 * 28) / 20;
      }
  CHECK(flat.mean_squared_error == Approx(expected).epsilon(1e-5));
  CHECK(flat.log_likelihood == Approx(-14 * 28 * std::log(2)).epsilon(1e-5));
  const completion_quality mean = measure_mean_picture(data);
  CHECK(mean.mean_squared_error < flat.mean_squared_error);
  CHECK(mean.log_likelihood > flat.log_likelihood);
}
