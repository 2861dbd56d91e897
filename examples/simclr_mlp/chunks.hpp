// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A step over a batch of which the network sees a chunk at a time (gradient caching, Gao et al. 2021).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "simclr_mlp/network.hpp"

namespace examples {

/// Sets the gradients of the network's parameters to those of `loss_and_gradient(z, dz)`, which returns the loss of the
/// embeddings z (n, d) of x and writes dL/dz (n, d); returns the loss. The network runs on `rows` rows of x at a time, first
/// for z, and once more for each chunk's backward pass, so that its memory is a chunk's. The gradients are to rounding those of
/// the loss as a function of the parameters; batch normalisation takes the statistics of each chunk. Its running averages move
/// in the first run alone.
template <class T, class Network, class LossAndGradient>
auto backward_in_chunks(thread_team& team, Network& network, const row_major<T>& x, index rows,
                        const LossAndGradient& loss_and_gradient) {
  row_major<T> chunk, z, dz, dchunk;
  const auto for_chunks = [&](const auto& work) {
    for (index first = 0; first < x.rows(); first += rows) {
      chunk = x.middleRows(first, std::min(rows, x.rows() - first));
      work(first, network.forward(team, chunk, true));
    }
  };
  for_chunks([&](index first, const row_major<T>& part) {
    z.conservativeResize(x.rows(), part.cols());
    z.middleRows(first, part.rows()) = part;
  });
  dz.resize(z.rows(), z.cols());
  const auto loss = loss_and_gradient(std::as_const(z), dz);

  std::vector<row_major<T>> averages, sums;
  for (const auto* one : network.statistics()) averages.push_back(*one);
  for (const auto* p : network.parameters()) sums.push_back(row_major<T>::Zero(p->value.rows(), p->value.cols()));
  for_chunks([&](index first, const row_major<T>& part) {
    dchunk = dz.middleRows(first, part.rows());
    network.backward(team, dchunk, false);
    std::size_t s = 0;
    for (const auto* p : network.parameters()) sums[s++] += p->gradient;
  });
  std::size_t s = 0, a = 0;
  for (auto* p : network.parameters()) p->gradient = sums[s++];
  for (auto* one : network.statistics()) *one = averages[a++];
  return loss;
}

}  // namespace examples
