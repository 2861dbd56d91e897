// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A list lives no longer than the statement.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXf& z) {
  const contrastive::sup_con loss{.labels = {0, 0, 1, 1}};
  return contrastive::value(loss, z);
}
