// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The definition of every loss, and what check_gradient says of it.
#include <support/checked_gradient.hpp>
#include <support/naive_answer.hpp>

namespace contrastive::testing {

template <class T>
answer by_definition(const any_loss& loss, const views<T>& embeddings) {
  return std::visit([&](const auto& l) { return naive_answer(l, embeddings); }, loss);
}

template answer by_definition(const any_loss&, const views<float>&);
template answer by_definition(const any_loss&, const views<double>&);

gradient_check checked_gradient(const any_loss& loss, const views<double>& embeddings) {
  return std::visit([&](const auto& l) { return check_gradient(l, embeddings); }, loss);
}

}  // namespace contrastive::testing
