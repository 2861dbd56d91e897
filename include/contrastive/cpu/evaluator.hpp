// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the CPU: value, value_and_gradient, and the evaluator that keeps its memory.
#pragma once

#include <array>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <initializer_list>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Evaluates losses and keeps its workspace and threads: from the second call of the same size on, nothing is allocated.
///
/// T is the scalar of the embeddings and of the results, float or double; an evaluator<float> also takes embeddings of 16
/// bits: Eigen::bfloat16 is multiplied as it is where the processor can, and else widened exactly, as is Eigen::half. Inside,
/// sums over many pairs are double.
/// The same input gives the same bits, whatever the number of threads. One evaluator serves one thread at a time.
/// Memory: two copies of the embeddings, some 150 bytes a row, a quarter of a MiB a thread, and at most
/// options::memory_budget for logits; nothing else grows with N². A third copy where gradients cannot be summed in the
/// memory that they go to: columns that are not contiguous, or not a multiple of the vectors' width (32 floats with AVX-512).
///
/// All calls throw std::invalid_argument, naming the argument, what was expected and what came, before anything is
/// written, and std::bad_alloc where memory runs out, likewise before anything is written. A NaN or an infinity in an
/// embedding gives a NaN loss and NaN gradients (with options::check_finite an error).
///
///   contrastive::evaluator<float> evaluate{{.threads = 2}};
///   const auto& r = evaluate.value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: evaluator<T> needs T = float or T = double");

 public:
  explicit evaluator(const options& how = {}) : evaluation_(cpu::make_evaluation<T>(how)) {}
  evaluator(const evaluator&) = delete;
  evaluator& operator=(const evaluator&) = delete;

  /// The loss alone.
  template <class L, class... E>
  T value(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, false, bf16_kernels<E...>()).loss;
  }

  /// The loss and all gradients. The result belongs to the evaluator and is good until its next call.
  template <class L, class... E>
  const result<T>& value_and_gradient(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, true, bf16_kernels<E...>());
  }

  /// The same, with the gradients written to the caller's memory: one view an embedding argument, of its shape (an empty
  /// view for an argument under no_gradient). They may overlap the embeddings, but not each other. `gradients` of the
  /// result is then empty.
  template <class L, class... E>
  const result<T>& value_and_gradient_into(std::initializer_list<matrix_view<T>> gradients, const L& loss,
                                           const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), gradients.begin(),
                    static_cast<int>(gradients.size()), true, bf16_kernels<E...>());
  }

  /// The three for a number of arguments known only at run time, such as views: value_and_gradient(nt_xent{}, views).
  template <class L>
  T value(const L& loss, const std::vector<matrix_view<const T>>& embeddings) {
    const auto arguments = collect(embeddings, nullptr);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, false, nullptr).loss;
  }
  template <class L>
  const result<T>& value_and_gradient(const L& loss, const std::vector<matrix_view<const T>>& embeddings) {
    const auto arguments = collect(embeddings, nullptr);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, true, nullptr);
  }
  /// Here an empty view in `gradients` says that this gradient is not wanted.
  template <class L>
  const result<T>& value_and_gradient_into(const std::vector<matrix_view<T>>& gradients, const L& loss,
                                           const std::vector<matrix_view<const T>>& embeddings) {
    const auto arguments = collect(embeddings, &gradients);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), gradients.data(),
                    static_cast<int>(gradients.size()), true, nullptr);
  }

 private:
  /// Only who passes bfloat16 pays for compiling these.
  template <class... E>
  static const cpu::bf16_kernel_table* bf16_kernels() {
    if constexpr ((detail::is_bfloat16<detail::scalar_of<E>> && ...))
      return cpu::bf16_kernels_for<T>();
    else
      return nullptr;
  }

  template <class L, class... E>
  static auto collect(const E&... embeddings) {
    static_assert(
        loss_function<L>,
        "contrastive: the first argument is no loss: it needs temperature, similarity, reduction, arrangement, pooling and "
        "denominator(i, j), positive(i, j); see contrastive::loss_function and docs/custom_loss.md");
    static_assert(sizeof...(E) > 0, "contrastive: a loss needs at least one matrix of embeddings");
    static_assert((embedding_argument<E> && ...),
                  "contrastive: embeddings must be Eigen matrices, maps, refs or blocks, or contrastive::matrix_view; "
                  "evaluate an expression into a matrix first");
    static_assert((std::is_same_v<detail::computed_scalar_of<E>, T> && ...),
                  "contrastive: all embeddings must have the evaluator's scalar type (float also takes types of 16 bits)");
    return std::array<detail::argument<T>, sizeof...(E)>{detail::as_argument(embeddings)...};
  }

  static std::vector<detail::argument<T>> collect(const std::vector<matrix_view<const T>>& embeddings,
                                                  const std::vector<matrix_view<T>>* gradients) {
    std::vector<detail::argument<T>> arguments;
    for (std::size_t a = 0; a < embeddings.size(); ++a) {
      const bool wanted = gradients == nullptr || a >= gradients->size() || (*gradients)[a].data != nullptr;
      arguments.push_back(detail::argument_of<T>(embeddings[a], wanted));
    }
    return arguments;
  }

  template <class L>
  const result<T>& evaluate(const L& loss, const detail::argument<T>* arguments, int count, const matrix_view<T>* gradients,
                            int num_gradients, bool with_gradients, const cpu::bf16_kernel_table* bf16) {
    const cpu::call<T> call{detail::loss_name<L>(),
                            loss.temperature,
                            loss.similarity,
                            loss.pooling,
                            loss.reduction,
                            loss.arrangement,
                            arguments,
                            count,
                            gradients,
                            num_gradients,
                            with_gradients,
                            bf16};
    const argument_shapes shapes = cpu::check_call(*evaluation_, call);
    auto pairs = detail::bind(loss, shapes);
    return cpu::evaluate_call(*evaluation_, call,
                              cpu::functions_of<T>(pairs, detail::ranges_of(loss.arrangement, shapes).num_candidates()));
  }

  cpu::evaluation_pointer<T> evaluation_;
};

namespace detail {

template <class First, class... Rest>
struct common_scalar {
  static_assert(embedding_argument<First> && (embedding_argument<Rest> && ...),
                "contrastive: embeddings must be Eigen matrices, maps, refs or blocks, or contrastive::matrix_view; "
                "evaluate an expression into a matrix first");
};
template <embedding_argument First, embedding_argument... Rest>
struct common_scalar<First, Rest...> {
  static_assert((std::is_same_v<computed_scalar_of<First>, computed_scalar_of<Rest>> && ...),
                "contrastive: all embeddings must have the same scalar type");
  using type = computed_scalar_of<First>;
};

}  // namespace detail

/// The loss of these embeddings. A call that is made often is cheaper through an evaluator.
template <class L, class... E>
auto value(const L& loss, const E&... embeddings) {
  return evaluator<typename detail::common_scalar<E...>::type>{}.value(loss, embeddings...);
}

/// The loss of these embeddings and its gradients with respect to each of them and to the temperature.
template <class L, class... E>
auto value_and_gradient(const L& loss, const E&... embeddings) {
  using T = typename detail::common_scalar<E...>::type;
  return result<T>(evaluator<T>{}.value_and_gradient(loss, embeddings...));
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
