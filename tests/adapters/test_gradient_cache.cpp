// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// backward_in_chunks: the loss and the gradients of one plain backward(), for every chunk size, with random numbers drawn again
// as they were; and refusals in words.
#include <torch/torch.h>

// The cache first, as it does without the losses.
#include <contrastive/adapters/gradient_cache.hpp>
#include <contrastive/adapters/torch.hpp>

// After libtorch, which brings glog's CHECK.
#include "support/catch.hpp"

using contrastive::backward_in_chunks;
using contrastive::tower;
using torch::Tensor;
namespace nn = torch::nn;

namespace {

using embeddings = std::vector<Tensor>;
const auto float64 = torch::TensorOptions().dtype(torch::kFloat64);
constexpr std::int64_t n = 23;

Tensor nt_xent(const embeddings& z) { return contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.4}, z); }

nn::Sequential network(const nn::AnyModule& middle, std::int64_t inputs = 9) {
  torch::manual_seed(5);
  nn::Sequential layers(nn::Linear(inputs, 8), middle, nn::Tanh(), nn::Linear(8, 6));
  layers->to(torch::kFloat64);
  return layers;
}

std::vector<Tensor> views(std::int64_t how_many = 2) {
  torch::manual_seed(6);
  std::vector<Tensor> all;
  for (std::int64_t v = 0; v < how_many; ++v) all.push_back(torch::randn({n, 9}, float64));
  return all;
}

/// What is left of a step: the loss, .grad of everything, and the next random number.
struct outcome {
  Tensor loss;
  std::vector<Tensor> gradients;
  double next_random;
};

template <class Step>
outcome after(const std::vector<Tensor>& parameters, const Step& step) {
  for (const Tensor& p : parameters) p.mutable_grad() = Tensor();
  torch::manual_seed(7);
  outcome out{step().detach(), {}, torch::rand({1}, float64).item<double>()};
  for (const Tensor& p : parameters) out.gradients.push_back(p.grad().defined() ? p.grad().clone() : Tensor());
  return out;
}

/// The chunks' graphs side by side, joined, and one backward(): with all rows in a chunk a plain step.
template <class Loss>
Tensor joined_step(const Loss& loss, std::vector<tower> towers, std::int64_t chunk) {
  embeddings z;
  for (tower& one : towers) {
    std::vector<Tensor> parts;
    for (const Tensor& x : one.inputs.split(chunk)) parts.push_back(one.encoder(x));
    z.push_back(torch::cat(parts));
  }
  const Tensor value = loss(z);
  value.backward();
  return value;
}

template <class Loss>
Tensor joined_step(const Loss& loss, nn::Sequential encoder, const std::vector<Tensor>& inputs, std::int64_t chunk) {
  std::vector<tower> towers;
  for (const Tensor& x : inputs) towers.push_back({encoder, x});
  return joined_step(loss, towers, chunk);
}

void check_same(const outcome& ours, const outcome& expected, double bound = 1e-12) {
  CHECK(std::abs(ours.loss.item<double>() - expected.loss.item<double>()) <= bound);
  CHECK_FALSE(ours.loss.requires_grad());
  CHECK(ours.next_random == expected.next_random);
  REQUIRE(ours.gradients.size() == expected.gradients.size());
  for (std::size_t p = 0; p < ours.gradients.size(); ++p) {
    INFO("parameter " << p);
    REQUIRE(ours.gradients[p].defined() == expected.gradients[p].defined());
    if (!ours.gradients[p].defined()) continue;
    const double largest = expected.gradients[p].abs().max().item<double>();
    CHECK((ours.gradients[p] - expected.gradients[p]).abs().max().item<double>() <= bound * (1 + largest));
  }
}

