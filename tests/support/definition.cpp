// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The definition of every loss, and what check_gradient says of it.
#include <support/checked_gradient.hpp>
#include <support/naive_answer.hpp>

namespace contrastive::testing {

answer by_definition(const any_loss& loss, const views<double>& embeddings) {
  return std::visit([&](const auto& l) { return naive_answer(l, embeddings); }, loss);
}
/// On the same numbers as double, which the definition computes in.
answer by_definition(const any_loss& loss, const views<float>& embeddings) {
  std::vector<matrix<double>> wide;
  for (const auto& e : embeddings) {
    wide.emplace_back(e.rows, e.cols);
    for (index_type r = 0; r < e.rows; ++r)
      for (index_type c = 0; c < e.cols; ++c) wide.back()(r, c) = static_cast<double>(e(r, c));
  }
  return by_definition(loss, views<double>(wide.begin(), wide.end()));
}

gradient_check checked_gradient(const any_loss& loss, const views<double>& embeddings) {
  return std::visit([&](const auto& l) { return check_gradient(l, embeddings); }, loss);
}

}  // namespace contrastive::testing
