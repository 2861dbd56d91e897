// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A view does not keep what it looks at.
#include <contrastive/contrastive.hpp>

Eigen::MatrixXf encoded();

contrastive::matrix_view<const float> fault() { return encoded(); }
