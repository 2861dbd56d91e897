// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Nor can a column be looked at that was copied out of its matrix.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXf& z, const Eigen::MatrixXi& meta) {
  const contrastive::sup_con loss{.labels = meta.col(0).eval()};
  return contrastive::value(loss, z);
}
