// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// An evaluator of float takes no embeddings of double.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  contrastive::evaluator<float> evaluate;
  return evaluate.value(contrastive::nt_xent{}, a, b);
}
