// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the other files of this folder do, without their faults.
#include <contrastive/contrastive.hpp>
#include <vector>

auto control(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) {
  contrastive::evaluator<float> evaluate;
  evaluate.value(contrastive::nt_xent{}, a, b);
  const std::vector<int> labels(12, 1);
  const Eigen::MatrixXi meta = Eigen::MatrixXi::Zero(12, 3);
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Ones(12, 24);
  evaluate.value(contrastive::sup_con{.labels = labels}, a);
  evaluate.value(contrastive::sup_con{.labels = meta.col(0)}, a);
  evaluate.value(contrastive::weighted_info_nce{.weights = weights.leftCols(12)}, a, b);
  contrastive::weights_from(weights.leftCols(2), {}, contrastive::degradation_prior{});
  return contrastive::value_and_gradient(contrastive::nt_xent{}, a, b);
}