template <class F>
std::string refused(const F& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("gradient cache: with rows that do not see each other a plain step's loss and gradients, for every chunk size") {
  nn::Sequential encoder = network(nn::AnyModule(nn::GroupNorm(nn::GroupNormOptions(4, 8))));
  std::vector<Tensor> learned = encoder->parameters();
  learned.push_back(torch::scalar_tensor(0.3, float64).requires_grad_(true));
  const auto loss = [tau = learned.back()](const embeddings& z) {
    return contrastive::torch_loss(contrastive::nt_xent{}, contrastive::learned_temperature(tau), z);
  };
  for (const std::int64_t how_many : {2, 3}) {
    const std::vector<Tensor> x = views(how_many);
    const outcome plain = after(learned, [&] { return joined_step(loss, encoder, x, n); });
    CHECK(plain.gradients.back().abs().item<double>() > 1e-3);
    for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{7}, n, 10 * n}) {
      INFO(how_many << " views, chunks of " << chunk);
      check_same(after(learned, [&] { return backward_in_chunks(loss, encoder, x, chunk); }), plain);
    }
  }
}

TEST_CASE("gradient cache: dropout draws in a chunk's second run what it drew in the first, whatever the loss drew between") {
  nn::Sequential encoder = network(nn::AnyModule(nn::Dropout(0.4)));
  encoder->push_back(nn::Dropout(0.2));
  const std::vector<Tensor> x = views();
  const auto loss = [](const embeddings& z) { return nt_xent(z) + 0.1 * (z[0] * torch::randn_like(z[0])).sum(); };
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{7}, n}) {
    INFO("chunks of " << chunk);
    const outcome expected = after(encoder->parameters(), [&] { return joined_step(loss, encoder, x, chunk); });
    check_same(after(encoder->parameters(), [&] { return backward_in_chunks(loss, encoder, x, chunk); }), expected);
  }
}

TEST_CASE("gradient cache: batch norm takes a chunk's statistics, and a chunk of all rows those of the batch") {
  nn::Sequential encoder = network(nn::AnyModule(nn::BatchNorm1d(8)));
  const std::vector<Tensor> x = views();
  const auto in_chunks = [&](std::int64_t chunk) {
    return after(encoder->parameters(), [&] { return backward_in_chunks(nt_xent, encoder, x, chunk); });
  };
  const auto joined = [&](std::int64_t chunk) {
    return after(encoder->parameters(), [&] { return joined_step(nt_xent, encoder, x, chunk); });
  };
  const outcome sevens = in_chunks(7), whole = in_chunks(n);
  check_same(sevens, joined(7));
  check_same(whole, joined(n));
  CHECK(std::abs(sevens.loss.item<double>() - whole.loss.item<double>()) > 1e-3);
  encoder->eval();  // the running averages are the same for all
  check_same(in_chunks(7), joined(n));
}

TEST_CASE("gradient cache: two towers of their own inputs, a queue, and a frozen tower") {
  nn::Sequential pictures = network(nn::AnyModule(nn::Dropout(0.3))), texts = network(nn::AnyModule(nn::Dropout(0.3)), 4);
  const Tensor x = views(1)[0], words = torch::randn({n, 4}, float64), queue = torch::randn({11, 6}, float64);
  std::vector<Tensor> learned = pictures->parameters();
  for (const Tensor& p : texts->parameters()) learned.push_back(p);
  const auto loss = [&](const embeddings& z) {
    return contrastive::torch_loss(contrastive::info_nce{.temperature = 0.3}, z[0], z[1], queue) +
           contrastive::torch_loss(contrastive::clip{.temperature = 0.5}, z);
  };
  for (const bool frozen : {false, true}) {
    for (const Tensor& p : texts->parameters()) p.set_requires_grad(!frozen);
    const outcome expected = after(learned, [&] { return joined_step(loss, {{pictures, x}, {texts, words}}, 5); });
    const outcome ours = after(learned, [&] { return backward_in_chunks(loss, {{pictures, x}, {texts, words}}, 5); });
    check_same(ours, expected);
    CHECK(ours.gradients.back().defined() != frozen);
  }
}

