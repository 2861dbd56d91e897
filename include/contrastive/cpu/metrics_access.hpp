// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How metrics.hpp reaches the pass over the pairs, which a separate engine compiles.
#pragma once

#include <contrastive/core/options.hpp>
#include <contrastive/cpu/problem.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {
inline namespace engine_of_the_same_flags {

// The problem has what the caller gave: a name for errors, arguments, arrangement, similarity and temperature.
template <class T>
double alignment_of(const problem<T>& p, const options& how);
template <class T>
double uniformity_of(const problem<T>& p, const options& how);
template <class T>
double recall_of(const problem<T>& p, index_type rank, const options& how);
template <class T>
double effective_negatives_of(const problem<T>& p, const options& how);

}  // namespace engine_of_the_same_flags
}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive

#if !defined(CONTRASTIVE_SEPARATE_ENGINE)
#include <contrastive/cpu/metrics.hpp>
#endif
