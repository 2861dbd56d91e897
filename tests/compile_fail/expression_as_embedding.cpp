// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// An expression is no matrix: its elements are nowhere in memory.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) {
  return contrastive::value_and_gradient(contrastive::nt_xent{}, a, 2.0f * b);
}
