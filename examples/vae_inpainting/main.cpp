// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A VAE of Fashion-MNIST, alone and joined with inpainting: does self-supervision make a better generative model?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/file.hpp"
#include "common/image_dataset.hpp"
#include "common/picture.hpp"
#include "common/picture_grid.hpp"
#include "common/results_table.hpp"
#include "common/svg_charts.hpp"
#include "common/thread_team.hpp"
#include "torch_common/run_options.hpp"
#include "torch_common/tensors.hpp"
#include "vae_inpainting/evaluation.hpp"
#include "vae_inpainting/tasks.hpp"
#include "vae_inpainting/training.hpp"

namespace examples::vae_inpainting {
namespace {

struct settings {
  training_settings training;
  std::vector<std::string> models = {"plain", "init", "patches", "joint", "fused"};
  int seeds = 1, samples = 16;

  bool wants(const std::string& model) const { return std::find(models.begin(), models.end(), model) != models.end(); }
};

settings read_command_line(int argc, char** argv) {
  settings s;
  auto& t = s.training;
  t.run.data = "/usr/share/datasets/fashion-mnist";
  t.run.output = "out/vae_inpainting";
  t.run.epochs = 3;
  CLI::App app{
      "Trains a convolutional VAE on the pictures of Fashion-MNIST alone, with an encoder that learned to complete\n"
      "masked halves or to place patches before, with completion beside the ELBO, and with both (fused), and compares\n"
      "them by ELBO, reconstruction and what their latent codes say of the classes. Each network has a checkpoint of its\n"
      "own, under the name of --checkpoint and its own."};
  add_run_options(app, t.run, "folder with the four IDX files of Fashion-MNIST");
  app.add_option("--models", s.models, "which VAEs to train, with commas: plain, init, patches, joint, fused")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"plain", "init", "patches", "joint", "fused"}));
  app.add_option("--pretext-epochs", t.pretext_epochs, "of inpainting and patch position, before the VAEs")
      ->check(CLI::Range(0, 100000));
  app.add_option("--lambda", t.lambda, "weight of the completion loss beside the ELBO, both in nats per picture")
      ->check(CLI::Range(0.0, 1e4));
  app.add_option("--contrast", t.contrast,
                 "above 0: one VAE more, fused, with this weight of nt_xent between the codes of two masked halves")
      ->check(CLI::Range(0.0, 1e4));
  app.add_option("--temperature", t.temperature, "of nt_xent")->check(CLI::Range(1e-4, 1e4));
  app.add_option("--seeds", s.seeds, "repeats all with this many seeds from --seed on; the tables hold the means")
      ->check(CLI::Range(1, 1000));
  app.add_option("--samples", s.samples, "latent codes drawn for each test picture for the bounds")->check(CLI::Range(1, 5000));
  app.add_option("--batch", t.batch, "pictures a step")->check(CLI::Range(2, 60000));
  app.add_option("--learning-rate", t.learning_rate, "of Adam, at its highest")->check(CLI::Range(1e-9, 10.0));
  app.add_option("--fine", t.widths.fine, "channels at 14 x 14")->check(CLI::Range(1, 1024));
  app.add_option("--coarse", t.widths.coarse, "channels at 7 x 7")->check(CLI::Range(1, 1024));
  app.add_option("--features", t.widths.features, "of the encoder")->check(CLI::Range(1, 8192));
  app.add_option("--latent", t.widths.latent, "coordinates of the code")->check(CLI::Range(1, 1024));
  parse_or_leave(app, argc, argv);
  return s;
}

/// Numbers of one name, a number a seed.
using by_seed = std::vector<double>;

double mean_of(const by_seed& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x;
  return sum / static_cast<double>(numbers.size());
}

/// The standard error of the mean; no number for a single seed.
double standard_error(const by_seed& numbers) {
  const double mean = mean_of(numbers), n = static_cast<double>(numbers.size());
  double squares = 0;
  for (const double x : numbers) squares += (x - mean) * (x - mean);
  return n > 1 ? std::sqrt(squares / (n - 1) / n) : no_number;
}

