// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Blind super-resolution: an encoder learns, by contrast alone, to tell how pictures were degraded; an upsampler reads its
// code.
#include <cmath>
#include <contrastive/adapters/torch.hpp>
#include <contrastive/contrastive.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/file.hpp"
#include "common/picture_grid.hpp"
#include "common/projection.hpp"
#include "common/svg_charts.hpp"
#include "degradation_encoder/evaluation.hpp"
#include "degradation_encoder/networks.hpp"
#include "degradation_encoder/patches.hpp"
#include "torch_common/momentum.hpp"
#include "torch_common/run_options.hpp"
#include "torch_common/training_loop.hpp"

namespace examples::degradation_encoder {
namespace {

constexpr const char* program = "degradation_encoder";
constexpr int code_patches = 3;  // patches of a low-resolution picture that its code is the mean of, while an upsampler trains

struct settings {
  run_options run;
  std::string test_data;
  int longest_side = 1200, patch = 48, channels = 32, blocks = 5, steps = 100, probe_patches = 2000;
  int encoder_epochs = 10, encoder_batch = 32, queue = 1024;
  double temperature = 0.1, momentum = 0.99, prior_scale = 0.1, encoder_learning_rate = 1e-3;
  int batch = 8;
  double learning_rate = 1e-3;
};

/// What patches are drawn for; each has its own random numbers.
enum purpose : std::uint64_t { contrast, enlargement_training, code_mean, probe, watch, test, drawing };

settings read_command_line(int argc, char** argv) {
  settings s;
  s.run.output = "out/degradation_encoder";
  s.run.epochs = 12;
  CLI::App app{
      "Learns by contrast to tell how pictures were degraded by blur, noise and JPEG, and enlarges pictures x2 with the "
      "learned\n"
      "code: PSNR and SSIM beside bicubic and beside the same network without the code, regression from the code, pictures."};
  add_run_options(app, s.run,
                  "folder of photographs to train on, JPEG or PNG [those of the packages lomiri-wallpapers-16.04 and -20.04]");
  app.add_option("--test-data", s.test_data,
                 "folder of photographs to test on [those of the packages python3-skimage and python3-sklearn]")
      ->type_name("DIR");
  app.add_option("--longest-side", s.longest_side, "training photographs are shrunk to it")->check(CLI::Range(32, 20000));
  app.add_option("--patch", s.patch, "side of a low-resolution patch")->check(CLI::Range(8, 512));
  app.add_option("--channels", s.channels, "of the upsampler, and of the encoder's first layers")->check(CLI::Range(1, 512));
  app.add_option("--blocks", s.blocks, "residual blocks of the upsampler")->check(CLI::Range(1, 64));
  app.add_option("--steps", s.steps, "steps an epoch, of all networks")->check(CLI::Range(1, 1000000));
  app.add_option("--encoder-epochs", s.encoder_epochs, "of the encoder; --epochs are those of each upsampler")
      ->check(CLI::Range(0, 100000));
  app.add_option("--encoder-batch", s.encoder_batch, "low-resolution pictures a step, two patches of each")
      ->check(CLI::Range(2, 4096));
  app.add_option("--queue", s.queue, "keys of earlier steps that serve as negatives")->check(CLI::Range(1, 1000000));
  app.add_option("--momentum", s.momentum, "of the key encoder")->check(CLI::Range(0.0, 1.0));
  app.add_option("--temperature", s.temperature, "of the loss")->check(CLI::Range(1e-4, 1e4));
  app.add_option("--prior-scale", s.prior_scale,
                 "squared distance of two degradations at which one counts 63 % as the other's negative")
      ->check(CLI::Range(1e-6, 1e6));
  app.add_option("--encoder-learning-rate", s.encoder_learning_rate, "of Adam, at first")->check(CLI::Range(1e-9, 10.0));
  app.add_option("--batch", s.batch, "patches a step of the upsampler")->check(CLI::Range(1, 4096));
  app.add_option("--learning-rate", s.learning_rate, "of the upsampler's Adam, at first")->check(CLI::Range(1e-9, 10.0));
  app.add_option("--probe-patches", s.probe_patches,
                 "training patches of the regression from the code, and half as many to test it")
      ->check(CLI::Range(4, 1000000));
  parse_or_leave(app, argc, argv);
  return s;
}

std::string text(double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", number);
  return digits;
}

/// The settings that a checkpoint must agree with.
std::map<std::string, std::string> encoder_settings(const settings& s) {
  return {{"data", s.run.data},
          {"longest side", text(s.longest_side)},
          {"patch", text(s.patch)},
          {"channels", text(s.channels)},
          {"steps", text(s.steps)},
          {"encoder epochs", text(s.encoder_epochs)},  // the learning rate falls towards the last
          {"encoder batch", text(s.encoder_batch)},
          {"queue", text(s.queue)},
          {"momentum", text(s.momentum)},
          {"temperature", text(s.temperature)},
          {"prior scale", text(s.prior_scale)},
          {"encoder learning rate", text(s.encoder_learning_rate)}};
}
std::map<std::string, std::string> upsampler_settings(const settings& s) {
  auto all = encoder_settings(s);
  all["blocks"] = text(s.blocks);
  all["epochs"] = text(s.run.epochs);
  all["batch"] = text(s.batch);
  all["learning rate"] = text(s.learning_rate);
  return all;
}

/// The rate before a step, falling from `first` along half a cosine to a hundredth of it.
void set_rate(torch::optim::Adam& adam, double first, std::uint64_t step, std::uint64_t steps) {
  const double done = static_cast<double>(step) / static_cast<double>(std::max<std::uint64_t>(steps, 1));
  const double rate = first * (0.01 + 0.99 * (1 + std::cos(3.141592653589793 * done)) / 2);
  for (auto& group : adam.param_groups()) static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
}

class run_of_program {
 public:
  run_of_program(const settings& s, thread_team& team)
      : s_(s),
        train_(read_photographs(s.run.data.empty() ? installed_training_files() : picture_files(s.run.data), s.longest_side,
                                team, "training photographs")),
        test_(read_photographs(s.test_data.empty() ? installed_test_files() : picture_files(s.test_data), 0, team,
                               "test photographs")),
        training_patches_(train_, range_, s.patch, s.run.seed, team),
        test_patches_(test_, range_, s.patch, s.run.seed, team),
        team_(team) {}

