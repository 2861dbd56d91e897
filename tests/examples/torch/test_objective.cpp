// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The losses by name against the same sums in libtorch's words, and what they refuse; views and encoder depend on the seed
// alone.
#include "torch_common/objective.hpp"

#include <map>

#include "common/random_stream.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"
#include "torch_common/view_learning.hpp"

using namespace examples;
using example_tests::contains;
using example_tests::words_of;

namespace {

constexpr double tau = 0.2;
constexpr std::int64_t n = 12, d = 8;

torch::Tensor rows(std::int64_t count, std::uint64_t seed) {
  torch::manual_seed(seed);
  return torch::randn({count, d});
}
torch::Tensor logits(const torch::Tensor& a, const torch::Tensor& b) {
  const auto unit = [](const torch::Tensor& z) { return z / z.norm(2, 1, true); };
  return unit(a).mm(unit(b).t()) / tau;
}
/// The mean over rows of log Σ_j w_ij e^(s_ij) - the mean of s_ij over the positives.
torch::Tensor contrast(const torch::Tensor& s, const torch::Tensor& weights, const torch::Tensor& positives) {
  return (torch::logsumexp(s + weights.log(), 1) - (s * positives).sum(1) / positives.sum(1)).mean();
}
torch::Tensor off_diagonal(std::int64_t m) { return 1 - torch::eye(m); }

struct batch {
  torch::Tensor a = rows(n, 1).requires_grad_(), b = rows(n, 2).requires_grad_(), c = rows(n, 3).requires_grad_();
  torch::Tensor labels = torch::arange(n).remainder(3);
  torch::Tensor changes = rows(n, 4).slice(1, 0, 3).contiguous();
  earlier_rows earlier{rows(20, 5), torch::arange(20).remainder(4), rows(20, 6).slice(1, 0, 3).contiguous()};

  torch::Tensor loss(const std::string& name, bool three = false, bool queue = false) const {
    const objective of({.loss = name, .temperature = tau, .prior_scale = 0.7}, 4, d, 9);
    std::vector<torch::Tensor> z = {a, b};
    if (three) z.push_back(c);
    return of({z, labels, changes}, queue ? earlier : earlier_rows{});
  }
};

/// Values and gradients of both.
void check_same(const torch::Tensor& ours, const torch::Tensor& expected, const torch::Tensor& by) {
  CHECK(std::abs(ours.item<float>() - expected.item<float>()) < 1e-5F);
  const auto mine = torch::autograd::grad({ours}, {by}, {}, true)[0];
  const auto theirs = torch::autograd::grad({expected}, {by}, {}, true)[0];
  CHECK(theirs.abs().max().item<float>() > 1e-4F);
  CHECK((mine - theirs).abs().max().item<float>() < 1e-5F);
}

torch::Tensor same(const torch::Tensor& one, const torch::Tensor& other) {
  return (one.unsqueeze(1) == other.unsqueeze(0)).to(torch::kFloat32);
}

}  // namespace

TEST_CASE("objective: losses of two or more views are the sums they say") {
  const batch of;
  for (const bool three : {false, true}) {
    const auto z = three ? torch::cat({of.a, of.b, of.c}) : torch::cat({of.a, of.b});
    const std::int64_t m = z.size(0);
    const auto sample = torch::arange(n).repeat({m / n}), labels = of.labels.repeat({m / n});
    check_same(of.loss("nt_xent", three), contrast(logits(z, z), off_diagonal(m), same(sample, sample) - torch::eye(m)), of.a);
    const auto s = logits(z, z), other = 1 - same(sample, sample), paired = same(sample, sample) - torch::eye(m);
    check_same(of.loss("decoupled", three), contrast(s, other, paired), of.a);
    const auto foreign = torch::logsumexp(s + (1 - same(labels, labels)).log(), 1, true);
    const auto peers = same(labels, labels) - torch::eye(m);
    check_same(of.loss("sincere", three), ((torch::logaddexp(foreign, s) - s) * peers / peers.sum(1, true)).sum(1).mean(),
               of.b);
    check_same(of.loss("sup_con", three), contrast(logits(z, z), off_diagonal(m), same(labels, labels) - torch::eye(m)), of.b);
  }
  const auto z = torch::cat({of.a, of.b}), labels = of.labels.repeat({2});
  const objective proxied({.loss = "conditional_contrastive", .temperature = tau}, 3, d, 9);
  const auto to_proxy = (logits(z, proxied.proxies()) * torch::one_hot(labels, 3)).sum(1, true);
  const auto all = torch::cat({to_proxy, logits(z, z)}, 1), ones = torch::ones({2 * n, 1});
  const auto expected = (torch::logsumexp(all + torch::cat({ones, off_diagonal(2 * n)}, 1).log(), 1) -
                         torch::logsumexp(all + torch::cat({ones, same(labels, labels) - torch::eye(2 * n)}, 1).log(), 1))
                            .mean();
  check_same(proxied({{of.a, of.b}, of.labels, of.changes}), expected, of.a);
  check_same(proxied({{of.a, of.b}, of.labels, of.changes}), expected, proxied.proxies());
}

