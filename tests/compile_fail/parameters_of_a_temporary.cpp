// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Parameters that nobody keeps are gone before the loss reads them.
#include <contrastive/contrastive.hpp>

Eigen::MatrixXf parameters_of_batch();

auto fault() {
  return contrastive::weights_from(parameters_of_batch(), contrastive::matrix_view<const float>{},
                                   contrastive::degradation_prior{});
}
