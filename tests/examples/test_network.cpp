// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The perceptron's gradients against central differences, and Adam against its formulas written out.
#include "simclr_mlp/network.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace examples;
using doubles = row_major<double>;

namespace {

doubles random_rows(Eigen::Index n, Eigen::Index d, std::uint64_t seed) {
  random_stream random{seed};
  doubles m(n, d);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<double>(random.normal());
  return m;
}

}  // namespace

TEST_CASE("network: every gradient agrees with central differences") {
  thread_team team(2);
  for (const bool ends_linear : {true, false}) {
    perceptron<double> network({5, 7, 4, 3}, ends_linear, 1);
    doubles x = random_rows(9, 5, 2);
    const doubles weights = random_rows(9, 3, 3);  // the loss is Σ weights · output
    const auto loss = [&] { return network.forward(team, x, true).cwiseProduct(weights).sum(); };
    // Off their starting values, so that each parameter matters.
    for (auto* p : network.parameters()) p->value += 0.1 * random_rows(p->value.rows(), p->value.cols(), 4);

    loss();
    const doubles dx = network.backward(team, weights, true);
    const auto check = [&](double& at, double gradient) {
      const double kept = at, step = 1e-6;
      at = kept + step;
      const double above = loss();
      at = kept - step;
      const double below = loss();
      at = kept;
      CHECK(std::abs((above - below) / (2 * step) - gradient) <= 1e-6 * (1 + std::abs(gradient)));
    };
    for (Eigen::Index i = 0; i < x.size(); ++i) check(x.data()[i], dx.data()[i]);
    for (auto* p : network.parameters()) {
      const doubles gradient = p->gradient;
      for (Eigen::Index i = 0; i < p->value.size(); ++i) check(p->value.data()[i], gradient.data()[i]);
    }
  }
}

TEST_CASE("network: the result and the gradients have the same bits for any number of threads") {
  const auto all = [](int threads) {
    thread_team team(threads);
    perceptron<float> network({50, 300, 20}, true, 1);
    const matrix x = random_rows(517, 50, 2).cast<float>(), dy = random_rows(517, 20, 3).cast<float>();
    std::vector<matrix> results = {network.forward(team, x, true)};
    results.push_back(network.backward(team, dy, true));
    adam{}.step(team, network.parameters(), 1, 1e-3);
    for (auto* p : network.parameters()) results.push_back(p->value);
    return results;
  };
  const auto one = all(1), three = all(3);
  for (std::size_t r = 0; r < one.size(); ++r) CHECK(one[r] == three[r]);
}

TEST_CASE("network: after training, batch normalisation uses its running averages") {
  thread_team team(1);
  batch_norm_relu<double> layer(2);
  doubles x = random_rows(400, 2, 5).array() * 3.0 + 1.0;
  for (int step = 0; step < 400; ++step) layer.forward(team, x, true);
  const doubles trained = layer.forward(team, x, true), used = layer.forward(team, x, false);
  CHECK((trained - used).cwiseAbs().maxCoeff() < 1e-6);
  const doubles one = x.row(7);
  const doubles alone = layer.forward(team, one, false);
  CHECK((alone - used.row(7)).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("adam: two steps are those of the paper's algorithm") {
  thread_team team(1);
  parameter<double> p(random_rows(3, 2, 6), true);
  doubles value = p.value, m = doubles::Zero(3, 2), v = m;
  const adam how{};
  for (int t = 1; t <= 2; ++t) {
    p.gradient = random_rows(3, 2, 7 + static_cast<std::uint64_t>(t));
    m = 0.9 * m + 0.1 * p.gradient;
    v = 0.999 * v + 0.001 * p.gradient.cwiseProduct(p.gradient);
    const doubles m_hat = m / (1 - std::pow(0.9, t)), v_hat = v / (1 - std::pow(0.999, t));
    value = (value - 0.01 * how.weight_decay * value - 0.01 * (m_hat.array() / (v_hat.array().sqrt() + 1e-8)).matrix()).eval();
    how.step<double>(team, {&p}, static_cast<std::uint64_t>(t), 0.01);
    CHECK((p.value - value).cwiseAbs().maxCoeff() < 1e-12);
  }
}
