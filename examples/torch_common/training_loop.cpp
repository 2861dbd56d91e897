// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Steps, curves, checkpoints.
#include "torch_common/training_loop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "common/checkpoint.hpp"
#include "common/interrupt.hpp"
#include "common/progress_line.hpp"
#include "torch_common/processes.hpp"

namespace examples {
namespace {

/// Curves in a checkpoint: names, and numbers in double.
std::string pack(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

std::vector<double> unpack(const std::string& bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
  return numbers;
}

constexpr char curve_mark[] = "curve ", sum_mark[] = "sum ", seconds_name[] = "seconds";

}  // namespace

training_loop::training_loop(training_plan plan, saved_state state) : plan_(std::move(plan)), state_(std::move(state)) {
  if (plan_.steps_per_epoch == 0)
    throw std::invalid_argument(plan_.program + ": an epoch without a step: the batch is larger than the data");
  plan_.settings["program"] = plan_.program;
  plan_.settings["stage"] = plan_.title;
  plan_.settings["seed"] = std::to_string(plan_.run.seed);
}

chart_line training_loop::curve(const std::string& name) const {
  for (const auto& line : curves_)
    if (line.name == name) return line;
  return {name, {}};
}

void training_loop::note(const std::string& name, double epoch, double value) {
  for (auto& line : curves_)
    if (line.name == name) {
      line.points.emplace_back(epoch, value);
      return;
    }
  curves_.push_back({name, {{epoch, value}}});
}

void training_loop::save() const {
  if (plan_.run.checkpoint.empty() || (plan_.run.together && plan_.run.together->rank() > 0)) return;
  checkpoint file{plan_.settings, step_, {}, state_.bytes()};
  // Numbered, since a map forgets the order.
  for (std::size_t c = 0; c < curves_.size(); ++c) {
    std::vector<double> numbers;
    for (const auto& [x, y] : curves_[c].points) numbers.insert(numbers.end(), {x, y});
    file.blobs[curve_mark + std::to_string(1000 + c) + curves_[c].name] = pack(numbers);
  }
  for (std::size_t s = 0; s < sums_.size(); ++s)
    file.blobs[sum_mark + std::to_string(1000 + s) + sums_[s].first] = pack({sums_[s].second});
  file.blobs[seconds_name] = pack({seconds_});
  write_checkpoint(plan_.run.checkpoint, file);
}

void training_loop::load() {
  const std::string& path = plan_.run.checkpoint;
  const checkpoint file = read_checkpoint(path, plan_.settings);
  try {
    state_.restore(file.blobs);
  } catch (const c10::Error& error) {
    throw std::runtime_error(path + ": " + error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
  constexpr std::size_t digits = 4;
  for (const auto& [name, blob] : file.blobs) {
    const std::vector<double> numbers =
        name.starts_with(curve_mark) || name.starts_with(sum_mark) ? unpack(blob) : std::vector<double>();
    if (name.starts_with(curve_mark)) {
      chart_line line{name.substr(sizeof curve_mark - 1 + digits), {}};
      for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) line.points.emplace_back(numbers[i], numbers[i + 1]);
      curves_.push_back(std::move(line));
    } else if (name.starts_with(sum_mark)) {
      sums_.emplace_back(name.substr(sizeof sum_mark - 1 + digits), numbers.at(0));
    }
  }
  if (const auto found = file.blobs.find(seconds_name); found != file.blobs.end()) seconds_ = unpack(found->second).at(0);
  step_ = file.step;
}

void training_loop::resume() {
  load();
  const std::string& path = plan_.run.checkpoint;
  const double epochs = static_cast<double>(step_) / static_cast<double>(plan_.steps_per_epoch);
  char words[96];
  std::snprintf(words, sizeof words, "%.4g of %d epochs done", epochs, plan_.run.epochs);
  if (step_ > plan_.steps_per_epoch * static_cast<std::uint64_t>(plan_.run.epochs))
    throw std::runtime_error(path + ": is further on than --epochs: " + words);
  std::printf("%s: going on from %s: %s (--fresh begins anew)\n", plan_.title.c_str(), path.c_str(), words);
}

bool training_loop::run(const std::function<measurements(std::uint64_t, std::uint64_t)>& step,
                        const std::function<measurements(std::uint64_t)>& after_epoch) {
  const std::uint64_t per_epoch = plan_.steps_per_epoch, last = per_epoch * static_cast<std::uint64_t>(plan_.run.epochs);
  const interrupt_watch ctrl_c;
  processes* const together = plan_.run.together.get();
  const bool first = together == nullptr || together->rank() == 0;
  const auto anywhere = [&](bool here) { return together == nullptr ? here : together->any(here); };
  const auto epoch_of = [&](std::uint64_t number) {
    return "epoch " + std::to_string(number) + "/" + std::to_string(plan_.run.epochs);
  };
  /// Hands back what was measured, in words.
  const auto note_after = [&](std::uint64_t epochs_done) {
    std::string said;
    if (!after_epoch || !first) return said;
    for (const auto& [name, value] : after_epoch(epochs_done)) {
      note(name, static_cast<double>(epochs_done), value);
      char number[96];
      std::snprintf(number, sizeof number, "  %s %.4g", name.c_str(), value);
      said += number;
    }
    return said.empty() ? said : epoch_of(epochs_done) + said;
  };
  // The first one looks: others might see what it has saved since.
  if (anywhere(first && !plan_.run.fresh && !plan_.run.checkpoint.empty() && std::filesystem::exists(plan_.run.checkpoint))) {
    resume();
  } else {
    if (const std::string said = note_after(0); !said.empty()) std::printf("%s  %s\n", plan_.title.c_str(), said.c_str());
    save();  // a place that cannot be written shows now, not after an epoch
  }
  if (step_ == last) return true;

  const auto start = std::chrono::steady_clock::now();
  const double before = seconds_;
  progress_line progress(plan_.title, plan_.unit, last * plan_.samples_per_step, step_ * plan_.samples_per_step);
  std::string words;
  while (step_ < last) {
    const std::uint64_t epoch = step_ / per_epoch, in_epoch = step_ % per_epoch;
    const measurements losses = step(epoch, in_epoch);
    if (in_epoch == 0) sums_.clear();
    words = epoch_of(epoch + 1);
    for (const auto& [name, value] : losses) {
      if (!std::isfinite(value))
        throw std::runtime_error(plan_.title + ": " + name + " is not finite after " + std::to_string(step_) +
                                 " steps; try a smaller learning rate");
      auto sum = std::find_if(sums_.begin(), sums_.end(), [&wanted = name](const auto& one) { return one.first == wanted; });
      if (sum == sums_.end()) sum = sums_.insert(sums_.end(), {name, 0});
      sum->second += value;
      char number[96];
      std::snprintf(number, sizeof number, "  %s %.4f", name.c_str(), sum->second / static_cast<double>(in_epoch + 1));
      words += number;
    }
    ++step_;
    progress.show(step_ * plan_.samples_per_step, words);
    seconds_ = before + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const bool epoch_done = step_ % per_epoch == 0, stopped = anywhere(step_ < last && ctrl_c.interrupted());
    if (epoch_done) {
      for (const auto& [name, sum] : sums_) note(name, static_cast<double>(epoch + 1), sum / static_cast<double>(per_epoch));
      if (const std::string said = note_after(epoch + 1); !said.empty()) progress.note(said);
    }
    if (epoch_done || stopped) save();
    if (stopped) {
      progress.finish(words);
      std::printf("stopped; the same command goes on from %s\n", plan_.run.checkpoint.c_str());
      return false;
    }
  }
  progress.finish(words);
  return true;
}

}  // namespace examples
