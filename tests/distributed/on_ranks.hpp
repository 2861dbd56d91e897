// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A whole problem cut into those of ranks, and what one rank makes of its part beside what one process makes of the whole.
#pragma once

#include <contrastive/core/options.hpp>
#include <contrastive/distributed/communicator.hpp>
#include <functional>
#include <string>
#include <support/answer.hpp>
#include <support/any_loss.hpp>
#include <thread>
#include <vector>

namespace contrastive::testing {

/// Rank r has rows bounds[a][r] to bounds[a][r + 1] of argument a; those of a replicated one are all on each.
struct cut {
  std::vector<std::vector<index_type>> bounds;
  bool replicated_last = false;

  index_type begin(std::size_t argument, int rank) const { return bounds[argument][static_cast<std::size_t>(rank)]; }
  index_type rows(std::size_t argument, int rank) const { return begin(argument, rank + 1) - begin(argument, rank); }
  bool replicated(std::size_t argument) const { return replicated_last && argument + 1 == bounds.size(); }
};

/// Cuts at random, so that ranks have no rows now and then, and views of a sample lie on different ranks.
template <class T>
cut cut_rows(const any_loss& loss, const views<T>& rows, int ranks, std::uint64_t seed);

/// The largest error of what this rank gets, scaled as in agreement.hpp, against `whole`; 0 is none.
template <class T>
double error_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows, const cut& where,
                     const answer& whole);

}  // namespace contrastive::testing
