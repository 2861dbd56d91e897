// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the other files of this folder do, without their faults.
#include <contrastive/contrastive.hpp>

auto control(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) {
  contrastive::evaluator<float> evaluate;
  evaluate.value(contrastive::nt_xent{}, a, b);
  return contrastive::value_and_gradient(contrastive::nt_xent{}, a, b);
}
