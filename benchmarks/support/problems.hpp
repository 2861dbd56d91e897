// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the losses are timed on: how many rows of input of which size N, the pairs they make, and the least work for those.
#pragma once

#include <contrastive/core/matrix_view.hpp>
#include <vector>

namespace contrastive::benchmarks {

/// Multiply-adds a loss cannot do without when it keeps no logits, in units of pairs × d.
struct least_work {
  double value, value_and_gradient;
};

/// N anchors, each with N candidates.
struct square_problem {
  static constexpr index_type largest = 65536;
  index_type n;

  explicit square_problem(index_type anchors) : n(anchors) {}
  double num_pairs() const { return static_cast<double>(n) * static_cast<double>(n); }
};

/// N rows against themselves: one dot product an unordered pair (1/2), once more for the gradient, and W Z.
struct rows_with_themselves : square_problem {
  using square_problem::square_problem;
  static constexpr least_work work{0.5, 2};
  index_type num_rows() const { return n; }
};

/// N rows of some classes, row i of class i mod classes, and behind them a row a class.
struct classified_rows : rows_with_themselves {
  index_type classes;
  std::vector<int> labels;

  classified_rows(index_type rows, index_type how_many) : rows_with_themselves(rows), classes(how_many) {
    for (index_type i = 0; i < rows; ++i) labels.push_back(static_cast<int>(i % classes));
  }
  index_type num_rows() const { return n + classes; }
};

struct ten_classes : classified_rows {
  explicit ten_classes(index_type rows) : classified_rows(rows, 10) {}
};

/// N/4 classes.
struct classes_of_four : classified_rows {
  explicit classes_of_four(index_type rows) : classified_rows(rows, rows / 4) {}
};

/// N queries against N keys, which follow them: S, S again, W K and Wᵀ Q.
struct queries_with_keys : square_problem {
  using square_problem::square_problem;
  static constexpr least_work work{1, 4};
  index_type num_rows() const { return 2 * n; }
};

}  // namespace contrastive::benchmarks
