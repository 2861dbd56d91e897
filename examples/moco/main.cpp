// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// MoCo: a slowly moving copy of the encoder makes the keys, and a queue keeps those of earlier batches as negatives.
#include <contrastive/adapters/torch.hpp>

#include "torch_common/momentum.hpp"
#include "torch_common/processes.hpp"
#include "torch_common/view_learning.hpp"

namespace examples {
namespace {

struct moco_options {
  std::int64_t queue = 4096;
  double momentum = 0.99;
  int key_groups = 2;
};

torch::Tensor tensor_of(contrastive::matrix_view<const float> rows) {
  return torch::from_blob(const_cast<float*>(rows.data), {rows.rows, rows.cols});
}

/// A run of MoCo (He et al. 2020): the first view of each picture goes through the encoder and gets the gradient, the others go
/// through its moving average and get none.
class moco_run {
 public:
  moco_run(const view_learning_options& how, const moco_options& moco, const image_dataset& data, thread_team& team)
      : how_(how),
        moco_(moco),
        data_(data),
        team_(team),
        views_(data.train, how_, team),
        query_(how.encoder, how.run.seed),
        key_(how.encoder, how.run.seed),
        queue_(moco.queue, how.encoder.embedding, {.labels = true, .num_parameters = 3}),
        loss_(how.objective, static_cast<std::int64_t>(data.class_names.size()), how.encoder.embedding, how.run.seed,
              how.run.together),
        learner_(parameters_of(query_, loss_), how),
        loop_(make_loop()) {}
  moco_run(const moco_run&) = delete;
  moco_run& operator=(const moco_run&) = delete;

  bool train() {
    return loop_.run([&](std::uint64_t epoch, std::uint64_t k) { return step(epoch, k); },
                     test_watch(query_, data_, how_, team_));
  }
  embedding_network& network() { return query_; }
  const training_loop& loop() const { return loop_; }

 private:
  measurements step(std::uint64_t epoch, std::uint64_t k) {
    const made_views made = views_.make(epoch, k);
    query_->train();
    std::vector<torch::Tensor> z = {query_->forward(made.pictures[0])};
    for (std::size_t v = 1; v < made.pictures.size(); ++v)
      z.push_back(keys_of(made.pictures[v], random_stream{how_.run.seed, {3, epoch, k, v}}));
    const earlier_rows earlier = rows_of_queue();
    const double epochs =
        static_cast<double>(epoch) + static_cast<double>(k + 1) / static_cast<double>(views_.steps_per_epoch());
    const double loss = learner_.step(loss_({z, made.labels, made.changes}, earlier), epochs);
    // The keys' running statistics of batch normalisation are neither copied nor averaged: they are those of their own batches,
    // as their own weights make them.
    follow(*key_, *query_, moco_.momentum);
    const torch::Tensor keys = of_all(z[1]), labels = of_all(made.labels.unsqueeze(1)).squeeze(1),
                        changes = of_all(made.changes);
    queue_.push(contrastive::rows_of(keys), contrastive::labels_of(labels), contrastive::rows_of(changes));
    return {{"loss", loss}};
  }

  /// The keys of one view. Batch normalisation by the batch lets a query know its key by what the two batches have in common;
  /// so the keys' batch is mixed and goes through in groups, as MoCo shuffles it over its machines (section 3.3).
  torch::Tensor keys_of(const torch::Tensor& pictures, const random_stream& random) {
    const torch::NoGradGuard no_gradient;
    key_->train();
    const auto mixed = shuffled(static_cast<std::size_t>(pictures.size(0)), random);
    const torch::Tensor order = torch::tensor(std::vector<std::int64_t>(mixed.begin(), mixed.end()), torch::kInt64);
    std::vector<torch::Tensor> groups;
    for (const auto& group : pictures.index_select(0, order).chunk(moco_.key_groups)) groups.push_back(key_->forward(group));
    return torch::cat(groups).index_select(0, order.argsort());
  }

  /// Those of all processes that train together: each has the whole queue.
  torch::Tensor of_all(const torch::Tensor& rows) const { return how_.run.together ? how_.run.together->gather(rows) : rows; }

  earlier_rows rows_of_queue() const {
    if (queue_.size() == 0) return {};
    const auto labels = queue_.labels();
    torch::Tensor copied = torch::empty({labels.size()}, torch::kInt64);
    for (std::int64_t i = 0; i < labels.size(); ++i) copied.data_ptr<std::int64_t>()[i] = labels[i];
    return {tensor_of(queue_.features()), copied, tensor_of(queue_.parameters())};
  }