TEST_CASE("objective: hard negatives and pairs by themselves") {
  const batch of;
  const auto s = logits(of.a, of.b);
  // Each pair by itself; a match at cosine 1 has the logit 0.
  const auto x = s - 1 / tau, eye = torch::eye(n);
  check_same(of.loss("siglip"), (torch::softplus(x) * (1 - eye) + torch::softplus(-x) * eye).sum(1).mean(), of.b);
  // β = 1, τ⁺ = 0.1 and m = 2n - 2 negatives.
  const auto z = torch::cat({of.a, of.b}), all = logits(z, z), sample = torch::arange(n).repeat({2});
  const auto other = 1 - same(sample, sample);
  const double m = 2 * n - 2;
  const auto positive = torch::cat({s.diag(), s.diag()});
  const auto h = m * ((2 * all).exp() * other).sum(1) / (all.exp() * other).sum(1);
  const auto g = ((h - 0.1 * m * positive.exp()) / 0.9).clamp_min(m * std::exp(-1 / tau));
  check_same(of.loss("hard_negative"), (torch::log(positive.exp() + g) - positive).mean(), of.a);
}

TEST_CASE("objective: losses of queries and keys, with earlier rows and without") {
  const batch of;
  const auto eye = torch::eye(n), s = logits(of.a, of.b);
  check_same(of.loss("clip"), (contrast(s, torch::ones({n, n}), eye) + contrast(s.t(), torch::ones({n, n}), eye)) / 2, of.b);
  const auto distances = [](const torch::Tensor& x, const torch::Tensor& y) {
    return (x.unsqueeze(1) - y.unsqueeze(0)).pow(2).sum(2);
  };
  for (const bool queue : {false, true}) {
    const auto wide = queue ? torch::cat({s, logits(of.a, of.earlier.z)}, 1) : s;
    const auto positives = queue ? torch::cat({eye, torch::zeros({n, 20})}, 1) : eye;
    check_same(of.loss("info_nce", false, queue), contrast(wide, torch::ones_like(wide), positives), of.a);
    auto weights = -torch::expm1(-distances(of.changes, of.changes) / 0.7);
    if (queue) weights = torch::cat({weights, -torch::expm1(-distances(of.changes, of.earlier.changes) / 0.7)}, 1);
    weights = weights / weights.sum(1, true) * static_cast<double>(weights.size(1) - 1) + positives;
    check_same(of.loss("weighted_info_nce", false, queue), contrast(wide, weights, positives), of.a);
  }
  const auto z = torch::cat({of.a, of.b, of.earlier.z}), labels = torch::cat({of.labels, of.labels, of.earlier.labels});
  check_same(of.loss("sup_con", false, true),
             contrast(logits(z, z), off_diagonal(2 * n + 20), same(labels, labels) - torch::eye(2 * n + 20)), of.a);
}

