// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The perceptron's backward pass in chunks against central differences, and against the pass over all rows.
#include "simclr_mlp/chunks.hpp"

#include <cmath>
#include <contrastive/contrastive.hpp>

#include "support/catch.hpp"

using namespace examples;
using doubles = row_major<double>;

namespace {

constexpr Eigen::Index n = 12;  // two views of six

doubles random_rows(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  random_stream random{seed};
  doubles m(rows, columns);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<double>(random.normal());
  return m;
}

double nt_xent(const doubles& z, doubles& dz) {
  const auto r = contrastive::value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, doubles(z.topRows(n / 2)),
                                                 doubles(z.bottomRows(n / 2)));
  dz.topRows(n / 2) = r.gradients[0];
  dz.bottomRows(n / 2) = r.gradients[1];
  return r.loss;
}

double largest_difference(const doubles& a, const doubles& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("chunks: the gradients agree with central differences of the loss whose batch normalisation sees chunks") {
  thread_team team(2);
  const doubles x = random_rows(n, 5, 2);
  for (const Eigen::Index rows : {3, 5, 12, 40}) {
    perceptron<double> network({5, 7, 4}, true, 1);
    // Off their starting values, so that each parameter matters.
    for (auto* p : network.parameters()) p->value += 0.1 * random_rows(p->value.rows(), p->value.cols(), 4);
    const auto loss = [&] {
      doubles z(n, 4), unused(n, 4);
      for (Eigen::Index first = 0; first < n; first += rows) {
        const doubles part = x.middleRows(first, std::min(rows, n - first));
        z.middleRows(first, part.rows()) = network.forward(team, part, true);
      }
      return nt_xent(z, unused);
    };
    CHECK(std::abs(backward_in_chunks<double>(team, network, x, rows, nt_xent) - loss()) < 1e-12);
    for (auto* p : network.parameters())
      for (Eigen::Index i = 0; i < p->value.size(); ++i) {
        INFO("chunks of " << rows);
        double& at = p->value.data()[i];
        const double kept = at, step = 1e-5;
        at = kept + step;
        const double above = loss();
        at = kept - step;
        const double below = loss();
        at = kept;
        CHECK(std::abs((above - below) / (2 * step) - p->gradient.data()[i]) <= 1e-7);
      }
  }
}

TEST_CASE(
    "chunks: without batch normalisation loss and gradients do not depend on the chunk, with it a whole batch is as ever") {
  thread_team team(2);
  const doubles x = random_rows(n, 5, 2);
  for (const std::vector<Eigen::Index>& widths : {std::vector<Eigen::Index>{5, 4}, std::vector<Eigen::Index>{5, 7, 4}}) {
    perceptron<double> whole(widths, true, 1), chunked(widths, true, 1);
    doubles dz(n, 4);
    const double loss = nt_xent(whole.forward(team, x, true), dz);
    whole.backward(team, dz, false);
    for (const Eigen::Index rows : widths.size() == 2 ? std::vector<Eigen::Index>{1, 5, 12} : std::vector<Eigen::Index>{12}) {
      CHECK(std::abs(backward_in_chunks<double>(team, chunked, x, rows, nt_xent) - loss) < 1e-12);
      const auto expected = whole.parameters(), ours = chunked.parameters();
      for (std::size_t p = 0; p < ours.size(); ++p) CHECK(largest_difference(ours[p]->gradient, expected[p]->gradient) < 1e-12);
      for (std::size_t s = 0; s < whole.statistics().size(); ++s)
        CHECK(largest_difference(*chunked.statistics()[s], *whole.statistics()[s]) < 1e-12);
    }
  }
}
