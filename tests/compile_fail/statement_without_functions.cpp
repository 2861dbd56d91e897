// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Lists are promised, and none is there.
#include <contrastive/engine/loss_concept.hpp>

struct no_list {
  static constexpr contrastive::pair_statements says{.lists = true};
  double denominator(contrastive::index_type, contrastive::index_type) const { return 1; }
  double positive(contrastive::index_type, contrastive::index_type) const { return 1; }
};

constexpr auto fault = contrastive::detail::statements_of<no_list>();