TEST_CASE("gradient cache: .grad is added to, inputs that are leaves get theirs, and a tower the loss leaves out gets none") {
  nn::Sequential encoder = network(nn::AnyModule(nn::Identity())), unused = network(nn::AnyModule(nn::Identity()));
  std::vector<Tensor> x = views();
  for (Tensor& view : x) view.requires_grad_(true);
  std::vector<Tensor> learned = encoder->parameters();
  learned.insert(learned.end(), x.begin(), x.end());
  for (const Tensor& p : unused->parameters()) learned.push_back(p);
  const auto loss = [](const embeddings& z) { return nt_xent({z[0], z[1]}); };
  const auto twice = [&](const auto& step) {
    return after(learned, [&] {
      step();
      return step();
    });
  };
  const std::vector<tower> towers = {{encoder, x[0]}, {encoder, x[1]}, {unused, torch::randn({n, 9}, float64)}};
  check_same(twice([&] { return backward_in_chunks(loss, towers, 7); }), twice([&] { return joined_step(loss, towers, n); }));
}

TEST_CASE("gradient cache: the encoder sees every row twice, never more than a chunk, the first time without a graph") {
  std::vector<std::pair<std::int64_t, bool>> calls;
  int losses = 0;
  nn::Linear inner(9, 6);
  inner->to(torch::kFloat64);
  const auto encoder = [&](const Tensor& x) {
    calls.emplace_back(x.size(0), torch::GradMode::is_enabled());
    return inner(x);
  };
  backward_in_chunks(
      [&](const embeddings& z) {
        ++losses;
        for (const Tensor& one : z) CHECK((one.is_leaf() && one.requires_grad() && one.size(0) == n));
        return nt_xent(z);
      },
      encoder, views(), 10);
  CHECK(losses == 1);
  std::vector<std::pair<std::int64_t, bool>> expected;
  for (const bool graph : {false, true})
    for (const std::int64_t rows : {10, 10, 3, 10, 10, 3}) expected.emplace_back(rows, graph);
  CHECK(calls == expected);
}

TEST_CASE("gradient cache: under autocast the gradients reach the weights, whose casts are kept between calls") {
  torch::manual_seed(8);
  nn::Linear encoder(9, 6);
  std::vector<Tensor> x = views();
  for (Tensor& view : x) view = view.to(torch::kFloat32);
  const auto cast = [&](const auto& step) {
    return after(encoder->parameters(), [&] {
      c10::impl::tls_set_dispatch_key_excluded(c10::DispatchKey::AutocastCPU, false);  // in the words of every version
      at::autocast::increment_nesting();
      const Tensor value = step();
      if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
      c10::impl::tls_set_dispatch_key_excluded(c10::DispatchKey::AutocastCPU, true);
      return value;
    });
  };
  const outcome expected = cast([&] {
    const Tensor value = nt_xent({encoder(x[0]), encoder(x[1])});
    value.backward();
    return value;
  });
  REQUIRE(expected.gradients[0].defined());
  check_same(cast([&] { return backward_in_chunks(nt_xent, encoder, x, 7); }), expected, 2e-2);  // sums of bfloat16
}

TEST_CASE("gradient cache: an error leaves the generator where it stood, and .grad as far as it had come") {
  struct failure {};
  nn::Sequential encoder = network(nn::AnyModule(nn::Dropout(0.3)));
  const std::vector<Tensor> x = views();
  int calls = 0, fail_at = 0;
  const auto failing = [&](const Tensor& rows) {
    const Tensor z = encoder->forward(rows);
    if (++calls == fail_at) throw failure{};
    return z;
  };
  const auto next_after = [&](int call, const auto& loss) {
    calls = 0, fail_at = call;
    return after(encoder->parameters(), [&] {
      CHECK_THROWS_AS(backward_in_chunks(loss, failing, x, 7), failure);
      return torch::zeros({1});
    });
  };
  // Eight calls, four a view, in each run.
  const auto random_after = [&](int encoded) {
    return after({},
                 [&] {
                   for (int c = 0; c < encoded; ++c) encoder->forward(x[0].narrow(0, 0, c % 4 == 3 ? 2 : 7));
                   return torch::zeros({1});
                 })
        .next_random;
  };
  const outcome first = next_after(3, nt_xent);
  CHECK(first.next_random == random_after(3));
  CHECK_FALSE(first.gradients[0].defined());
  const outcome in_loss = next_after(0, [](const embeddings&) -> Tensor { throw failure{}; });
  CHECK(in_loss.next_random == random_after(8));
  CHECK_FALSE(in_loss.gradients[0].defined());
  const outcome second = next_after(8 + 3, nt_xent);
  CHECK(second.next_random == random_after(8));
  CHECK(second.gradients[0].defined());
}

