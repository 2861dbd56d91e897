// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A struct without pair weights is no loss.
#include <contrastive/contrastive.hpp>

struct only_a_temperature {
  double temperature = 1;
};

auto fault(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) { return contrastive::value(only_a_temperature{}, a, b); }
