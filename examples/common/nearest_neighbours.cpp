// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Exhaustive search by blocks of matrix products.
#include "common/nearest_neighbours.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace examples {
namespace {

// A block of products of 128 x 1024 floats is 512 KiB: it stays in the second cache until it has been looked through.
constexpr index query_block = 128, base_block = 1024;

/// Puts (similarity, row) into a list kept in order, dropping its last.
void insert(float* similarities, int* rows, int k, float similarity, int row) {
  int at = k - 1;
  for (; at > 0 && similarities[at - 1] < similarity; --at) {
    similarities[at] = similarities[at - 1];
    rows[at] = rows[at - 1];
  }
  similarities[at] = similarity;
  rows[at] = row;
}

}  // namespace

void normalize_rows(matrix& rows) {
  for (index r = 0; r < rows.rows(); ++r) {
    const float length = rows.row(r).norm();
    if (length > 0) rows.row(r) /= length;
  }
}

neighbours nearest_neighbours(thread_team& team, const matrix& queries, const matrix& base, int k, bool leave_out_same) {
  if (queries.cols() != base.cols())
    throw std::invalid_argument("nearest_neighbours: queries and base have rows of different length");
  if (k < 1 || k > base.rows() - (leave_out_same ? 1 : 0))
    throw std::invalid_argument("nearest_neighbours: k must be from 1 to the rows of the base, got " + std::to_string(k));
  neighbours found;
  found.rows.setConstant(queries.rows(), k, -1);
  found.similarities.setConstant(queries.rows(), k, -2);  // below every cosine
  team.for_blocks(queries.rows(), query_block, [&](index first, index length) {
    matrix products;
    for (index b = 0; b < base.rows(); b += base_block) {
      const index width = std::min(base_block, base.rows() - b);
      products.noalias() = queries.middleRows(first, length) * base.middleRows(b, width).transpose();
      for (index q = 0; q < length; ++q) {
        float* similarities = found.similarities.row(first + q).data();
        int* rows = found.rows.row(first + q).data();
        const float* candidates = products.row(q).data();
        for (index c = 0; c < width; ++c)
          if (candidates[c] > similarities[k - 1] && !(leave_out_same && b + c == first + q))
            insert(similarities, rows, k, candidates[c], static_cast<int>(b + c));
      }
    }
  });
  if (found.rows.minCoeff() < 0) throw std::runtime_error("nearest_neighbours: a row is not a number");
  return found;
}

double neighbour_accuracy(const neighbours& found, const std::vector<int>& base_labels, const std::vector<int>& query_labels) {
  std::size_t right = 0;
  for (index q = 0; q < found.rows.rows(); ++q) {
    std::map<int, std::pair<int, float>> votes;
    for (index n = 0; n < found.rows.cols(); ++n) {
      auto& [count, sum] = votes[base_labels[static_cast<std::size_t>(found.rows(q, n))]];
      ++count;
      sum += found.similarities(q, n);
    }
    const auto winner =
        std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    right += winner->first == query_labels[static_cast<std::size_t>(q)];
  }
  return static_cast<double>(right) / static_cast<double>(found.rows.rows());
}

}  // namespace examples