  /// 0, or 130 where Ctrl-C ended it.
  int run() {
    const auto untrained = fresh_contrast_network(), query = fresh_contrast_network();
    if (!train_encoder(*query)) return 130;
    const auto encoder = query->encoder;
    const torch::Tensor codes =
        codes_of(*encoder, training_patches_.draw(purpose::code_mean, 0, std::min(s_.probe_patches, 500)).small);
    mean_ = codes.mean(0, true);
    deviation_ = codes.std(0, true, true) + 1e-6;

    const auto with_code = fresh_upsampler(encoder->code_size), without_code = fresh_upsampler(encoder->code_size);
    if (!train_upsampler(*with_code, encoder.get(), "with code", "-with-code")) return 130;
    if (!train_upsampler(*without_code, nullptr, "without code", "-without-code")) return 130;

    with_code->eval(), without_code->eval();
    measure_codes(*untrained->encoder, *encoder);
    const super_resolution_test testing({{"bicubic", nullptr, false},
                                         {"without code", without_code.get(), false},
                                         {"code off", with_code.get(), false},
                                         {"with code", with_code.get(), true}},
                                        [&](const float_picture& small) { return code_of(*encoder, small); });
    draw_strips(testing);
    draw_codes(*encoder);
    draw_curves();
    testing.run(test_, s_.run.seed).print_and_write(file("metrics.csv"));
    return 0;
  }

 private:
  std::string file(const std::string& name) const { return s_.run.output + "/" + name; }

  std::shared_ptr<contrast_network> fresh_contrast_network() const {
    torch::manual_seed(s_.run.seed);
    return std::make_shared<contrast_network>(s_.channels);
  }
  std::shared_ptr<upsampler_network> fresh_upsampler(int code_size) const {
    torch::manual_seed(s_.run.seed + 1);
    return std::make_shared<upsampler_network>(code_size, s_.channels, s_.blocks);
  }

