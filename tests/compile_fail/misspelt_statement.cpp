// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A statement that no engine would read.
#include <contrastive/engine/loss_concept.hpp>

constexpr contrastive::pair_statements says{.symetric = true};
