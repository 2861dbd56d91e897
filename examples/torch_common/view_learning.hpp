// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What simclr and moco have in common: options, views, learning rate, the steps of SimCLR and the report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/augmentation.hpp"
#include "common/datasets.hpp"
#include "common/report.hpp"
#include "torch_common/encoder.hpp"
#include "torch_common/objective.hpp"
#include "torch_common/training_loop.hpp"

namespace examples {

struct view_learning_options {
  run_options run;
  std::string dataset = "fashion-mnist", optimizer = "adam", supervised = "on";
  objective_settings objective;
  encoder_shape encoder;
  int batch = 256, views = 2;
  int chunk = 0;              ///< views that go through the network at once; 0: all of a step
  int supervised_epochs = 0;  ///< 0: as many as the run has
  double learning_rate = 0;   ///< at its highest; 0: 2e-3 for Adam, 0.1 for SGD
  double decay = 0.8;         ///< of the learning rate, an epoch
  view_range range;           ///< by data set, where the command line does not say otherwise
};

/// Adds them all, those of the run included.
void add_view_learning_options(CLI::App& app, view_learning_options& how);

/// Parses, sets what depends on other options, and starts the run. Throws std::runtime_error for options that do not fit each
/// other.
void start_view_learning(CLI::App& app, int argc, char** argv, view_learning_options& how);

/// V views of n pictures.
struct made_views {
  std::vector<torch::Tensor> pictures;  // V of (n, channels, height, width)
  torch::Tensor labels;                 // (n) int64
  torch::Tensor changes;                // (n, 3): width of the window, brightness and noise of the second views, of like spread
};

/// The views of each step. They depend on the seed, the epoch and the step alone, not on threads.
class view_maker {
 public:
  /// Refers to the pictures and threads. Of processes that train together each makes its part of the batch: as many pictures,
  /// and together the same as one process alone. Throws std::runtime_error where there are fewer pictures than --batch.
  view_maker(const image_set& images, const view_learning_options& how, thread_team& team);
  std::uint64_t steps_per_epoch() const { return steps_per_epoch_; }
  made_views make(std::uint64_t epoch, std::uint64_t step);

 private:
  const image_set& images_;
  const view_learning_options& how_;
  thread_team& team_;
  std::uint64_t steps_per_epoch_, epoch_of_order_ = 0;
  std::vector<std::size_t> order_;
};

/// All that a loss trains: the network, and what the loss itself learns.
std::vector<torch::Tensor> parameters_of(embedding_network& network, const objective& loss);

/// Adam with decoupled weight decay, or SGD with momentum 0.9. The rate rises over the first epoch and then falls by `decay` an
/// epoch: it depends on the epochs done alone, so that a run that is lengthened later is the same as one that was long from the
/// start.
class learner {
 public:
  learner(const std::vector<torch::Tensor>& parameters, const view_learning_options& how);
  torch::optim::Optimizer& optimizer() { return *optimizer_; }
  /// A step at `epochs` done, the present step included, down the gradient of the loss; returns its value.
  double step(const torch::Tensor& loss, double epochs);
  /// The same where `backward` computes gradients and loss together.
  double step(const std::function<torch::Tensor()>& backward, double epochs);

 private:
  std::vector<torch::Tensor> parameters_;
  std::shared_ptr<processes> together_;
  std::uint64_t steps_ = 0;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  double highest_rate_, decay_;
};

/// What the checkpoint must agree in.
std::map<std::string, std::string> settings_of(const view_learning_options& how, const image_set& images);

/// After each epoch, on the first test pictures: the 10 nearest neighbours' accuracy of the features among some training
/// pictures, and what needs no labels, the alignment of the embeddings of two views and the uniformity of those of the first
/// views (contrastive/metrics.hpp).
std::function<measurements(std::uint64_t)> test_watch(embedding_network& network, const image_dataset& data,
                                                      const view_learning_options& how, thread_team& team);

/// The features of all pictures.
matrix features_of(embedding_network& network, const image_set& images);

/// A run of SimCLR: all views go through the network, in one batch or in chunks, and all get a gradient.
class simclr_run {
 public:
  /// `stage` names the run on the screen and in its checkpoint.
  simclr_run(const view_learning_options& how, const std::string& program, const std::string& stage, const image_dataset& data,
             thread_team& team);
  /// The members hold references to each other.
  simclr_run(const simclr_run&) = delete;
  simclr_run& operator=(const simclr_run&) = delete;
  /// False where Ctrl-C ended it.
  bool train();
  embedding_network& network() { return network_; }
  const training_loop& loop() const { return loop_; }

 private:
  training_loop make_loop(const std::string& program, const std::string& stage);

  view_learning_options how_;
  const image_dataset& data_;
  thread_team& team_;
  view_maker views_;
  embedding_network network_;
  objective loss_;
  learner learner_;
  training_loop loop_;
};

/// One trained network and how it got there.
struct trained_encoder {
  std::string name;
  embedding_network network;
  const training_loop& loop;
};

/// The same encoder trained with labels, by sup_con on two views; its checkpoint has "-supervised" behind the name.
std::unique_ptr<simclr_run> supervised_run(const view_learning_options& how, const std::string& program,
                                           const image_dataset& data, thread_team& team);

/// By the first of processes that train together: raw pixels, an untrained encoder and the trained ones, the last of which is
/// drawn: metrics.csv, neighbours.png, embeddings.svg and curves.svg in the output folder.
void report_on(const view_learning_options& how, const std::string& title, const image_dataset& data, thread_team& team,
               const std::vector<trained_encoder>& trained);

}  // namespace examples
