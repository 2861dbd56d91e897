// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The nearest rows by cosine, and how often they know a row's class.
#pragma once

#include <vector>

#include "common/matrix.hpp"
#include "common/thread_team.hpp"

namespace examples {

/// The k nearest rows of each query, nearest first.
struct neighbours {
  Eigen::Matrix<int, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows;  // (queries, k) row numbers of the base
  matrix similarities;                                                       // (queries, k) cosines
};

/// Scales every row to length 1; a row of zeros stays.
void normalize_rows(matrix& rows);

/// Compares every query with every row of the base, both of unit rows, in blocks: the (queries, base) matrix is never
/// whole in memory. Equal similarities go by row number. With `leave_out_same`, base row i is no neighbour of query i.
neighbours nearest_neighbours(thread_team& team, const matrix& queries, const matrix& base, int k, bool leave_out_same = false);

/// The part of the queries whose neighbours' commonest class is theirs; of equally common classes the one with the larger
/// sum of similarities counts.
double neighbour_accuracy(const neighbours& found, const std::vector<int>& base_labels, const std::vector<int>& query_labels);

}  // namespace examples
