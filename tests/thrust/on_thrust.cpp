// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the Thrust engine.
#include <support/on_thrust.hpp>

namespace contrastive::testing {

template <class T>
answer on_thrust(const any_loss& loss, const views<T>& embeddings, thrust_engine::evaluator<T>& evaluate, index_type gap) {
  const on_device<T> arguments(embeddings, gap);
  return std::visit([&](const auto& l) { return widened(evaluate.value_and_gradient(l, arguments.rows()), arguments.rows()); },
                    loss);
}

template answer on_thrust(const any_loss&, const views<float>&, thrust_engine::evaluator<float>&, index_type);

}  // namespace contrastive::testing
