// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The loop of the trainers on libtorch: stopped and gone on is the same as straight through, generator, queue and optimiser
// included.
#include <csignal>
#include <filesystem>

#include "examples/temporary_folder.hpp"
#include "torch_common/tensors.hpp"
#include "torch_common/training_loop.hpp"
// After libtorch, which brings glog's CHECK.
#include "support/catch.hpp"

using namespace example_tests;
using examples::measurements;
using examples::training_loop;
using examples::training_plan;

namespace {

/// A small run with everything that has state: a network with batch norm, Adam, a tensor, a queue and random numbers.
struct small_run {
  torch::nn::Sequential network{torch::nn::Linear(3, 4), torch::nn::BatchNorm1d(4), torch::nn::Dropout(0.5),
                                torch::nn::Linear(4, 2)};
  torch::optim::Adam optimizer{network->parameters(), torch::optim::AdamOptions(0.01)};
  torch::Tensor moving = torch::zeros({2});
  contrastive::feature_queue<float> queue{5, 2};
  training_plan plan;

  small_run(const std::string& checkpoint, int epochs) {
    plan.program = "small";
    plan.steps_per_epoch = 4;
    plan.run.epochs = epochs;
    plan.run.checkpoint = checkpoint;
    plan.settings = {{"network", "3-4-2"}};
  }
  examples::saved_state state() {
    examples::saved_state all;
    all.add("network", *network);
    all.add("optimizer", optimizer);
    all.add("moving", moving);
    all.add("queue", queue);
    return all;
  }
  measurements step() {
    const torch::Tensor out = network->forward(torch::randn({6, 3}));
    const torch::Tensor loss =
        out.pow(2).mean() + 0.01 * torch::from_blob(const_cast<float*>(queue.features().data), {queue.size(), 2}).sum();
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    moving.mul_(0.9).add_(out.detach().mean(0), 0.1);
    const torch::Tensor rows = out.detach().contiguous();
    queue.push(contrastive::matrix_view<const float>{rows.data_ptr<float>(), 2, 2});
    return {{"loss", loss.item<double>()}};
  }
};

struct end {
  std::vector<std::pair<double, double>> losses, extra;
  torch::Tensor weights, moving;
};

end run(const std::string& checkpoint, int epochs, int stop_after = -1, std::uint64_t seed = 1) {
  torch::manual_seed(seed);
  small_run small(checkpoint, epochs);
  training_loop loop(small.plan, small.state());
  int steps = 0;
  loop.run(
      [&](std::uint64_t, std::uint64_t) {
        if (++steps == stop_after) std::raise(SIGINT);
        return small.step();
      },
      [](std::uint64_t epoch) {
        return measurements{{"extra", static_cast<double>(epoch) * torch::rand({1}).item<double>()}};
      });
  return {loop.curve("loss").points, loop.curve("extra").points, small.network->parameters()[0].detach().clone(),
          small.moving.clone()};
}

}  // namespace

TEST_CASE("training_loop: stopped within an epoch, or lengthened afterwards, a run ends as if it had gone straight through") {
  const temporary_folder folder;
  const end straight = run(folder / "straight", 5);
  REQUIRE(straight.losses.size() == 5);
  REQUIRE(straight.extra.size() == 6);
  run(folder / "stopped", 5, 10);
  const end stopped = run(folder / "stopped", 5, -1, 77);  // the generator comes from the checkpoint too
  run(folder / "lengthened", 2);
  const end lengthened = run(folder / "lengthened", 5, -1, 77);
  for (const end& other : {stopped, lengthened}) {
    CHECK(other.losses == straight.losses);
    CHECK(other.extra == straight.extra);
    CHECK(torch::equal(other.weights, straight.weights));
    CHECK(torch::equal(other.moving, straight.moving));
  }
}

TEST_CASE("training_loop: what was not measured when the checkpoint was written has a curve from there on") {
  const temporary_folder folder;
  for (const int epochs : {2, 4}) {
    small_run small(folder / "state", epochs);
    training_loop loop(small.plan, small.state());
    loop.run([&](auto, auto) { return small.step(); },
             [&](std::uint64_t epoch) {
               measurements all{{"old", 1}};
               if (epochs == 4) all.emplace_back("new", static_cast<double>(epoch));
               return all;
             });
    CHECK(loop.curve("old").points.size() == static_cast<std::size_t>(epochs) + 1);
    if (epochs == 4) CHECK(loop.curve("new").points == std::vector<std::pair<double, double>>{{3, 3}, {4, 4}});
  }
}

TEST_CASE(
    "training_loop: another run's checkpoint, a longer one, a damaged one and a loss that is no number are refused in words") {
  const temporary_folder folder;
  const std::string path = folder / "state";
  run(path, 3);
  CHECK(contains(words_of([&] { run(path, 2); }), "further on than --epochs: 3 of 2 epochs done"));
  small_run other(path, 3);
  other.plan.settings["network"] = "3-5-2";
  CHECK(contains(words_of([&] { training_loop(other.plan, other.state()).run([&](auto, auto) { return other.step(); }); }),
                 "network 3-4-2 (now 3-5-2)"));
  small_run wider(path, 3);
  wider.moving = torch::zeros({3});
  CHECK(contains(words_of([&] { training_loop(wider.plan, wider.state()).run([&](auto, auto) { return wider.step(); }); }),
                 "`moving` has another shape"));
  std::string bytes = examples::read_file(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  examples::write_file_atomically(path, bytes);
  CHECK(contains(words_of([&] { run(path, 3); }), "damaged checkpoint"));
  small_run wild(folder / "wild", 3);
  CHECK(contains(words_of([&] {
                   training_loop(wild.plan, wild.state()).run([](auto, auto) { return measurements{{"loss", std::nan("")}}; });
                 }),
                 "loss is not finite after 0 steps"));
  CHECK_THROWS(training_loop({.program = "small", .run = {}, .steps_per_epoch = 0, .settings = {}}, examples::saved_state()));
}

TEST_CASE("tensors: pictures go there and back, and a network's outputs do not depend on the blocks") {
  examples::picture image = examples::filled(3, 4, 5, 7);
  image.at(2, 3, 1) = 255;
  const torch::Tensor tensor = examples::to_tensor(image);
  CHECK(tensor.sizes() == torch::IntArrayRef({3, 4, 5}));
  CHECK(tensor[2][3][1].item<float>() == 1);
  CHECK(examples::to_picture(tensor).pixels == image.pixels);
  CHECK(examples::to_picture(tensor * 3 - 1).at(2, 3, 1) == 255);

  torch::nn::Sequential network(torch::nn::Flatten(), torch::nn::Linear(20, 3), torch::nn::Dropout(0.5));
  const torch::Tensor pictures = torch::randint(0, 256, {11, 1, 4, 5}, torch::kUInt8);
  const auto forward = [&](const torch::Tensor& x) { return network->forward(x); };
  const torch::Tensor whole = examples::outputs_of(*network, forward, pictures),
                      blocks = examples::outputs_of(*network, forward, pictures, 3);
  CHECK(torch::allclose(whole, blocks, 1e-5, 1e-6));  // BLAS may sum a block of other size in another order
  CHECK(network->is_training());
  CHECK(examples::to_matrix(whole)(2, 1) == whole[2][1].item<float>());
}
