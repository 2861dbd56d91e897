// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the CPU: value, value_and_gradient, and the evaluator that keeps its memory.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/engine.hpp>
#include <contrastive/cpu/kernels/bf16_kernels.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace contrastive::inline CONTRASTIVE_FLAGS {

/// Evaluates losses and keeps its workspace and threads: from the second call of the same size on, nothing is allocated.
///
/// T is the scalar of the embeddings and of the results, float or double; an evaluator<float> also takes embeddings of 16
/// bits (Eigen::half, Eigen::bfloat16), which it widens exactly. Inside, sums over many pairs are double.
/// The same input gives the same bits, whatever the number of threads. One evaluator serves one thread at a time.
/// Memory: about three copies of the embeddings, some numbers a row, half a MiB a thread, and at most options::memory_budget
/// for logits; nothing else grows with N².
///
/// All calls throw std::invalid_argument, naming the argument, what was expected and what came, before anything is
/// written, and std::bad_alloc where memory runs out, likewise before anything is written. A NaN or an infinity in an
/// embedding gives a NaN loss and NaN gradients (with options::check_finite an error).
///
///   contrastive::evaluator<float> evaluate{{.threads = 2}};
///   const auto& r = evaluate.value_and_gradient(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "contrastive: evaluator<T> needs T = float or T = double");

 public:
  explicit evaluator(const options& how = {}) : options_(how), engine_(how.threads, how.memory_budget) {
    if (how.threads < 0) detail::refuse("options", "threads", "0 (all) or more", how.threads);
  }
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
  const result<T>& value_and_gradient_into(std::initializer_list<matrix_view<T>> gradients, const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), gradients.begin(), static_cast<int>(gradients.size()), true,
                    bf16_kernels<E...>());
  }

  /// For a number of arguments known only at run time, such as views: value_and_gradient(nt_xent{}, views).
  template <class L>
  const result<T>& value_and_gradient(const L& loss, const std::vector<matrix_view<const T>>& embeddings) {
    std::vector<detail::argument<T>> arguments;
    for (const auto& rows : embeddings) arguments.push_back(detail::argument_of<T>(rows, true));
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, true, nullptr);
  }

 private:
  /// Only who passes bfloat16 pays for compiling these.
  template <class... E>
  static const cpu::bf16_kernel_table* bf16_kernels() {
    if constexpr ((detail::is_bfloat16<detail::scalar_of<E>> && ...))
      return cpu::best_bf16_kernels();
    else
      return nullptr;
  }

  template <class L, class... E>
  static auto collect(const E&... embeddings) {
    static_assert(loss_function<L>,
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

  template <class L>
  const result<T>& evaluate(const L& loss, const detail::argument<T>* arguments, int count, const matrix_view<T>* gradients,
                            int num_gradients, bool with_gradients, const cpu::bf16_kernel_table* bf16) {
    constexpr const char* who = detail::loss_name<L>();
    shapes_.clear();
    for (int a = 0; a < count; ++a) shapes_.push_back({arguments[a].rows, arguments[a].cols});
    const argument_shapes shapes{shapes_.data(), count};
    detail::check_arguments(who, loss.temperature, loss.arrangement, shapes);
    for (int a = 0; a < count; ++a)
      if (arguments[a].data == nullptr) detail::refuse(who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
    auto pairs = detail::bind(loss, shapes);
    if (gradients != nullptr) check_outputs(who, arguments, count, gradients, num_gradients);
    if (options_.check_finite) check_finite(who, arguments, count);

    const reduction reduce = loss.reduction;
    const auto ranges = detail::ranges_of(loss.arrangement, shapes);
    const auto losses = static_cast<std::size_t>(reduce == reduction::none ? ranges.num_anchors() : 0);
    const bool own_gradients = with_gradients && gradients == nullptr;
    result<T> fresh;  // of another size than the last result: that one stays until nothing can fail any more
    const bool fits = result_.per_anchor.size() == losses && (!own_gradients || gradients_fit(arguments, count));
    result<T>& to = fits ? result_ : fresh;
    outputs_.clear();
    if (gradients != nullptr) outputs_.assign(gradients, gradients + count);
    if (own_gradients) {
      to.gradients.resize(static_cast<std::size_t>(count));
      for (int a = 0; a < count; ++a) {
        auto& g = to.gradients[static_cast<std::size_t>(a)];
        arguments[a].needs_gradient ? g.resize(shapes[a].rows, shapes[a].cols) : g.resize(0, 0);
        outputs_.push_back(g);
      }
    }
    to.per_anchor.resize(losses);
    const cpu::request<T> request{arguments, count, ranges, loss.temperature, loss.similarity, loss.pooling, reduce,
                                  loss.arrangement == arrangement::both_ways, with_gradients ? outputs_.data() : nullptr,
                                  losses > 0 ? to.per_anchor.data() : nullptr, bf16};
    const cpu::outcome out = engine_.run(pairs, request);
    to.loss = static_cast<T>(out.loss);
    to.temperature_gradient = static_cast<T>(out.temperature_gradient);
    to.valid_anchors = out.valid_anchors;
    if (!fits) {
      if (!own_gradients) fresh.gradients.swap(result_.gradients);
      result_ = std::move(fresh);
    }
    if (gradients != nullptr) result_.gradients.clear();
    return result_;
  }

  /// Has the last result room for these gradients?
  bool gradients_fit(const detail::argument<T>* arguments, int count) const {
    if (result_.gradients.size() != static_cast<std::size_t>(count)) return false;
    for (int a = 0; a < count; ++a) {
      const auto& g = result_.gradients[static_cast<std::size_t>(a)];
      const bool needed = arguments[a].needs_gradient;
      if (g.rows() != (needed ? arguments[a].rows : 0) || g.cols() != (needed ? arguments[a].cols : 0)) return false;
    }
    return true;
  }

  static void check_outputs(const char* who, const detail::argument<T>* arguments, int count, const matrix_view<T>* gradients,
                            int num_gradients) {
    if (num_gradients != count) detail::refuse(who, "gradients", std::to_string(count) + " views, one an embedding argument", num_gradients);
    const auto span = [](const matrix_view<T>& g) {
      const T* last = g.data + (g.rows - 1) * g.row_stride + (g.cols - 1) * g.col_stride;
      return std::pair<const T*, const T*>(std::min<const T*>(g.data, last), std::max<const T*>(g.data, last));
    };
    for (int a = 0; a < count; ++a) {
      if (!arguments[a].needs_gradient) continue;
      const index rows = arguments[a].rows, cols = arguments[a].cols;
      if (gradients[a].data == nullptr || gradients[a].rows != rows || gradients[a].cols != cols)
        detail::refuse(who, "gradients[" + std::to_string(a) + "]", "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")",
                       "(" + std::to_string(gradients[a].rows) + ", " + std::to_string(gradients[a].cols) + ")");
      for (int b = 0; b < a; ++b) {
        if (!arguments[b].needs_gradient) continue;
        const auto one = span(gradients[a]), other = span(gradients[b]);
        if (one.first <= other.second && other.first <= one.second)
          detail::refuse(who, "gradients[" + std::to_string(a) + "]", "memory of its own", "memory that overlaps gradients[" + std::to_string(b) + "]");
      }
    }
  }

  static void check_finite(const char* who, const detail::argument<T>* arguments, int count) {
    for (int a = 0; a < count; ++a)
      for (index r = 0; r < arguments[a].rows; ++r)
        for (index c = 0; c < arguments[a].cols; ++c) {
          T v;
          arguments[a].read(r, c, 1, &v);
          if (!std::isfinite(v)) detail::refuse(who, "argument " + std::to_string(a + 1) + ", row " + std::to_string(r), "finite numbers", v);
        }
  }

  options options_;
  cpu::engine<T> engine_;
  std::vector<shape> shapes_;
  std::vector<matrix_view<T>> outputs_;
  result<T> result_;
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

}  // namespace contrastive::inline CONTRASTIVE_FLAGS