/// Rows of measurements in the order in which they came, over the seeds.
class collected {
 public:
  void add(const std::string& row, const std::vector<double>& values) {
    auto at = std::find_if(rows_.begin(), rows_.end(), [&row](const auto& one) { return one.first == row; });
    if (at == rows_.end()) at = rows_.insert(rows_.end(), {row, std::vector<by_seed>(values.size())});
    for (std::size_t c = 0; c < values.size(); ++c) at->second[c].push_back(values[c]);
  }
  const std::vector<std::pair<std::string, std::vector<by_seed>>>& rows() const { return rows_; }

 private:
  std::vector<std::pair<std::string, std::vector<by_seed>>> rows_;
};

/// The table of the VAEs; its first column of measurements is the ELBO, which is also compared with that of "plain", seed by
/// seed.
results_table vae_table(const collected& all, int samples) {
  results_table table("VAE", {{"test ELBO [nats]", 2},
                              {"above plain [nats]", 2},
                              {"its standard error", 2},
                              {"IWAE bound k=" + std::to_string(samples) + " [nats]", 2},
                              {"E log p(x|z) [nats]", 2},
                              {"KL [nats]", 2},
                              {"reconstruction MSE", 5},
                              {"reconstruction PSNR [dB]", 2},
                              {"hidden half PSNR [dB]", 2},
                              {"10-NN [%]", 2},
                              {"linear probe [%]", 2}});
  for (const auto& [name, columns] : all.rows()) {
    by_seed above;
    const auto& [plain, of_plain] = all.rows().front();
    if (plain == "plain" && name != "plain")
      for (std::size_t s = 0; s < columns[0].size(); ++s) above.push_back(columns[0][s] - of_plain[0][s]);
    std::vector<double> cells = {mean_of(columns[0]), above.empty() ? no_number : mean_of(above),
                                 above.empty() ? no_number : standard_error(above)};
    for (std::size_t c = 1; c < columns.size(); ++c) cells.push_back(mean_of(columns[c]));
    table.add(name, cells);
  }
  return table;
}

/// One test picture of each class, as far as there are any.
std::vector<std::size_t> one_of_each_class(const image_dataset& data) {
  std::vector<std::size_t> found;
  for (int c = 0; c < static_cast<int>(data.class_names.size()); ++c) {
    const auto at = std::find(data.test.labels.begin(), data.test.labels.end(), c);
    if (at != data.test.labels.end()) found.push_back(static_cast<std::size_t>(at - data.test.labels.begin()));
  }
  return found;
}

void append(std::vector<picture>& to, const torch::Tensor& images) {
  for (std::int64_t i = 0; i < images.size(0); ++i) to.push_back(to_picture(images[i]));
}

struct named_model {
  std::string name;
  picture_model networks;
};

class gallery {
 public:
  gallery(const image_dataset& data, std::string folder)
      : data_(data), folder_(std::move(folder)), which_(one_of_each_class(data)), pictures_(image_tensor(data.test, which_)) {}

  void reconstructions(std::vector<named_model>& models) const {
    mosaic_options how;
    how.title = "Test pictures, and from the mean of their codes";
    how.row_names = {"original"};
    std::vector<picture> cells;
    append(cells, pictures_);
    for (auto& [name, m] : models) {
      how.row_names.push_back(name);
      append(cells, torch::sigmoid(m.decode(m.code(m.eyes->whole(pictures_).features).mean)));
    }
    write("reconstructions.png", cells, how, static_cast<int>(which_.size()));
  }

  void samples(std::vector<named_model>& models, std::int64_t latent) const {
    constexpr int columns = 12, rows = 4;
    mosaic_options how;
    how.title = "Decoded from the prior, the same codes for each model";
    std::vector<picture> cells;
    for (auto& [name, m] : models) {
      how.row_names.push_back(name);
      how.row_names.insert(how.row_names.end(), rows - 1, "");
      append(cells, torch::sigmoid(m.decode(fixed_noise({rows * columns, latent}, 7))));
    }
    write("samples.png", cells, how, columns);
  }

