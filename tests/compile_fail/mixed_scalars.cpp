// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Embeddings of float and of double do not go together.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXf& a, const Eigen::MatrixXd& b) { return contrastive::value(contrastive::nt_xent{}, a, b); }
