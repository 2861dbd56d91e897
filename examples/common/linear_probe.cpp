// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Softmax regression by mini-batch Adam.
#include "common/linear_probe.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "common/adam.hpp"
#include "common/random_stream.hpp"

namespace examples {
namespace {

using row_vector = Eigen::RowVectorXf;

/// Adam's first and second moments of one array, and its step.
template <class Array>
struct moments {
  Array first, second;
  explicit moments(const Array& of) : first(Array::Zero(of.rows(), of.cols())), second(first) {}
  void step(Array& value, const Array& gradient, int t, double rate) {
    const auto corrected = static_cast<float>(rate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)));
    adam_step<float>{corrected}.apply(gradient.array(), first.array(), second.array(), value.array());
  }
};

}  // namespace

double linear_probe_accuracy(thread_team& team, const matrix& train, const std::vector<int>& train_labels, const matrix& test,
                             const std::vector<int>& test_labels, int num_classes, const linear_probe_options& how) {
  const index n = train.rows(), d = train.cols();
  if (n == 0 || n != static_cast<index>(train_labels.size()) || test.rows() != static_cast<index>(test_labels.size()) ||
      test.cols() != d)
    throw std::invalid_argument("linear_probe_accuracy: features and labels of different sizes");
  const row_vector mean = train.colwise().mean();
  double squares = 0;
  for (index r = 0; r < n; ++r) squares += static_cast<double>((train.row(r) - mean).squaredNorm());
  const float scale =
      squares > 0 ? static_cast<float>(std::sqrt(static_cast<double>(n) * static_cast<double>(d) / squares)) : 1;

  matrix weights = matrix::Zero(d, num_classes), weight_gradient(d, num_classes);
  row_vector bias = row_vector::Zero(num_classes), bias_gradient(num_classes);
  moments<matrix> weight_moments(weights);
  moments<row_vector> bias_moments(bias);
  const index batch = std::min<index>(how.batch, n), steps = n / batch, total = steps * how.epochs;
  matrix x(batch, d), p(batch, num_classes);
  for (int epoch = 0, t = 1; epoch < how.epochs; ++epoch) {
    const auto order = shuffled(static_cast<std::size_t>(n), random_stream{how.seed, {std::uint64_t(epoch)}});
    for (index s = 0; s < steps; ++s, ++t) {
      const auto sample = [&](index r) { return order[static_cast<std::size_t>(s * batch + r)]; };
      team.for_blocks(batch, 64, [&](index first, index length) {
        for (index r = first; r < first + length; ++r) x.row(r) = (train.row(static_cast<index>(sample(r))) - mean) * scale;
        auto logits = p.middleRows(first, length);
        logits.noalias() = x.middleRows(first, length) * weights;
        logits.rowwise() += bias;
        for (index r = first; r < first + length; ++r) {
          p.row(r) = (p.row(r).array() - p.row(r).maxCoeff()).exp();
          p.row(r) /= p.row(r).sum();
          p(r, train_labels[sample(r)]) -= 1;
        }
      });
      team.for_blocks(d, 64, [&](index first, index length) {
        weight_gradient.middleRows(first, length).noalias() =
            x.middleCols(first, length).transpose() * p / static_cast<float>(batch) +
            static_cast<float>(how.weight_decay) * weights.middleRows(first, length);
      });
      bias_gradient = p.colwise().mean();
      const double rate = how.learning_rate * 0.5 * (1 + std::cos(3.141592653589793 * (t - 1) / static_cast<double>(total)));
      weight_moments.step(weights, weight_gradient, t, rate);
      bias_moments.step(bias, bias_gradient, t, rate);
    }
  }

  std::vector<char> right(test_labels.size());
  team.for_blocks(test.rows(), 256, [&](index first, index length) {
    matrix logits = ((test.middleRows(first, length).rowwise() - mean) * scale) * weights;
    logits.rowwise() += bias;
    for (index r = 0; r < length; ++r) {
      index best = 0;
      logits.row(r).maxCoeff(&best);
      right[static_cast<std::size_t>(first + r)] = best == test_labels[static_cast<std::size_t>(first + r)];
    }
  });
  return static_cast<double>(std::count(right.begin(), right.end(), 1)) / static_cast<double>(test.rows());
}

}  // namespace examples