TEST_CASE("objective: two views where two are wanted, and names that exist") {
  const batch of;
  for (const auto& name : objective::known()) {
    INFO(name);
    if (objective::takes_many_views(name))
      CHECK(of.loss(name, true).item<float>() > 0);
    else
      CHECK(contains(words_of([&] { of.loss(name, true); }), name + " takes two views, got 3"));
    if (!objective::sees_earlier_rows(name)) CHECK(of.loss(name).item<float>() == of.loss(name, false, true).item<float>());
  }
  CHECK(contains(words_of([&] { of.loss("none"); }), "unknown loss none"));
}

TEST_CASE("views of a step: the same for any number of threads, other ones each epoch, labels and changes in their rows") {
  image_set images;
  images.channels = 3, images.height = images.width = 8;
  random_stream random{1};
  for (int i = 0; i < 50; ++i) {
    images.labels.push_back(i % 7);
    // The picture says its number: green of every pixel is 5 i.
    for (std::size_t p = 0; p < 3 * 64; ++p)
      images.pixels.push_back(static_cast<std::uint8_t>(p / 64 == 1 ? 5 * i : static_cast<int>(random.below(256))));
  }
  view_learning_options how;
  how.batch = 16, how.views = 3;
  how.range = {.smallest_crop = 0.5F, .largest_crop = 1, .brightness = 0, .largest_noise = 0, .rotation = 0};
  thread_team one(1), three(3);
  view_maker alone(images, how, one), together(images, how, three);
  REQUIRE(alone.steps_per_epoch() == 3);
  const auto made = alone.make(1, 2), again = together.make(1, 2), other = alone.make(2, 2);
  REQUIRE(made.pictures.size() == 3);
  CHECK(made.pictures[0].sizes() == torch::IntArrayRef({16, 3, 8, 8}));
  for (std::size_t v = 0; v < 3; ++v) CHECK(torch::equal(made.pictures[v], again.pictures[v]));
  CHECK_FALSE(torch::equal(made.pictures[0], made.pictures[1]));
  CHECK_FALSE(torch::equal(made.pictures[0], other.pictures[0]));
  CHECK(torch::equal(made.changes, again.changes));
  for (std::int64_t i = 0; i < 16; ++i)
    for (std::size_t v = 0; v < 3; ++v) {
      const float green = made.pictures[v][i][1][3][3].item<float>();
      CHECK(static_cast<int>(std::lround(green * 255 / 5)) % 7 == made.labels[i].item<std::int64_t>());
    }
  how.batch = 51;
  CHECK(contains(words_of([&] { view_maker(images, how, one); }), "--batch 51 is more than the 50 training pictures"));
}

TEST_CASE("embedding network: its shapes, the same weights from the same seed") {
  const encoder_shape shape{.channels = 3, .width = 4, .hidden = 10, .embedding = 6};
  embedding_network first(shape, 1), second(shape, 1), third(shape, 2);
  for (const std::int64_t side : {28, 32}) {
    const auto x = torch::rand({5, 3, side, side});
    CHECK(first->features(x).sizes() == torch::IntArrayRef({5, 64}));
    CHECK(first->forward(x).sizes() == torch::IntArrayRef({5, 6}));
    CHECK(torch::equal(first->features(x), second->features(x)));
    CHECK_FALSE(torch::equal(first->features(x), third->features(x)));
  }
}

TEST_CASE("learner: the rate rises over an epoch and falls by its decay, both optimisers go downhill") {
  for (const std::string optimizer : {"adam", "sgd"}) {
    view_learning_options how;
    how.optimizer = optimizer;
    how.learning_rate = 0.1;
    how.decay = 0.5;
    torch::Tensor x = torch::ones({3}).requires_grad_();
    learner learning({x}, how);
    const auto rate_at = [&](double epochs) {
      learning.step((x * x).sum(), epochs);
      return learning.optimizer().param_groups()[0].options().get_lr();
    };
    CHECK(std::abs(rate_at(0.25) - 0.025) < 1e-9);
    CHECK(std::abs(rate_at(1) - 0.1) < 1e-9);
    CHECK(std::abs(rate_at(3) - 0.025) < 1e-9);
    CHECK(x.abs().max().item<float>() < 1);
  }
}