TEST_CASE("gradient cache: what does not fit is refused in words") {
  nn::Linear encoder(9, 6);
  encoder->to(torch::kFloat64);
  const std::vector<Tensor> x = views();
  const auto with_inputs = [&](const std::vector<Tensor>& inputs) {
    return refused([&] { backward_in_chunks(nt_xent, encoder, inputs, 7); });
  };
  const auto with_encoder = [&](const auto& one) { return refused([&] { backward_in_chunks(nt_xent, one, x, 7); }); };
  const auto with_loss = [&](const auto& loss) { return refused([&] { backward_in_chunks(loss, encoder, x, 7); }); };
  const std::string who = "contrastive: backward_in_chunks: ";

  for (const std::int64_t chunk : {0, -3})
    CHECK(refused([&] { backward_in_chunks(nt_xent, encoder, x, chunk); }) ==
          who + "the chunk size: expected at least 1, got " + std::to_string(chunk));
  CHECK(with_inputs({}) == who + "inputs: expected at least 1 tensor, got 0");
  CHECK(with_inputs({x[0], Tensor()}) == who + "inputs 2: expected a tensor, got an undefined one");
  CHECK(with_inputs({torch::zeros({0, 9}, float64)}) ==
        who + "inputs 1: expected a tensor (n, ...) of at least 1 row, got one of 0 rows");
  CHECK(with_inputs({torch::scalar_tensor(1.0)}) ==
        who + "inputs 1: expected a tensor (n, ...) of at least 1 row, got a scalar");
  CHECK(with_inputs({x[0], x[1].narrow(0, 0, 22)}) == who + "inputs 2: expected as many rows as inputs 1, 23, got 22");
  CHECK(with_inputs({x[0], x[1].clone().requires_grad_(true) * 2}) ==
        who +
            "inputs 2: expected a leaf or a tensor without a graph, got one with a graph, which the first chunk would use up");
  const std::string rows = who + "what the encoder returns: expected 7 rows of floating point numbers for as many inputs, got ";
  CHECK(with_encoder([](const Tensor& part) { return part.narrow(0, 0, 1); }) == rows + "1 rows of Double");
  CHECK(with_encoder([](const Tensor& part) { return part.to(torch::kInt32); }) == rows + "7 rows of Int");
  CHECK(with_encoder([](const Tensor& part) { return part.sum(); }) == rows + "a scalar of Double");
  CHECK(with_encoder([](const Tensor&) { return Tensor(); }) == rows + "an undefined tensor");
  CHECK(with_loss([](const embeddings&) { return Tensor(); }) ==
        who + "the loss: expected a tensor of one number, got an undefined tensor");
  CHECK(with_loss([](const embeddings& z) { return z[0].sum(1); }) ==
        who + "the loss: expected a tensor of one number, got 23 numbers");
  CHECK(with_loss([](const embeddings& z) { return z[0].detach().sum(); }) ==
        who + "the loss: expected a function of the embeddings, got a tensor without a graph");
  const torch::NoGradGuard off;
  CHECK(with_inputs(x) == who + "gradients: expected to be on, got NoGradGuard or inference mode");
}