  void completions(std::vector<named_model>& models) const {
    mosaic_options how;
    how.title = "A hidden half, completed: by inpainting alone, fused, and the truth";
    const auto masks = half_masks(data_.test.height, data_.test.width);
    std::vector<std::vector<picture>> columns;
    for (std::int64_t side = 0; side < 4; ++side) {
      const auto hidden = masks.slice(0, side, side + 1).expand_as(pictures_);
      how.column_names.push_back("seen");
      append(columns.emplace_back(), pictures_ * (1 - hidden) + 0.5 * hidden);
      for (auto& [name, m] : models) {
        how.column_names.push_back(name);
        const auto completed = torch::sigmoid(m.complete(m.eyes(pictures_, hidden), pictures_, hidden));
        append(columns.emplace_back(), pictures_ * (1 - hidden) + completed * hidden);
      }
    }
    how.column_names.push_back("truth");
    append(columns.emplace_back(), pictures_);
    std::vector<picture> cells;
    for (std::size_t i = 0; i < which_.size(); ++i) {
      for (const auto& column : columns) cells.push_back(column[i]);
      how.row_names.push_back(data_.class_names[static_cast<std::size_t>(data_.test.labels[which_[i]])]);
    }
    write("completions.png", cells, how, static_cast<int>(columns.size()));
  }

  void curves(const std::vector<std::pair<std::string, std::vector<chart_line>>>& trainings) const {
    std::vector<chart_panel> panels = {{"ELBO on 2,000 test pictures [nats]", {}},
                                       {"-log p of the hidden half [nats]", {}},
                                       {"patch position, right [%]", {}}};
    const char* const names[] = {"ELBO, test", "hidden half, test", "right, test"};
    for (const auto& [training, lines] : trainings)
      for (const chart_line& line : lines)
        for (std::size_t p = 0; p < panels.size(); ++p)
          if (line.name == names[p]) panels[p].lines.push_back({training, line.points});
    panels.erase(std::remove_if(panels.begin(), panels.end(), [](const chart_panel& p) { return p.lines.empty(); }),
                 panels.end());
    const std::string path = (std::filesystem::path(folder_) / "curves.svg").string();
    write_line_chart_svg(path, "VAE and inpainting on Fashion-MNIST", "epochs", panels);
    std::printf("%s\n", path.c_str());
  }

 private:
  void write(const std::string& name, const std::vector<picture>& cells, mosaic_options how, int columns) const {
    how.columns = columns;
    how.zoom = 2;
    const std::string path = (std::filesystem::path(folder_) / name).string();
    write_png(path, mosaic(cells, how));
    std::printf("%s\n", path.c_str());
  }

  const image_dataset& data_;
  std::string folder_;
  std::vector<std::size_t> which_;
  torch::Tensor pictures_;
};