  /// Momentum contrast: two patches of one low-resolution picture are query and key; a key of another degradation is a negative
  /// that counts the more, the more the two differ.
  bool train_encoder(contrast_network& query) {
    const auto key = fresh_contrast_network();
    contrastive::feature_queue<float> queue(s_.queue, contrast_network::features,
                                            {.num_parameters = num_degradation_parameters});
    torch::optim::Adam adam(query.parameters(), torch::optim::AdamOptions(s_.encoder_learning_rate));
    saved_state state;
    state.add("query", query);
    state.add("key", *key);
    state.add("adam", adam);
    state.add("queue", queue);

    training_plan plan{program,
                       "encoder",
                       s_.run,
                       static_cast<std::uint64_t>(s_.steps),
                       static_cast<std::uint64_t>(s_.encoder_batch),
                       "pictures",
                       encoder_settings(s_)};
    plan.run.epochs = s_.encoder_epochs;
    plan.run.checkpoint += "-encoder";
    training_loop loop(plan, std::move(state));
    const auto steps = static_cast<std::uint64_t>(s_.steps);
    const auto step = [&](std::uint64_t epoch, std::uint64_t k) -> measurements {
      const std::uint64_t number = epoch * steps + k;
      const auto drawn = training_patches_.draw(purpose::contrast, number * static_cast<std::uint64_t>(s_.encoder_batch),
                                                s_.encoder_batch, 2, false);
      const matrix& parameters = drawn[0].parameters;
      query.train(), key->train();
      const torch::Tensor q = query.forward(drawn[0].small);
      torch::Tensor k_rows;
      {
        const torch::NoGradGuard no_gradients;
        k_rows = key->forward(drawn[1].small).contiguous();
      }
      const contrastive::degradation_prior prior{.scale = s_.prior_scale};
      const contrastive::basic_weighted_info_nce<contrastive::parameter_weights<contrastive::degradation_prior>> loss{
          .temperature = s_.temperature,
          .normalize = contrastive::weight_normalization::mean_one,
          .weights = contrastive::weights_from(parameters, queue.parameters(), prior)};
      torch::Tensor value;
      if (queue.size() == 0) {
        value = contrastive::torch_loss(loss, q, k_rows);
      } else {
        const auto rows = queue.features();
        value =
            contrastive::torch_loss(loss, q, k_rows, torch::from_blob(const_cast<float*>(rows.data), {rows.rows, rows.cols}));
      }
      set_rate(adam, s_.encoder_learning_rate, number, steps * static_cast<std::uint64_t>(s_.encoder_epochs));
      adam.zero_grad();
      value.backward();
      adam.step();
      follow(*key, query, s_.momentum);
      queue.push({k_rows.data_ptr<float>(), k_rows.size(0), k_rows.size(1)}, parameters);
      return {{"contrastive loss", value.item<double>()}};
    };
    const patches seen = training_patches_.draw(purpose::watch, 0, std::min(s_.probe_patches, 400));
    const patches held_out = test_patches_.draw(purpose::watch, 0, std::min(s_.probe_patches, 200));
    const auto after_epoch = [&](std::uint64_t) -> measurements {
      const auto quality = regression_from_codes(*query.encoder, seen, held_out);
      return {{"blur width", std::max(-1.0, quality.r_squared[0])}, {"noise", std::max(-1.0, quality.r_squared[2])}};
    };
    const bool finished = loop.run(step, after_epoch);
    panels_.push_back({"encoder: contrastive loss", {loop.curve("contrastive loss")}});
    panels_.push_back({"R2 of a regression from the code, test patches", {loop.curve("blur width"), loop.curve("noise")}});
    query.eval();
    return finished;
  }

  /// Codes with mean 0 and deviation 1 over training patches: 0 is the code that says nothing.
  torch::Tensor standard(const torch::Tensor& codes) const { return (codes - mean_) / deviation_; }

  /// The mean code of the most detailed windows of a picture.
  torch::Tensor code_of(encoder_network& encoder, const float_picture& small) const {
    const int side = std::min({s_.patch, small.height, small.width});
    std::vector<torch::Tensor> windows;
    for (const auto& place : detailed_windows(as_bytes(small), side, 16))
      windows.push_back(tensor_of(window(small, place.top, place.left, side, side)));
    return standard(codes_of(encoder, torch::cat(windows))).mean(0, true);
  }

