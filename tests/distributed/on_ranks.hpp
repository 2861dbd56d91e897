// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A whole problem cut into those of ranks, and what one rank makes of its part beside what one process makes of the whole.
#pragma once

#include <contrastive/distributed/evaluator.hpp>
#include <string>
#include <support/answer.hpp>
#include <support/any_loss.hpp>
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

/// Cuts at random, so that ranks have no rows now and then, and views of a sample lie on different ranks. Rank `without_rows`,
/// if there is one, has none.
template <class T>
cut cut_rows(const any_loss& loss, const views<T>& rows, int ranks, std::uint64_t seed, int without_rows = -1);

/// The call that `rank` makes: with its rows, and with the entries of the loss's lists that are theirs. `into`: the memory for
/// its gradients.
template <class T>
const result<T>& call(distributed::evaluator<T>& on_ranks, int rank, const any_loss& loss, const views<T>& rows,
                      const cut& where, const std::vector<matrix_view<T>>* into = nullptr);

/// The largest error of what this rank gets, scaled as in agreement.hpp, against `whole`; 0 is none.
template <class T>
double error_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows, const cut& where,
                     const answer& whole);

/// In words, what is wrong with what this rank gets; nothing: "". It has to be `whole` to rounding, as docs/distributed.md
/// says, the same bits by a second call and by another evaluator, and, what all ranks share, on all of them.
template <class T>
std::string fault_on_rank(const distributed::any_communicator& ranks, const any_loss& loss, const views<T>& rows,
                          const cut& where, const answer& whole);

/// Every loss in both scalars, a rank being without rows: prints what is wrong on this rank, returns how many times. In every
/// form that it has, and in further settings, or only in one.
int count_faults(const distributed::any_communicator& ranks, bool every_form);

}  // namespace contrastive::testing
