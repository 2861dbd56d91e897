// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The loop of every trainer: steps, progress, curves, checkpoints, Ctrl-C.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/svg_charts.hpp"
#include "torch_common/run_options.hpp"
#include "torch_common/saved_state.hpp"

namespace examples {

/// Numbers by name, in the order in which they are shown.
using measurements = std::vector<std::pair<std::string, double>>;

struct training_plan {
  std::string program, title = "training";
  run_options run;
  std::uint64_t steps_per_epoch = 1, samples_per_step = 1;
  std::string unit = "pictures";
  std::map<std::string, std::string> settings;  ///< what must be the same for the run to go on; seed and program are added
};

class training_loop {
 public:
  training_loop(training_plan plan, saved_state state);

  /// Trains to the end of the wanted epochs, from the checkpoint if there is one; false where Ctrl-C ended it, after saving.
  ///
  /// `step(epoch, k)` does the k-th step of an epoch, both from 0, and returns its losses; their means over the epoch become
  /// curves. `after_epoch(epochs done)`, once with 0 before the first step and then after each epoch, may return more points,
  /// which are printed too.
  /// Of processes that train together the first one measures and saves, and all stop where one is stopped.
  /// Both must depend on the saved state and their arguments alone: then a run that was stopped and goes on is the same as one
  /// that was not. Throws std::runtime_error where a loss is not finite.
  bool run(const std::function<measurements(std::uint64_t, std::uint64_t)>& step,
           const std::function<measurements(std::uint64_t)>& after_epoch = {});

  /// Takes the state from the checkpoint and trains nothing. Throws std::runtime_error where there is none, or another run's.
  void load();

  /// The curve of a measurement by epochs; empty where there is none of this name.
  chart_line curve(const std::string& name) const;

  /// Seconds spent in run(), those before a checkpoint included.
  double seconds() const { return seconds_; }

 private:
  void save() const;
  void resume();
  void note(const std::string& name, double epoch, double value);

  training_plan plan_;
  saved_state state_;
  std::uint64_t step_ = 0;
  std::vector<chart_line> curves_;
  std::vector<std::pair<std::string, double>> sums_;  // over the epoch so far
  double seconds_ = 0;
};

}  // namespace examples