  /// Without an encoder the code is zero, in training and ever after; all else is the same: start, patches, steps.
  bool train_upsampler(upsampler_network& network, encoder_network* encoder, const std::string& name,
                       const std::string& suffix) {
    torch::optim::Adam adam(network.parameters(), torch::optim::AdamOptions(s_.learning_rate));
    saved_state state;
    state.add("network", network);
    state.add("adam", adam);
    training_plan plan{
        program,   "upsampler " + name,   s_.run, static_cast<std::uint64_t>(s_.steps), static_cast<std::uint64_t>(s_.batch),
        "patches", upsampler_settings(s_)};
    plan.run.checkpoint += suffix;
    training_loop loop(plan, std::move(state));
    // A picture's code is the mean over some of its patches; without an encoder no more than the first is drawn.
    const int views = encoder != nullptr ? code_patches : 1;
    const auto codes = [&](const std::vector<patches>& drawn) {
      torch::Tensor sum = torch::zeros({drawn[0].small.size(0), mean_.size(1)});
      if (encoder != nullptr)
        for (const patches& one : drawn) sum += standard(codes_of(*encoder, one.small));
      return sum / static_cast<double>(drawn.size());
    };
    const auto steps = static_cast<std::uint64_t>(s_.steps);
    const auto step = [&](std::uint64_t epoch, std::uint64_t k) -> measurements {
      const std::uint64_t number = epoch * steps + k;
      const auto drawn = training_patches_.draw(purpose::enlargement_training, number * static_cast<std::uint64_t>(s_.batch),
                                                s_.batch, views, true);
      set_rate(adam, s_.learning_rate, number, steps * static_cast<std::uint64_t>(s_.run.epochs));
      adam.zero_grad();
      const torch::Tensor value =
          torch::l1_loss(network.forward(drawn[0].small, drawn[0].bicubic, codes(drawn)), drawn[0].large);
      value.backward();
      adam.step();
      return {{"L1", value.item<double>()}};
    };
    const auto held_out = test_patches_.draw(purpose::watch, 0, std::min(s_.probe_patches, 48), views, true);
    const torch::Tensor held_out_codes = codes(held_out);
    const auto after_epoch = [&](std::uint64_t) -> measurements {
      const torch::NoGradGuard no_gradients;
      const patches& one = held_out[0];
      const torch::Tensor large = network.forward(one.small, one.bicubic, held_out_codes);
      double gain = 0;
      for (std::int64_t i = 0; i < large.size(0); ++i) {
        const float_picture truth = luma(picture_of(one.large[i]));
        gain += psnr(luma(picture_of(large[i])), truth) - psnr(luma(picture_of(one.bicubic[i])), truth);
      }
      return {{"gain [dB]", gain / static_cast<double>(large.size(0))}};
    };
    const bool finished = loop.run(step, after_epoch);
    chart_line gain = loop.curve("gain [dB]"), l1 = loop.curve("L1");
    gain.name = l1.name = name;
    gains_.push_back(gain), losses_.push_back(l1);
    return finished;
  }

  void measure_codes(encoder_network& untrained, encoder_network& trained) const {
    const patches train = training_patches_.draw(purpose::probe, 0, s_.probe_patches);
    const patches test = test_patches_.draw(purpose::probe, 0, s_.probe_patches / 2);
    std::vector<results_table::column> columns;
    for (std::size_t t = 0; t < known_targets::names.size(); ++t) {
      const std::string name = known_targets::names[t], unit = known_targets::units[t];
      columns.push_back({name + " R2", 3});
      columns.push_back({name + " error" + (unit.empty() ? "" : " " + unit), 4});
    }
    results_table table("regression from", columns);
    const auto add = [&](const std::string& name, const regression_quality& quality) {
      std::vector<double> values;
      for (index t = 0; t < quality.r_squared.size(); ++t)
        values.insert(values.end(), {quality.r_squared[t], quality.mean_abs_error[t]});
      table.add(name, values);
    };
    const matrix wanted = known_targets::of(test.how), known = known_targets::of(train.how);
    const matrix means = known.colwise().mean().replicate(wanted.rows(), 1);
    add("nothing: the mean", quality_of(means, wanted));
    add("untrained encoder", regression_from_codes(untrained, train, test));
    add("trained encoder", regression_from_codes(trained, train, test));
    table.print_and_write(file("codes.csv"));
  }

