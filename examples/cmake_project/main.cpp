// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The smallest program: two views of one thing have loss 0, equal rows of N things log(2N - 1).
#include <Eigen/Core>
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <cstdio>

int main() {
  const Eigen::MatrixXf z1 = Eigen::MatrixXf::Ones(8, 4), z2 = z1;
  const auto r = contrastive::value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
  std::printf("contrastive %d.%d.%d: nt_xent of 8 equal pairs = %.6f, log(15) = %.6f\n", CONTRASTIVE_VERSION_MAJOR,
              CONTRASTIVE_VERSION_MINOR, CONTRASTIVE_VERSION_PATCH, static_cast<double>(r.loss), std::log(15.0));
  return std::fabs(static_cast<double>(r.loss) - std::log(15.0)) < 1e-5 ? 0 : 1;
}
