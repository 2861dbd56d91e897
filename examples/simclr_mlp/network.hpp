// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A multilayer perceptron with hand-written gradients, and Adam.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/adam.hpp"
#include "common/matrix.hpp"
#include "common/random_stream.hpp"
#include "common/thread_team.hpp"

namespace examples {

/// An array that training changes, with its gradient and Adam's two moments.
template <class T>
struct parameter {
  explicit parameter(row_major<T> start, bool is_decayed = false)
      : value(std::move(start)),
        gradient(row_major<T>::Zero(value.rows(), value.cols())),
        first(gradient),
        second(gradient),
        decayed(is_decayed) {}
  row_major<T> value, gradient, first, second;
  bool decayed;
};

/// out = a · b, in blocks of rows: the same bits for any number of threads.
template <class T, class A, class B>
void multiply(thread_team& team, const A& a, const B& b, row_major<T>& out) {
  out.resize(a.rows(), b.cols());
  team.for_blocks(a.rows(), 128,
                  [&](index first, index rows) { out.middleRows(first, rows).noalias() = a.middleRows(first, rows) * b; });
}

template <class T>
class layer {
 public:
  virtual ~layer() = default;
  /// The result belongs to the layer. `x` must live until `backward`.
  virtual const row_major<T>& forward(thread_team& team, const row_major<T>& x, bool training) = 0;
  /// From dL/d(result) sets the parameters' gradients and, where `needs_input_gradient`, returns dL/dx.
  virtual const row_major<T>& backward(thread_team& team, const row_major<T>& dy, bool needs_input_gradient) = 0;
  virtual std::vector<parameter<T>*> parameters() { return {}; }
  /// Numbers that are learned, but not by gradient.
  virtual std::vector<row_major<T>*> statistics() { return {}; }
};

/// y = x W + b.
template <class T>
class linear final : public layer<T> {
 public:
  linear(index inputs, index outputs, random_stream random)
      : weight_(row_major<T>(inputs, outputs), true), bias_(row_major<T>::Zero(1, outputs)) {
    const T deviation = std::sqrt(T(2) / static_cast<T>(inputs));  // He et al. 2015, eq. 10
    for (index i = 0; i < weight_.value.size(); ++i) weight_.value.data()[i] = deviation * static_cast<T>(random.normal());
  }
  const row_major<T>& forward(thread_team& team, const row_major<T>& x, bool) override {
    x_ = &x;
    multiply(team, x, weight_.value, y_);
    y_.rowwise() += bias_.value.row(0);
    return y_;
  }
  const row_major<T>& backward(thread_team& team, const row_major<T>& dy, bool needs_input_gradient) override {
    multiply(team, x_->transpose(), dy, weight_.gradient);
    bias_.gradient = dy.colwise().sum();
    if (needs_input_gradient) multiply(team, dy, weight_.value.transpose(), dx_);
    return dx_;
  }
  std::vector<parameter<T>*> parameters() override { return {&weight_, &bias_}; }

 private:
  parameter<T> weight_, bias_;
  const row_major<T>* x_ = nullptr;
  row_major<T> y_, dx_;
};

/// y = max(0, γ (x - mean) / √(variance + ε) + β), mean and variance of each column: over the batch while training
/// (Ioffe & Szegedy 2015), their running average afterwards.
template <class T>
class batch_norm_relu final : public layer<T> {
 public:
  explicit batch_norm_relu(index columns)
      : scale_(row_major<T>::Ones(1, columns)),
        shift_(row_major<T>::Zero(1, columns)),
        running_mean_(row_major<T>::Zero(1, columns)),
        running_variance_(row_major<T>::Ones(1, columns)) {}

  const row_major<T>& forward(thread_team& team, const row_major<T>& x, bool training) override {
    normal_.resize(x.rows(), x.cols());
    y_.resize(x.rows(), x.cols());
    inverse_.resize(x.cols());
    team.for_blocks(x.cols(), block, [&](index c, index n) {
      vector mean = running_mean_.row(0).segment(c, n), variance = running_variance_.row(0).segment(c, n);
      if (training) {
        mean = x.middleCols(c, n).colwise().mean();
        variance = (x.middleCols(c, n).rowwise() - mean).cwiseAbs2().colwise().mean();
        running_mean_.row(0).segment(c, n) += momentum * (mean - running_mean_.row(0).segment(c, n));
        running_variance_.row(0).segment(c, n) += momentum * (variance - running_variance_.row(0).segment(c, n));
      }
      inverse_.segment(c, n) = (variance.array() + epsilon).rsqrt();
      const auto scale = scale_.value.row(0).segment(c, n), shift = shift_.value.row(0).segment(c, n);
      for (index r = 0; r < x.rows(); ++r) {
        auto normal = normal_.row(r).segment(c, n);
        normal = (x.row(r).segment(c, n) - mean).cwiseProduct(inverse_.segment(c, n));
        y_.row(r).segment(c, n) = (normal.cwiseProduct(scale) + shift).cwiseMax(T(0));
      }
    });
    return y_;
  }

