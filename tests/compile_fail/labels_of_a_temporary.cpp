// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A vector of labels that nobody keeps is gone before the loss reads it.
#include <contrastive/contrastive.hpp>
#include <vector>

std::vector<int> labels_of_batch();

auto fault(const Eigen::MatrixXf& z) {
  const contrastive::sup_con loss{.labels = labels_of_batch()};
  return contrastive::value(loss, z);
}
