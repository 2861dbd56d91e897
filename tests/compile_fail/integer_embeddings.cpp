// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Integers have no gradients.
#include <contrastive/contrastive.hpp>

auto fault(const Eigen::MatrixXi& a, const Eigen::MatrixXi& b) { return contrastive::value(contrastive::nt_xent{}, a, b); }