  const row_major<T>& backward(thread_team& team, const row_major<T>& dy, bool) override {
    dx_.resize(dy.rows(), dy.cols());
    team.for_blocks(dy.cols(), block, [&](index c, index n) {
      vector sum = vector::Zero(n), sum_normal = vector::Zero(n);
      for (index r = 0; r < dy.rows(); ++r) {
        auto d = dx_.row(r).segment(c, n);  // for now the gradient before the relu
        d = (y_.row(r).segment(c, n).array() > T(0)).select(dy.row(r).segment(c, n), T(0));
        sum += d;
        sum_normal += d.cwiseProduct(normal_.row(r).segment(c, n));
      }
      shift_.gradient.row(0).segment(c, n) = sum;
      scale_.gradient.row(0).segment(c, n) = sum_normal;
      const T rows = static_cast<T>(dy.rows());
      const vector factor = scale_.value.row(0).segment(c, n).cwiseProduct(inverse_.segment(c, n));
      for (index r = 0; r < dy.rows(); ++r) {
        auto d = dx_.row(r).segment(c, n);
        d = (d - sum / rows - normal_.row(r).segment(c, n).cwiseProduct(sum_normal) / rows).cwiseProduct(factor);
      }
    });
    return dx_;
  }
  std::vector<parameter<T>*> parameters() override { return {&scale_, &shift_}; }
  std::vector<row_major<T>*> statistics() override { return {&running_mean_, &running_variance_}; }

 private:
  using vector = Eigen::Matrix<T, 1, Eigen::Dynamic>;
  static constexpr index block = 64;  // columns one thread takes
  static constexpr T epsilon = T(1e-5), momentum = T(0.05);

  parameter<T> scale_, shift_;
  row_major<T> running_mean_, running_variance_, normal_, y_, dx_;
  vector inverse_;
};

/// linear, then batch_norm_relu, for each width but the last, whose layer is linear alone where `ends_linear`.
template <class T>
class perceptron {
 public:
  perceptron(const std::vector<index>& widths, bool ends_linear, std::uint64_t seed) {
    for (std::size_t w = 1; w < widths.size(); ++w) {
      layers_.push_back(std::make_unique<linear<T>>(widths[w - 1], widths[w], random_stream{seed, {w}}));
      if (w + 1 < widths.size() || !ends_linear) layers_.push_back(std::make_unique<batch_norm_relu<T>>(widths[w]));
    }
  }
  const row_major<T>& forward(thread_team& team, const row_major<T>& x, bool training) {
    const row_major<T>* y = &x;
    for (auto& one : layers_) y = &one->forward(team, *y, training);
    return *y;
  }
  const row_major<T>& backward(thread_team& team, const row_major<T>& dy, bool needs_input_gradient) {
    const row_major<T>* d = &dy;
    for (std::size_t l = layers_.size(); l-- > 0;) d = &layers_[l]->backward(team, *d, l > 0 || needs_input_gradient);
    return *d;
  }
  std::vector<parameter<T>*> parameters() { return collect<parameter<T>*>(&layer<T>::parameters); }
  std::vector<row_major<T>*> statistics() { return collect<row_major<T>*>(&layer<T>::statistics); }

 private:
  template <class Item>
  std::vector<Item> collect(std::vector<Item> (layer<T>::*of)()) {
    std::vector<Item> all;
    for (auto& one : layers_)
      for (const Item item : ((*one).*of)()) all.push_back(item);
    return all;
  }
  std::vector<std::unique_ptr<layer<T>>> layers_;
};

/// Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019) of the matrices.
struct adam {
  double first_decay = 0.9, second_decay = 0.999, epsilon = 1e-8, weight_decay = 1e-4;

  /// Step `t`, counted from 1.
  template <class T>
  void step(thread_team& team, const std::vector<parameter<T>*>& parameters, std::uint64_t t, double learning_rate) const {
    const double steps = static_cast<double>(t);
    adam_step<T> how{.rate = static_cast<T>(learning_rate / (1 - std::pow(first_decay, steps))),
                     .correction = static_cast<T>(1 / std::sqrt(1 - std::pow(second_decay, steps))),
                     .first_share = static_cast<T>(1 - first_decay),
                     .second_share = static_cast<T>(1 - second_decay),
                     .epsilon = static_cast<T>(epsilon)};
    for (parameter<T>* p : parameters) {
      how.keep = static_cast<T>(p->decayed ? 1 - learning_rate * weight_decay : 1);
      team.for_blocks(p->value.rows(), 64, [&](index r, index n) {
        how.apply(p->gradient.middleRows(r, n).array(), p->first.middleRows(r, n).array(), p->second.middleRows(r, n).array(),
                  p->value.middleRows(r, n).array());
      });
    }
  }
};

}  // namespace examples