  /// A row for each test photograph, each under another degradation: the most detailed window of 96 x 96.
  void draw_strips(const super_resolution_test& testing) const {
    const auto cases = test_degradations();
    std::vector<picture> cells;
    mosaic_options how{.columns = 5, .zoom = 2, .gap = 4, .title = "x2 super-resolution of test photographs"};
    how.column_names = {"input", "bicubic", "without code", "with code", "truth"};
    int side = 96;
    for (const photograph& one : test_) side = std::min({side, one.image.height, one.image.width});
    side = side / 2 * 2;
    for (std::size_t p = 0; p < test_.size(); ++p) {
      const auto& shown = cases[(7 * p + 2) % cases.size()];
      const enlarged_picture result =
          testing.enlarge(test_[p].image, shown.how, random_stream{s_.run.seed, {purpose::drawing, p}});
      const auto place = detailed_windows(test_[p].image, side, 1)[0];
      const auto cut = [&](const float_picture& image) { return as_bytes(window(image, place.top, place.left, side, side)); };
      const picture small = as_bytes(window(result.small, place.top / 2, place.left / 2, side / 2, side / 2));
      picture nearest = filled(3, side, side, 0);
      for (int c = 0; c < 3; ++c)
        for (int y = 0; y < side; ++y)
          for (int x = 0; x < side; ++x) nearest.at(c, y, x) = small.at(c, y / 2, x / 2);
      cells.push_back(nearest);
      for (const std::size_t shown_one : {0U, 1U, 3U}) cells.push_back(cut(result.large[shown_one]));
      cells.push_back(cut(result.truth));
      how.row_names.push_back(shown.blur_name + ", " + shown.noise_name + ", " + shown.jpeg_name);
    }
    write_png(file("strips.png"), mosaic(cells, how));
    std::printf("wrote %s\n", file("strips.png").c_str());
  }

  /// Codes of test patches in the plane by t-SNE, coloured by the blur and noise of the test degradations without JPEG.
  void draw_codes(encoder_network& encoder) const {
    std::vector<torch::Tensor> codes;
    std::vector<int> labels;
    std::vector<std::string> names;
    const int each = std::clamp(s_.probe_patches / 20, 4, 60);
    for (const auto& one : test_degradations()) {
      if (one.how.jpeg_quality != 0 || one.noise_name == "noise 0.02") continue;
      torch::Tensor small = torch::empty({each, 3, s_.patch, s_.patch});
      for (int i = 0; i < each; ++i) {
        random_stream random{s_.run.seed,
                             {purpose::test, static_cast<std::uint64_t>(names.size()), static_cast<std::uint64_t>(i)}};
        const picture& from = test_[random.below(test_.size())].image;
        small[i] = tensor_of(draw_patch(from, s_.patch, one.how, patch_source::candidates, random).small)[0];
        labels.push_back(static_cast<int>(names.size()));
      }
      codes.push_back(standard(codes_of(encoder, small)));
      names.push_back(one.blur_name.substr(5) + (one.how.noise > 0 ? " noisy" : ""));
    }
    matrix rows = to_matrix(torch::cat(codes));
    normalize_rows(rows);
    t_sne_options how;
    how.perplexity = std::min(30.0, static_cast<double>(labels.size()) / 10);
    write_scatter_svg(file("codes.svg"), "Codes of test patches",
                      "patches of the test photographs by t-SNE of their codes; colours: blur, and noise 0.05",
                      t_sne(team_, rows, how), labels, names);
    std::printf("wrote %s\n", file("codes.svg").c_str());
  }

  void draw_curves() const {
    auto panels = panels_;
    panels.push_back({"upsamplers: L1", losses_});
    panels.push_back({"test patches: PSNR above bicubic [dB]", gains_});
    write_line_chart_svg(file("curves.svg"), "Blind super-resolution with a degradation code", "epoch", panels);
    std::printf("wrote %s\n", file("curves.svg").c_str());
  }

  const settings& s_;
  degradation_range range_;
  std::vector<photograph> train_, test_;
  patch_source training_patches_, test_patches_;
  thread_team& team_;
  torch::Tensor mean_, deviation_;  // (1, code size), of the codes of training patches
  std::vector<chart_panel> panels_;
  std::vector<chart_line> losses_, gains_;
};

}  // namespace
}  // namespace examples::degradation_encoder

int main(int argc, char** argv) {
  auto s = examples::degradation_encoder::read_command_line(argc, argv);
  return examples::guarded_main(examples::degradation_encoder::program, [&] {
    const int threads = examples::start_run(s.run);
    examples::thread_team team(threads);
    return examples::degradation_encoder::run_of_program(s, team).run();
  });
}
