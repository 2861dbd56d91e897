// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// SimCLR with a convolutional encoder: trains on pictures without their labels and says what its features are worth.
#include "torch_common/processes.hpp"
#include "torch_common/view_learning.hpp"

namespace examples {
namespace {

/// 0, or 130 where Ctrl-C ended the training.
int run(int argc, char** argv) {
  CLI::App app{
      "Trains a convolutional encoder by a contrastive loss on augmented views of the same pictures (SimCLR) and compares\n"
      "its features with raw pixels, the untrained encoder and the same encoder trained with labels: nearest neighbours,\n"
      "linear probe, pictures, curves."};
  view_learning_options how;
  how.run.output = "out/simclr";
  how.run.epochs = 7;
  add_view_learning_options(app, how);
  app.add_option("--chunk", how.chunk, "views that go through the network at once, for large batches; 0: all of a step")
      ->check(CLI::Range(0, 1000000));
  start_view_learning(app, argc, argv, how);

  thread_team team(how.run.threads);
  const image_dataset data = load_dataset(how.dataset, how.run.data, team);
  how.encoder.channels = data.train.channels;
  const std::string together = how.run.together ? ", " + std::to_string(how.run.together->size()) + " processes of" : ",";
  const std::string chunks = how.chunk == 0 ? "" : ", chunks of " + std::to_string(how.chunk);
  std::printf("%s: %zu training and %zu test pictures of %d x %d, %zu classes; %s, %d views%s%s %d threads\n",
              known_dataset(how.dataset).title.c_str(), data.train.size(), data.test.size(), data.train.height,
              data.train.width, data.class_names.size(), how.objective.loss.c_str(), how.views, chunks.c_str(),
              together.c_str(), how.run.threads);

  simclr_run training(how, "simclr", "training", data, team);
  if (!training.train()) return 130;
  std::vector<trained_encoder> trained;
  std::unique_ptr<simclr_run> with_labels;
  if (how.supervised == "on") {
    with_labels = supervised_run(how, "simclr", data, team);
    if (!with_labels->train()) return 130;
    trained.push_back({"trained with labels", with_labels->network(), with_labels->loop()});
  }
  trained.push_back({"trained by " + how.objective.loss, training.network(), training.loop()});
  const std::string epochs = std::to_string(how.run.epochs) + (how.run.epochs == 1 ? " epoch" : " epochs");
  report_on(how, known_dataset(how.dataset).title + " by SimCLR, " + how.objective.loss + ", " + epochs, data, team, trained);
  return 0;
}

}  // namespace
}  // namespace examples

int main(int argc, char** argv) {
  return examples::guarded_main("simclr", [&] { return examples::run(argc, argv); });
}