/// 0, or 130 where Ctrl-C ended a training.
int run(settings s) {
  auto& t = s.training;
  const int threads = start_run(t.run);
  const image_dataset data = load_fashion_mnist(t.run.data);
  if (data.train.height != 28 || data.train.width != 28)
    throw std::runtime_error(t.run.data + ": pictures of " + std::to_string(data.train.height) + " x " +
                             std::to_string(data.train.width) + ", wanted are 28 x 28");
  std::printf("%zu training and %zu test pictures from %s, %d threads\n", data.train.size(), data.test.size(),
              t.run.data.c_str(), threads);
  thread_team team(threads);

  collected vaes, pretexts;
  std::vector<named_model> drawn, completing;                           // of the first seed
  std::vector<std::pair<std::string, std::vector<chart_line>>> curves;  // likewise
  std::vector<std::pair<std::string, double>> times;
  const bool completes_before = s.wants("init") || s.wants("fused") || t.contrast > 0;
  const completion_quality blind = measure_mean_picture(data);
  pretexts.add("mean picture", {-blind.log_likelihood, decibels(blind.mean_squared_error), no_number});

  for (int repeat = 0; repeat < s.seeds; ++repeat) {
    const bool first = repeat == 0;
    const std::uint64_t seed = t.run.seed + static_cast<std::uint64_t>(repeat);
    if (s.seeds > 1) std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    trainer teach(t, data, seed);
    const auto note = [&](const std::string& name, const trained& done) {
      times.emplace_back(name, done.seconds);
      if (first) curves.emplace_back(name, done.curves);
    };

    std::unique_ptr<trained> inpainting, patches;
    if (completes_before) {
      inpainting = teach.complete_halves();
      if (!inpainting) return 130;
      note("inpainting", *inpainting);
      const completion_quality q = measure_completion(inpainting->networks, data.test);
      pretexts.add("inpainting", {-q.log_likelihood, decibels(q.mean_squared_error), no_number});
      if (first) completing.push_back({"alone", inpainting->networks});
    }
    if (s.wants("patches")) {
      patches = teach.place_patches();
      if (!patches) return 130;
      note("patch position", *patches);
      pretexts.add("patch position", {no_number, no_number, 100 * teach.patch_accuracy(patches->networks)});
    }

    std::vector<vae_variant> variants;
    if (s.wants("plain")) variants.push_back({"plain", "plain", nullptr, false, false});
    if (s.wants("init")) variants.push_back({"init", "encoder from inpainting", &inpainting->networks, false, false});
    if (s.wants("patches")) variants.push_back({"patches", "encoder from patches", &patches->networks, false, false});
    if (s.wants("joint")) variants.push_back({"joint", "joint loss", nullptr, true, false});
    if (s.wants("fused")) variants.push_back({"fused", "fused", &inpainting->networks, true, false});
    if (t.contrast > 0) variants.push_back({"contrast", "fused with nt_xent", &inpainting->networks, true, true});
    for (const vae_variant& variant : variants) {
      const auto done = teach.variational(variant);
      if (!done) return 130;
      note(variant.name, *done);
      picture_model m = done->networks;
      std::printf("%s: measuring\n", variant.name.c_str());
      const generation_quality g = measure_generation(m, data.test, s.samples);
      const double hidden = variant.completes ? decibels(measure_completion(m, data.test).mean_squared_error) : no_number;
      const class_accuracy classes = measure_classes(m, data, team);
      vaes.add(variant.name, {g.elbo, g.weighted, g.reconstruction, g.divergence, g.mean_squared_error,
                              decibels(g.mean_squared_error), hidden, 100 * classes.neighbours, 100 * classes.probe});
      if (!first) continue;
      drawn.push_back({variant.name, m});
      if (variant.key == "fused") completing.push_back({"fused", m});
    }
  }

  const auto path = [&](const char* name) { return (std::filesystem::path(t.run.output) / name).string(); };
  if (pretexts.rows().size() > 1) {
    results_table table("pretext task",
                        {{"-log p of the hidden half [nats]", 2}, {"hidden half PSNR [dB]", 2}, {"patch position [%]", 2}});
    for (const auto& [name, columns] : pretexts.rows()) {
      std::vector<double> cells;
      for (const by_seed& column : columns) cells.push_back(mean_of(column));
      table.add(name, cells);
    }
    table.print_and_write(path("pretext.csv"));
  }
  const results_table table = vae_table(vaes, s.samples);
  table.print_and_write(path("metrics.csv"));
  std::printf("training took");
  for (const auto& [name, seconds] : times)
    std::printf("%s %s %.0f s", &name == &times.front().first ? "" : ",", name.c_str(), seconds);
  std::printf("\n");

  const torch::NoGradGuard no_gradients;
  const gallery pictures(data, t.run.output);
  std::vector<named_model> compared;  // plain and fused where both are there, else all
  for (const auto& one : drawn)
    if (one.name == "plain" || one.name == "fused") compared.push_back(one);
  if (compared.size() < 2) compared = drawn;
  pictures.reconstructions(compared);
  pictures.samples(compared, t.widths.latent);
  if (!completing.empty()) pictures.completions(completing);
  pictures.curves(curves);
  return 0;
}

}  // namespace
}  // namespace examples::vae_inpainting

int main(int argc, char** argv) {
  return examples::guarded_main(
      "vae_inpainting", [&] { return examples::vae_inpainting::run(examples::vae_inpainting::read_command_line(argc, argv)); });
}
