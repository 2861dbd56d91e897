// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// SimCLR with an encoder on Eigen alone: trains on Fashion-MNIST and says what its embeddings are worth.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "common/file.hpp"
#include "common/image_dataset.hpp"
#include "common/interrupt.hpp"
#include "common/report.hpp"
#include "simclr_mlp/trainer.hpp"

namespace examples {
namespace {

struct settings {
  std::string data = "/usr/share/datasets/fashion-mnist", output = "out/simclr_mlp";
  int threads = 0;
  training_settings training;
};

/// The settings of the command line; leaves the program where it asks for help or is wrong.
settings read_command_line(int argc, char** argv) {
  settings s;
  std::vector<std::string> losses;
  for (const auto& name : objective::known()) losses.push_back(name);
  CLI::App app{
      "Trains an MLP encoder on the pictures of Fashion-MNIST by a contrastive loss and compares its\n"
      "features with raw pixels and with the untrained encoder: nearest neighbours, linear probe, pictures."};
  app.option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", s.data, "folder with the four IDX files of Fashion-MNIST")->type_name("DIR");
  app.add_option("--output", s.output, "folder for the pictures and the table")->type_name("DIR");
  app.add_option("--loss", s.training.loss, "sup_con, sincere and conditional_contrastive learn from the labels too")
      ->check(CLI::IsMember(losses));
  app.add_option("--temperature", s.training.temperature, "of the loss")->check(CLI::Range(1e-4, 1e4));
  app.add_option("--epochs", s.training.epochs, "rounds over the training pictures")->check(CLI::Range(0, 100000));
  app.add_option("--batch", s.training.batch, "pictures a step, each in two views")->check(CLI::Range(2, 60000));
  app.add_option("--chunk", s.training.chunk, "views that the network sees at once, for large batches; 0: all of a step")
      ->check(CLI::Range(0, 60000));
  app.add_option("--learning-rate", s.training.learning_rate, "of Adam, at its highest")->check(CLI::Range(1e-9, 10.0));
  app.add_option("--seed", s.training.seed, "another seed is another run; the same one gives the same numbers");
  app.add_option("--threads", s.threads, "0: as many as the machine has; the numbers do not depend on it")
      ->check(CLI::Range(0, 1024));
  app.add_option("--checkpoint", s.training.checkpoint, "file to go on from, written after each epoch and on Ctrl-C")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return s;
}

matrix encode(perceptron<float>& encoder, thread_team& team, const matrix& pixels) {
  constexpr index block = 2000;
  matrix features(pixels.rows(), simclr_network::features), x;
  for (index first = 0; first < pixels.rows(); first += block) {
    x = pixels.middleRows(first, std::min(block, pixels.rows() - first));
    features.middleRows(first, x.rows()) = encoder.forward(team, x, false);
  }
  return features;
}

/// 0, or 130 where Ctrl-C ended the training.
int run(const settings& s) {
  prepare_folder(s.output);  // better now than after the training
  thread_team team(s.threads);
  const image_dataset data = load_fashion_mnist(s.data);
  const std::string chunks = s.training.chunk == 0 ? "" : ", chunks of " + std::to_string(s.training.chunk);
  std::printf("%zu training and %zu test pictures of %d x %d from %s; %s%s, %d threads\n", data.train.size(), data.test.size(),
              data.train.height, data.train.width, s.data.c_str(), s.training.loss.c_str(), chunks.c_str(), team.size());

  trainer training(s.training, data, team);
  const auto trained_to_the_end = [&] {
    const interrupt_watch ctrl_c;
    return training.run([&] { return ctrl_c.interrupted(); });
  };
  if (!trained_to_the_end()) {
    if (s.training.checkpoint.empty())
      std::printf("stopped; nothing was kept, there is no --checkpoint\n");
    else
      std::printf("stopped; the same command goes on from %s\n", s.training.checkpoint.c_str());
    return 130;
  }

  report results(data, team, s.training.seed);
  const matrix train = pixel_rows(data.train), test = pixel_rows(data.test);
  simclr_network untrained(train.cols(), s.training.seed);
  results.measure("raw pixels", train, test);
  results.measure("untrained encoder", encode(untrained.encoder, team, train), encode(untrained.encoder, team, test));
  results.measure("trained encoder", encode(training.encoder(), team, train), encode(training.encoder(), team, test));
  const std::string epochs = std::to_string(s.training.epochs) + (s.training.epochs == 1 ? " epoch" : " epochs");
  const std::string title = "Fashion-MNIST by an MLP trained with " + s.training.loss + ", " + epochs,
                    curves = (std::filesystem::path(s.output) / "curves.svg").string();
  results.write(s.output, title);
  write_line_chart_svg(curves, title, "epoch", training.curves());
  std::printf("curves              %s\n", curves.c_str());
  return 0;
}

}  // namespace
}  // namespace examples

int main(int argc, char** argv) {
  const auto s = examples::read_command_line(argc, argv);
  try {
    return examples::run(s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "simclr_mlp: %s\n", error.what());
    return 1;
  }
}
