// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The common parts of simclr and moco.
#include "torch_common/view_learning.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <contrastive/adapters/gradient_cache.hpp>
#include <contrastive/metrics.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "common/nearest_neighbours.hpp"
#include "common/watched_views.hpp"
#include "torch_common/processes.hpp"
#include "torch_common/tensors.hpp"

namespace examples {
namespace {

const char *const neighbours_name = "10 nearest neighbours", *const alignment_name = "alignment",
                  *const uniformity_name = "uniformity";

std::string text(double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", number);
  return digits;
}

/// Grey clothes on black stay upright; coloured pictures change their colours, and what lies around drawings is white.
view_range range_for(const std::string& dataset) {
  view_range range;
  range.flip = 0.5F;
  range.rotation = 10;
  if (dataset == "fashion-mnist") {
    range.contrast = 0.3F;
    range.largest_noise = 0.15F;
    return range;
  }
  range.smallest_crop = 0.45F, range.largest_crop = 1.05F;
  range.brightness = range.contrast = range.saturation = 0.4F;
  range.hue = 0.1F, range.grey = 0.1F;
  range.largest_noise = 0.05F;
  range.outside = dataset == "cifar10" ? 0.0F : 1.0F;
  return range;
}

const char* const range_names[] = {"--smallest-crop", "--largest-crop", "--flip", "--rotation", "--brightness",
                                   "--contrast",      "--saturation",   "--hue",  "--grey",     "--noise"};
float* member_of(view_range& range, std::size_t r) {
  float* const members[] = {&range.smallest_crop, &range.largest_crop, &range.flip, &range.rotation, &range.brightness,
                            &range.contrast,      &range.saturation,   &range.hue,  &range.grey,     &range.largest_noise};
  return members[r];
}

}  // namespace

void add_view_learning_options(CLI::App& app, view_learning_options& how) {
  std::vector<std::string> datasets;
  std::string folders = "folder of the data set:";
  for (const auto& entry : known_datasets()) {
    datasets.push_back(entry.name);
    folders += " " + entry.what_data_is + (entry.folder.empty() ? "" : " [" + entry.folder + "]") +
               (&entry == &known_datasets().back() ? "" : ",");
  }
  add_run_options(app, how.run, folders);
  app.add_option("--dataset", how.dataset, "what to learn from")->check(CLI::IsMember(datasets));
  app.add_option("--loss", how.objective.loss, "sup_con, sincere and conditional_contrastive learn from the labels too")
      ->check(CLI::IsMember(objective::known()));
  app.add_option("--temperature", how.objective.temperature, "of the loss")->check(CLI::Range(1e-4, 1e4));
  app.add_option("--views", how.views,
                 "of each picture; more than two with nt_xent, decoupled and those that learn from labels")
      ->check(CLI::Range(2, 64));
  app.add_option("--batch", how.batch, "pictures a step")->check(CLI::Range(2, 1000000));
  app.add_option("--optimizer", how.optimizer, "SGD has momentum 0.9")->check(CLI::IsMember({"adam", "sgd"}));
  app.add_option("--learning-rate", how.learning_rate, "at its highest, after the first epoch; 0: 2e-3 for Adam, 0.1 for SGD")
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--decay", how.decay, "what the learning rate is multiplied by each epoch")->check(CLI::Range(1e-3, 1.0));
  app.add_option("--width", how.encoder.width, "channels of the encoder's first layer; it gives 16 times as many features")
      ->check(CLI::Range(1, 4096));
  app.add_option("--supervised", how.supervised, "train the same encoder with labels too (sup_con), to compare")
      ->check(CLI::IsMember({"on", "off"}));
  app.add_option("--supervised-epochs", how.supervised_epochs, "rounds of that; 0: as many as --epochs")
      ->check(CLI::Range(0, 100000));
  const char* const group = "How far views may go (where not given: by data set)";
  const char* const words[] = {"side of the smallest window, as a part of the picture's",
                               "of the largest one; above 1 the picture shrinks",
                               "probability of a mirror image",
                               "up to plus or minus these degrees",
                               "times 1 plus or minus this",
                               "times 1 plus or minus this",
                               "of colours: times 1 plus or minus this",
                               "of colours: plus or minus this part of the circle",
                               "of colours: probability of losing them",
                               "largest standard deviation of noise, black is 0 and white 1"};
  const double most[] = {4, 4, 1, 180, 1, 1, 1, 0.5, 1, 10};
  for (std::size_t r = 0; r < std::size(range_names); ++r)
    app.add_option(range_names[r], *member_of(how.range, r), words[r])
        ->check(CLI::Range(r < 2 ? 0.01 : 0.0, most[r]))
        ->default_str("")
        ->group(group);
}

void start_view_learning(CLI::App& app, int argc, char** argv, view_learning_options& how) {
  parse_or_leave(app, argc, argv);
  view_range range = range_for(how.dataset);
  for (std::size_t r = 0; r < std::size(range_names); ++r)
    if (app.count(range_names[r]) > 0) *member_of(range, r) = *member_of(how.range, r);
  how.range = range;
  if (how.range.largest_crop < how.range.smallest_crop)
    throw std::runtime_error("--largest-crop " + text(static_cast<double>(how.range.largest_crop)) +
                             " is below --smallest-crop " + text(static_cast<double>(how.range.smallest_crop)));
  if (how.views != 2 && !objective::takes_many_views(how.objective.loss))
    throw std::runtime_error("--views " + std::to_string(how.views) + ": " + how.objective.loss +
                             " takes two views; nt_xent, decoupled, sup_con, sincere and conditional_contrastive take more");
  if (how.chunk != 0 && (how.chunk < 2 || how.batch % how.chunk != 0))  // batch normalisation needs two rows
    throw std::runtime_error("--chunk " + std::to_string(how.chunk) + ": 0, or 2 and more that divide --batch " +
                             std::to_string(how.batch));
  if (how.learning_rate == 0) how.learning_rate = how.optimizer == "adam" ? 2e-3 : 0.1;
  start_run(how.run);
  how.run.together = processes::of_this_run();
  if (!how.run.together) return;
  const int size = how.run.together->size();
  if (how.batch % size != 0 || how.batch / size < 2)
    throw std::runtime_error("--batch " + std::to_string(how.batch) + ": two pictures or more for each of " +
                             std::to_string(size) + " processes, as many for each");
  if (how.chunk != 0 && how.batch / size % how.chunk != 0)
    throw std::runtime_error("--chunk " + std::to_string(how.chunk) + ": 0, or what divides the " +
                             std::to_string(how.batch / size) + " pictures of each of " + std::to_string(size) + " processes");
}

view_maker::view_maker(const image_set& images, const view_learning_options& how, thread_team& team)
    : images_(images), how_(how), team_(team), steps_per_epoch_(images.size() / static_cast<std::size_t>(how.batch)) {
  if (steps_per_epoch_ == 0)
    throw std::runtime_error("--batch " + std::to_string(how.batch) + " is more than the " + std::to_string(images.size()) +
                             " training pictures");
}

made_views view_maker::make(std::uint64_t epoch, std::uint64_t step) {
  if (order_.empty() || epoch_of_order_ != epoch) {
    order_ = shuffled(images_.size(), random_stream{how_.run.seed, {1, epoch}});
    epoch_of_order_ = epoch;
  }
  const int size = how_.run.together ? how_.run.together->size() : 1, rank = how_.run.together ? how_.run.together->rank() : 0;
  const std::int64_t n = how_.batch / size;
  made_views made{{}, torch::empty({n}, torch::kInt64), torch::empty({n, 3})};
  std::vector<float*> pictures;
  for (int v = 0; v < how_.views; ++v) {
    made.pictures.push_back(torch::empty({n, images_.channels, images_.height, images_.width}));
    pictures.push_back(made.pictures.back().data_ptr<float>());
  }
  const auto labels = made.labels.data_ptr<std::int64_t>();
  const auto changes = made.changes.data_ptr<float>();
  const std::size_t first = step * static_cast<std::size_t>(how_.batch) + static_cast<std::size_t>(rank * n),
                    pixels = images_.pixels_each();
  team_.for_blocks(n, 32, [&](index begin, index length) {
    for (index i = begin; i < begin + length; ++i) {
      const std::size_t sample = order_[first + static_cast<std::size_t>(i)];
      labels[i] = images_.labels[sample];
      for (std::size_t v = 0; v < pictures.size(); ++v) {
        random_stream random{how_.run.seed, {2, epoch, sample, v}};
        const view_parameters view = draw_view(how_.range, random);
        render_view(images_.picture(sample), images_.channels, images_.height, images_.width, view, random,
                    pictures[v] + static_cast<std::size_t>(i) * pixels);
        if (v != 1) continue;
        changes[3 * i] = view.width, changes[3 * i + 1] = view.brightness, changes[3 * i + 2] = 2 * view.noise;
      }
    }
  });
  return made;
}

std::vector<torch::Tensor> parameters_of(embedding_network& network, const objective& loss) {
  auto all = network->parameters();
  if (loss.proxies().defined()) all.push_back(loss.proxies());
  return all;
}

learner::learner(const std::vector<torch::Tensor>& parameters, const view_learning_options& how)
    : parameters_(parameters), together_(how.run.together), highest_rate_(how.learning_rate), decay_(how.decay) {
  if (how.optimizer == "adam")
    optimizer_ =
        std::make_unique<torch::optim::AdamW>(parameters, torch::optim::AdamWOptions(how.learning_rate).weight_decay(1e-4));
  else
    optimizer_ = std::make_unique<torch::optim::SGD>(
        parameters, torch::optim::SGDOptions(how.learning_rate).momentum(0.9).weight_decay(1e-4));
}

double learner::step(const torch::Tensor& loss, double epochs) {
  return step(
      [&] {
        loss.backward();
        return loss;
      },
      epochs);
}

double learner::step(const std::function<torch::Tensor()>& backward, double epochs) {
  if (together_ && steps_++ % 100 == 0 && !together_->agree_on(parameters_))
    throw std::runtime_error("the processes' networks are not the same any more");
  optimizer_->zero_grad();
  const torch::Tensor loss = backward();
  if (together_) together_->average_gradients(parameters_);
  const double rate = highest_rate_ * std::min(epochs, std::pow(decay_, epochs - 1));
  for (auto& group : optimizer_->param_groups()) group.options().set_lr(rate);
  optimizer_->step();
  return static_cast<double>(loss.item<float>());
}

std::map<std::string, std::string> settings_of(const view_learning_options& how, const image_set& images) {
  view_range range = how.range;
  std::string views = std::to_string(how.views) + " of";
  for (std::size_t r = 0; r < std::size(range_names); ++r)
    views += std::string(" ") + (range_names[r] + 2) + " " + text(static_cast<double>(*member_of(range, r)));
  const auto crc = crc32_z(0, images.pixels.data(), images.pixels.size());
  const auto& e = how.encoder;
  std::map<std::string, std::string> settings = {
      {"loss", how.objective.loss},
      {"temperature", text(how.objective.temperature)},
      {"batch", std::to_string(how.batch)},
      {"views", views},
      {"optimizer", how.optimizer},
      {"learning rate", text(how.learning_rate)},
      {"decay", text(how.decay)},
      {"network", std::to_string(e.channels) + "-" + std::to_string(e.width) + "-" + std::to_string(e.hidden) + "-" +
                      std::to_string(e.embedding)},
      {"training pictures", std::to_string(images.size()) + " of CRC " + std::to_string(crc)}};
  if (how.run.together) settings["processes"] = std::to_string(how.run.together->size());  // likewise
  if (how.chunk != 0) settings["chunk"] = std::to_string(how.chunk);                       // batch normalisation sees it
  return settings;
}

matrix features_of(embedding_network& network, const image_set& images) {
  return to_matrix(outputs_of(
      *network, [&](torch::Tensor x) { return network->features(std::move(x)); }, byte_tensor(images)));
}

std::function<measurements(std::uint64_t)> test_watch(embedding_network& network, const image_dataset& data,
                                                      const view_learning_options& how, thread_team& team) {
  const auto first_of = [](const image_set& all, std::size_t most) {
    image_set some = all;
    const std::size_t count = std::min(most, all.size());
    some.labels.resize(count);
    some.pixels.resize(count * all.pixels_each());
    return some;
  };
  const watched_views drawn = draw_watched_views(data.test, how.range, how.run.seed, team);
  const auto tensor_of = [&](const matrix& views) {
    return torch::from_blob(const_cast<float*>(views.data()),
                            {views.rows(), data.test.channels, data.test.height, data.test.width})
        .clone();
  };
  return [&network, &team, base = first_of(data.train, 10000), queries = first_of(data.test, 2000),
          views = std::array{tensor_of(drawn.first), tensor_of(drawn.second)}](std::uint64_t) {
    matrix among = features_of(network, base), asked = features_of(network, queries);
    normalize_rows(among);
    normalize_rows(asked);
    const int k = static_cast<int>(std::min<index>(10, among.rows()));
    const auto embedded = [&](const torch::Tensor& pictures) {
      return to_matrix(outputs_of(
          *network, [&](torch::Tensor x) { return network->forward(std::move(x)); }, pictures));
    };
    const matrix z1 = embedded(views[0]), z2 = embedded(views[1]);
    const contrastive::options threads{.threads = team.size()};
    return measurements{
        {neighbours_name, 100 * neighbour_accuracy(nearest_neighbours(team, asked, among, k), base.labels, queries.labels)},
        {alignment_name, contrastive::alignment(z1, z2, threads)},
        {uniformity_name, contrastive::uniformity(z1, threads)}};
  };
}

simclr_run::simclr_run(const view_learning_options& how, const std::string& program, const std::string& stage,
                       const image_dataset& data, thread_team& team)
    : how_(how),
      data_(data),
      team_(team),
      views_(data.train, how_, team),
      network_(how.encoder, how.run.seed),
      loss_(how.objective, static_cast<std::int64_t>(data.class_names.size()), how.encoder.embedding, how.run.seed,
            how.run.together),
      learner_(parameters_of(network_, loss_), how),
      loop_(make_loop(program, stage)) {}

training_loop simclr_run::make_loop(const std::string& program, const std::string& stage) {
  saved_state state;
  state.add("network", *network_);
  state.add("optimizer", learner_.optimizer());
  if (loss_.proxies().defined()) state.add("proxies", loss_.proxies());
  return training_loop({.program = program,
                        .title = stage,
                        .run = how_.run,
                        .steps_per_epoch = views_.steps_per_epoch(),
                        .samples_per_step = static_cast<std::uint64_t>(how_.batch),
                        .unit = "pictures",
                        .settings = settings_of(how_, data_.train)},
                       std::move(state));
}

bool simclr_run::train() {
  const auto step = [&](std::uint64_t epoch, std::uint64_t k) -> measurements {
    const made_views made = views_.make(epoch, k);
    network_->train();
    const auto loss = [&](const std::vector<torch::Tensor>& z) { return loss_({z, made.labels, made.changes}); };
    const double epochs =
        static_cast<double>(epoch) + static_cast<double>(k + 1) / static_cast<double>(views_.steps_per_epoch());
    if (how_.chunk == 0)
      return {{"loss", learner_.step(loss(network_->forward(torch::cat(made.pictures)).chunk(how_.views)), epochs)}};
    const auto backward = [&] { return contrastive::backward_in_chunks(loss, network_, made.pictures, how_.chunk); };
    return {{"loss", learner_.step(backward, epochs)}};
  };
  return loop_.run(step, test_watch(network_, data_, how_, team_));
}

std::unique_ptr<simclr_run> supervised_run(const view_learning_options& how, const std::string& program,
                                           const image_dataset& data, thread_team& team) {
  view_learning_options supervised = how;
  supervised.run.checkpoint += "-supervised";
  supervised.objective.loss = "sup_con";
  supervised.views = 2;
  if (how.supervised_epochs > 0) supervised.run.epochs = how.supervised_epochs;
  return std::make_unique<simclr_run>(supervised, program, "training with labels", data, team);
}

void report_on(const view_learning_options& how, const std::string& title, const image_dataset& data, thread_team& team,
               const std::vector<trained_encoder>& trained) {
  if (how.run.together && how.run.together->rank() > 0) return;
  report results(data, team, how.run.seed);
  results.measure("raw pixels", pixel_rows(data.train), pixel_rows(data.test));
  embedding_network untrained(how.encoder, how.run.seed);
  results.measure("untrained encoder", features_of(untrained, data.train), features_of(untrained, data.test));
  const std::pair<const char*, const char*> shown[] = {{"loss", "loss"},
                                                       {neighbours_name, "accuracy by neighbours [%]"},
                                                       {alignment_name, "alignment: 0 alike, 2 unrelated"},
                                                       {uniformity_name, "uniformity: 0 collapsed, -4 spread"}};
  std::vector<chart_panel> panels;
  for (const auto& [name, words] : shown) panels.push_back({words, {}});
  for (auto one : trained) {
    results.measure(one.name, features_of(one.network, data.train), features_of(one.network, data.test));
    for (std::size_t p = 0; p < panels.size(); ++p)
      if (chart_line line = one.loop.curve(shown[p].first); !line.points.empty()) {  // empty: of a checkpoint from before
        line.name = one.name;
        panels[p].lines.push_back(std::move(line));
      }
  }
  panels.erase(std::remove_if(panels.begin(), panels.end(), [](const chart_panel& p) { return p.lines.empty(); }),
               panels.end());
  results.write(how.run.output, title);
  const std::string curves = (std::filesystem::path(how.run.output) / "curves.svg").string();
  write_line_chart_svg(curves, title, "epoch", panels);
  std::printf("curves              %s\n", curves.c_str());
  for (const auto& one : trained) std::printf("trained in %.0f s: %s\n", one.loop.seconds(), one.name.c_str());
}

}  // namespace examples
