// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A linear classifier on frozen features: how much of the classes lies there for the taking.
#pragma once

#include <cstdint>
#include <vector>

#include "common/matrix.hpp"
#include "common/thread_team.hpp"

namespace examples {

struct linear_probe_options {
  int epochs = 12;
  int batch = 256;
  double learning_rate = 2e-3;  ///< of Adam, falling to zero along half a cosine
  double weight_decay = 1e-5;
  std::uint64_t seed = 1;
};

/// Trains softmax regression on the rows of `train` and returns the part of the rows of `test` that it gets right.
/// All features are shifted by their mean and divided by one common scale, those of `train`.
double linear_probe_accuracy(thread_team& team, const matrix& train, const std::vector<int>& train_labels, const matrix& test,
                             const std::vector<int>& test_labels, int num_classes, const linear_probe_options& how = {});

}  // namespace examples
