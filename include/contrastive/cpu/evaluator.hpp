// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the CPU: value, value_and_gradient, and the evaluator that keeps its memory.
#pragma once

#include <algorithm>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Evaluates losses and keeps its workspace and threads: from the second call of the same size on, nothing is allocated.
///
/// T is the scalar of the embeddings and of the results, float or double; an evaluator<float> also takes embeddings of 16
/// bits: Eigen::bfloat16 is multiplied as it is where the processor can, and else widened exactly, as is Eigen::half. Inside,
/// sums over many pairs are double.
/// The same input gives the same bits, whatever the number of threads. One evaluator serves one thread at a time.
/// Memory: two copies of the embeddings, some 150 bytes a row (190 for losses with labels), a quarter of a MiB a thread, and at
/// most options::memory_budget for logits; nothing else grows with N². A third copy where gradients cannot be summed in the
/// memory that they go to: columns that are not contiguous, or not a multiple of the vectors' width (32 floats with AVX-512).
///
/// Embeddings are Eigen matrices, maps, refs or blocks, matrix_view, or a std::vector of any of these, which stands for all of
/// its matrices: evaluate.value(nt_xent{}, views).
/// It can be moved, and so can a class that has one as a member. An evaluator that was moved from refuses calls until it is
/// assigned to.
///
/// All calls throw
///   - std::invalid_argument where something does not fit, naming the argument, what was expected and what came: shapes, the
///     temperature, what the loss refuses, a candidate that it lists and that is not there; before anything is written;
///   - std::bad_alloc where memory runs out, likewise before anything is written;
///   - std::logic_error for a call in the middle of another one, by a second thread or by the loss itself: this call
///     writes nothing;
///   - what a function of the loss throws; of several exceptions the first. The evaluator can be used again, but its last
///     result is lost. Memory for gradients is untouched, except where gradients are summed in it (see above): it then holds
///     partial sums.
/// In files compiled with -fno-exceptions the first and the third go to the handler of set_error_handler.
///
/// Edges: an anchor of mass 0, as of a softmax without a positive, has loss 0 and gives no gradient; without any that has a
/// mass all results are 0. Where the only candidate is a listed positive, loss and gradients are exactly 0. A NaN or an
/// infinity in an embedding makes loss, gradients and per_anchor NaN (with options::check_finite it is refused).
///
///   contrastive::evaluator<float> evaluate{{.threads = 2}};
///   const auto& r = evaluate.value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: evaluator<T> needs T = float or T = double");

 public:
  /// With the default options.
  evaluator() : evaluator(options{}) {}
  /// With these options. Throws std::invalid_argument for a negative number of threads.
  explicit evaluator(const options& how) : evaluation_(cpu::make_evaluation<T>(how)) {}
  evaluator(const evaluator&) = delete;
  evaluator& operator=(const evaluator&) = delete;
  /// Takes over memory, threads and the last result.
  evaluator(evaluator&&) noexcept = default;
  /// Likewise.
  evaluator& operator=(evaluator&&) noexcept = default;

  /// The loss alone: of matrices (rows, d) as the loss asks for them, in nats, reduced as it says. With reduction::none it is
  /// the sum of the losses.
  ///
  ///   contrastive::evaluator<float> evaluate;
  ///   const float loss = evaluate.value(contrastive::nt_xent{}, z1, z2);
  template <class L, class... E>
  T value(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments, nullptr, 0, false, bf16_kernels<E...>()).loss;
  }

  /// The loss and all gradients: gradients[a] is row-major, of the shape of matrix a, and empty under no_gradient. The result
  /// belongs to the evaluator and is valid until its next call.
  template <class L, class... E>
  const result<T>& value_and_gradient(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments, nullptr, 0, true, bf16_kernels<E...>());
  }

  /// The same, with the gradients written to the caller's memory: one view an embedding argument, of its shape (an empty
  /// view for an argument under no_gradient, and for a matrix of a std::vector whose gradient is not wanted). They may overlap
  /// the embeddings, which are read before, but not each other: that is refused, as are other shapes. `gradients` of the
  /// result is then empty.
  ///
  ///   Rows g(2 * n, d);
  ///   contrastive::evaluator<float> evaluate;
  ///   evaluate.value_and_gradient_into({g.topRows(n), g.bottomRows(n)}, contrastive::nt_xent{}, z1, z2);
  template <class L, class... E>
  const result<T>& value_and_gradient_into(std::initializer_list<matrix_view<T>> gradients, const L& loss,
                                           const E&... embeddings) {
    return evaluate_into(gradients.begin(), gradients.size(), loss, embeddings...);
  }
  /// The same, with as many views as are known at run time.
  template <class L, class... E>
  const result<T>& value_and_gradient_into(const std::vector<matrix_view<T>>& gradients, const L& loss,
                                           const E&... embeddings) {
    return evaluate_into(gradients.data(), gradients.size(), loss, embeddings...);
  }
  /// The same, into matrices.
  template <strided_matrix G, class L, class... E>
  const result<T>& value_and_gradient_into(std::vector<G>& gradients, const L& loss, const E&... embeddings) {
    const std::vector<matrix_view<T>> views(gradients.begin(), gradients.end());
    return evaluate_into(views.data(), views.size(), loss, embeddings...);
  }

 private:
  template <class L, class... E>
  const result<T>& evaluate_into(const matrix_view<T>* gradients, std::size_t num_gradients, const L& loss,
                                 const E&... embeddings) {
    auto arguments = collect<L>(embeddings...);
    if (num_gradients == 0 && arguments.size() > 0)  // a null pointer would ask for the result's own
      detail::refuse(detail::loss_name<L>(), "gradients",
                     std::to_string(arguments.size()) + " views, one an embedding argument", num_gradients);
    if constexpr ((detail::is_vector<E> || ...))
      for (std::size_t a = 0; a < std::min(arguments.size(), num_gradients); ++a)
        if (gradients[a].data == nullptr) arguments[a].needs_gradient = false;
    return evaluate(loss, arguments, gradients, static_cast<int>(num_gradients), true, bf16_kernels<E...>());
  }

  /// Only who passes bfloat16 pays for compiling these.
  template <class... E>
  static const cpu::bf16_kernel_table* bf16_kernels() {
    if constexpr ((detail::is_bfloat16<detail::scalar_of<detail::matrix_of<E>>> && ...))
      return cpu::bf16_kernels_for<T>();
    else
      return nullptr;
  }

  template <class L, class... E>
  static auto collect(const E&... embeddings) {
    static_assert(detail::check_loss<L>());
    static_assert(sizeof...(E) > 0, "contrastive: a loss needs at least one matrix of embeddings");
    static_assert((embedding_argument<detail::matrix_of<E>> && ...),
                  "contrastive: embeddings must be Eigen matrices, maps, refs or blocks, or contrastive::matrix_view; "
                  "evaluate an expression into a matrix first");
    static_assert((std::is_same_v<detail::computed_scalar_of<detail::matrix_of<E>>, T> && ...),
                  "contrastive: all embeddings must have the evaluator's scalar type (float also takes types of 16 bits)");
    return detail::arguments_of<T>(embeddings...);
  }

  template <class L, class Arguments>
  const result<T>& evaluate(const L& loss, const Arguments& arguments, const matrix_view<T>* gradients, int num_gradients,
                            bool with_gradients, const cpu::bf16_kernel_table* bf16) {
    cpu::problem<T> p{};
    p.arguments = arguments.data(), p.count = static_cast<int>(arguments.size());
    p.gradients = gradients, p.num_gradients = num_gradients, p.with_gradients = with_gradients;
    p.bf16 = bf16;
    return cpu::evaluate_loss(evaluation_.get(), loss, p);
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

/// The loss of these embeddings, in nats, reduced as the loss says. With reduction::none it is the sum of the losses.
/// Embeddings: matrices (rows, d) of float, double or 16 bits, as many and of such shapes as the loss asks for: Eigen matrices,
/// maps, refs or blocks (no expressions), matrix_view, or a std::vector of these. They are only read. The value is float for
/// types of 16 bits. Errors and edges are those of `evaluator`. Use an evaluator for a call that is made often: it is cheaper.
///
///   const float loss = contrastive::value(contrastive::sup_con{.temperature = 0.1, .labels = labels}, z);
template <class L, class... E>
auto value(const L& loss, const E&... embeddings) {
  return evaluator<typename detail::common_scalar<detail::matrix_of<E>...>::type>{}.value(loss, embeddings...);
}

/// The loss of these embeddings and its gradients with respect to each of them, to the temperature, and to the bias of a loss
/// that has one: a result of the caller's own. gradients[a] is dloss/d(embeddings a), row-major, of their shape, empty under
/// no_gradient; a std::vector of matrices counts as so many arguments. per_anchor has the loss of each anchor with
/// reduction::none, whose gradients are those of the sum. Embeddings, errors and edges as of `value` and `evaluator`.
///
///   const auto r = contrastive::value_and_gradient(contrastive::siglip{.bias = -10.0}, images, texts);
///   const auto& by_images = r.gradients[0];
///   const float by_bias = r.bias_gradient;
template <class L, class... E>
auto value_and_gradient(const L& loss, const E&... embeddings) {
  using T = typename detail::common_scalar<detail::matrix_of<E>...>::type;
  return cpu::copy_of(evaluator<T>{}.value_and_gradient(loss, embeddings...));
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
