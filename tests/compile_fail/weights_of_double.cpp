// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Weights are float, whatever the embeddings are.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXd& q, const Eigen::MatrixXd& k, const Eigen::MatrixXd& weights) {
  return contrastive::value(contrastive::weighted_info_nce{.weights = weights}, q, k);
}
