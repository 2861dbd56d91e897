// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// check_gradient of any loss.
#pragma once

#include <contrastive/check_gradient.hpp>
#include <support/any_loss.hpp>

namespace contrastive::testing {

/// Defined in definition.cpp.
gradient_check checked_gradient(const any_loss& loss, const views<double>& embeddings);

}  // namespace contrastive::testing