  training_loop make_loop() {
    saved_state state;
    state.add("query network", *query_);
    state.add("key network", *key_);
    state.add("queue", queue_);
    state.add("optimizer", learner_.optimizer());
    if (loss_.proxies().defined()) state.add("proxies", loss_.proxies());
    auto settings = settings_of(how_, data_.train);
    settings["queue"] = std::to_string(moco_.queue);
    settings["momentum"] = std::to_string(moco_.momentum);
    settings["key groups"] = std::to_string(moco_.key_groups);
    return training_loop({.program = "moco",
                          .title = "training",
                          .run = how_.run,
                          .steps_per_epoch = views_.steps_per_epoch(),
                          .samples_per_step = static_cast<std::uint64_t>(how_.batch),
                          .unit = "pictures",
                          .settings = settings},
                         std::move(state));
  }

  const view_learning_options how_;
  const moco_options moco_;
  const image_dataset& data_;
  thread_team& team_;
  view_maker views_;
  embedding_network query_, key_;
  contrastive::feature_queue<float> queue_;
  objective loss_;
  learner learner_;
  training_loop loop_;
};

/// 0, or 130 where Ctrl-C ended the training.
int run(int argc, char** argv) {
  CLI::App app{
      "Trains a convolutional encoder by momentum contrast (MoCo): keys come from a moving average of the encoder, and a\n"
      "queue keeps those of earlier batches. Compares its features with raw pixels, the untrained encoder and, with\n"
      "--supervised on, the same encoder trained with labels: nearest neighbours, linear probe, pictures, curves.\n"
      "The queue's rows are further negatives of info_nce and weighted_info_nce and further rows, with their labels, of\n"
      "sup_con; the other losses see queries and keys alone. Keys get no gradient."};
  view_learning_options how;
  moco_options moco;
  how.run.output = "out/moco";
  how.run.epochs = 5;
  how.objective.loss = "info_nce";
  how.supervised = "off";
  add_view_learning_options(app, how);
  app.add_option("--queue", moco.queue, "rows of earlier batches that are kept")->check(CLI::Range(1, 10000000));
  app.add_option("--momentum", moco.momentum, "of the key encoder: what is left of its weights after a step")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--key-groups", moco.key_groups, "parts of the keys' batch that are normalised apart")
      ->check(CLI::Range(1, 1024));
  start_view_learning(app, argc, argv, how);
  if (how.run.together && how.objective.loss == "sup_con")
    throw std::runtime_error("--loss sup_con: its queue is for one process");
  const int processes_here = how.run.together ? how.run.together->size() : 1;
  if (how.batch / processes_here < 2 * moco.key_groups)
    throw std::runtime_error("--key-groups " + std::to_string(moco.key_groups) + " leaves no two pictures a group of the " +
                             std::to_string(how.batch / processes_here) + " that a process has of --batch");

  thread_team team(how.run.threads);
  const image_dataset data = load_dataset(how.dataset, how.run.data, team);
  how.encoder.channels = data.train.channels;
  std::printf(
      "%s: %zu training and %zu test pictures of %d x %d, %zu classes; %s, %d views, queue of %lld, momentum %g, %d threads\n",
      known_dataset(how.dataset).title.c_str(), data.train.size(), data.test.size(), data.train.height, data.train.width,
      data.class_names.size(), how.objective.loss.c_str(), how.views, static_cast<long long>(moco.queue), moco.momentum,
      how.run.threads);

  moco_run training(how, moco, data, team);
  if (!training.train()) return 130;
  std::vector<trained_encoder> trained;
  std::unique_ptr<simclr_run> with_labels;
  if (how.supervised == "on") {
    with_labels = supervised_run(how, "moco", data, team);
    if (!with_labels->train()) return 130;
    trained.push_back({"trained with labels", with_labels->network(), with_labels->loop()});
  }
  trained.push_back({"trained by " + how.objective.loss, training.network(), training.loop()});
  const std::string epochs = std::to_string(how.run.epochs) + (how.run.epochs == 1 ? " epoch" : " epochs");
  report_on(how, known_dataset(how.dataset).title + " by MoCo, " + how.objective.loss + ", " + epochs, data, team, trained);
  return 0;
}

}  // namespace
}  // namespace examples

int main(int argc, char** argv) {
  return examples::guarded_main("moco", [&] { return examples::run(argc, argv); });
}
