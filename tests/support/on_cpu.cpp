// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the CPU engine.
#include <support/engines.hpp>

namespace contrastive::testing {
namespace {

/// One, two or three arguments as a user writes them, for a std::vector of them is allocated for; more as a std::vector.
template <class V, class F>
decltype(auto) spread(const std::vector<V>& e, F f) {
  if (e.size() == 1) return f(e[0]);
  if (e.size() == 2) return f(e[0], e[1]);
  if (e.size() == 3) return f(e[0], e[1], e[2]);
  return f(e);
}

}  // namespace

template <class T, class S>
const result<T>& call(evaluator<T>& evaluate, const any_loss& loss, const std::vector<matrix_view<const S>>& e) {
  return std::visit(
      [&](const auto& l) -> const result<T>& {
        return spread(e, [&](const auto&... rows) -> const result<T>& { return evaluate.value_and_gradient(l, rows...); });
      },
      loss);
}
template <class T>
const result<T>& call_into(evaluator<T>& evaluate, const std::vector<matrix_view<T>>& out, const any_loss& loss,
                           const views<T>& e) {
  return std::visit(
      [&](const auto& l) -> const result<T>& {
        return spread(
            e, [&](const auto&... rows) -> const result<T>& { return evaluate.value_and_gradient_into(out, l, rows...); });
      },
      loss);
}
template <class T>
T value_on_cpu(evaluator<T>& evaluate, const any_loss& loss, const views<T>& e) {
  return std::visit([&](const auto& l) { return spread(e, [&](const auto&... rows) { return evaluate.value(l, rows...); }); },
                    loss);
}

template const result<float>& call(evaluator<float>&, const any_loss&, const views<float>&);
template const result<double>& call(evaluator<double>&, const any_loss&, const views<double>&);
template const result<float>& call(evaluator<float>&, const any_loss&, const views<Eigen::bfloat16>&);
template const result<float>& call_into(evaluator<float>&, const std::vector<matrix_view<float>>&, const any_loss&,
                                        const views<float>&);
template const result<double>& call_into(evaluator<double>&, const std::vector<matrix_view<double>>&, const any_loss&,
                                         const views<double>&);
template float value_on_cpu(evaluator<float>&, const any_loss&, const views<float>&);
template double value_on_cpu(evaluator<double>&, const any_loss&, const views<double>&);

}  // namespace contrastive::testing
