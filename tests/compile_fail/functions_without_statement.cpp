// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A tiled range that nobody would ask for.
#include <contrastive/engine/loss_concept.hpp>

struct silent {
  double denominator(contrastive::index_type, contrastive::index_type) const { return 1; }
  double positive(contrastive::index_type, contrastive::index_type) const { return 1; }
  contrastive::index_type tiled_begin() const { return 0; }
  contrastive::index_type tiled_end() const { return 5; }
};

constexpr auto fault = contrastive::detail::statements_of<silent>();
