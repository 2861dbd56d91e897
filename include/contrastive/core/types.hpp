// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The words that losses and engines share: indices and the choices a loss makes.
#pragma once

#include <contrastive/core/instruction_flags.hpp>
#include <cstddef>

/// Losses, what evaluates them, and what stands beside them.
namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Rows, columns and strides: 64 bits and signed, so that N² may pass 2³¹.
using index_type = std::ptrdiff_t;

/// How alike two rows are, s_ij.
enum class similarity {
  cosine,                     ///< a·c / (|a| |c|); a row with |a| < 1e-12 has similarity 0 to all and gradient 0
  dot,                        ///< a·c
  negative_squared_euclidean  ///< -|a - c|²
};

/// How the losses l_i of the anchors become one number.
enum class reduction {
  mean,  ///< Σ l_i / Σ mass_i; the mass, which the row rule says, is 1 for a valid anchor of nearly every loss
  sum,   ///< Σ l_i
  none   ///< the l_i are returned in `per_anchor`; `loss` and the gradients are those of their sum
};

/// Which rows are anchors and which are candidates. The rows of several arguments stand one after another.
enum class arrangement {
  all_against_all,     ///< every row of every argument is an anchor and a candidate
  first_against_all,   ///< anchors: the first argument; candidates: the first argument, then the others
  first_against_rest,  ///< anchors: the first argument; candidates: the other arguments
  both_ways            ///< two arguments a, b: the mean of a against b and b against a, from one similarity matrix
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
