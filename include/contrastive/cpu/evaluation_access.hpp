// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How the evaluator reaches the engine. Where CONTRASTIVE_SEPARATE_ENGINE is defined this is all that a file sees of it, and
// one file of the program compiles it and the library's losses, by including contrastive/separate_engine.hpp.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/problem.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
class evaluation;

/// What a separate engine defines. The linker names this namespace where it finds none of it: the program's engine was compiled
/// with other -m flags than the file that asks, or other ones of -ffast-math and -fno-exceptions.
inline namespace engine_of_the_same_flags {

template <class T>
evaluation<T>* make_evaluation(const options& how);
template <class T>
void destroy_evaluation(evaluation<T>* e);
template <class T>
void begin_call(evaluation<T>& e);
template <class T>
void end_call(evaluation<T>& e);
template <class T>
argument_shapes check_call(evaluation<T>& e, const problem<T>& p);
template <class T>
const result<T>& evaluate_call(evaluation<T>& e, const problem<T>& p, const loss_functions<T>& f);
/// Some of the anchors of a larger problem against some of its candidates, see call_part.
template <class T>
outcome run_part(evaluation<T>& e, const problem<T>& p, const loss_functions<T>& f);
/// The kernels for bfloat16 that are the fastest here, or null; T is float.
template <class T>
const bf16_kernel_table* bf16_kernels_for();

/// A copy for the caller: what copies matrices is compiled with the engine.
template <class T>
result<T> copy_of(const result<T>& r);

/// One call of an evaluator. The problem has what the caller gave: arguments and where gradients go; the rest is the loss's.
/// Null stands for an evaluator that was moved from.
template <class T, class L>
const result<T>& evaluate_loss(evaluation<T>* e, const L& loss, problem<T> p);

}  // namespace engine_of_the_same_flags

/// Owns an evaluation as std::unique_ptr would, without <memory>: a twentieth of the time that a caller's file takes to
/// compile.
template <class T>
class evaluation_pointer {
 public:
  explicit evaluation_pointer(evaluation<T>* e) : e_(e) {}
  evaluation_pointer(const evaluation_pointer&) = delete;
  evaluation_pointer(evaluation_pointer&& other) noexcept : e_(std::exchange(other.e_, nullptr)) {}
  evaluation_pointer& operator=(const evaluation_pointer&) = delete;
  evaluation_pointer& operator=(evaluation_pointer&& other) noexcept {
    evaluation_pointer from(std::move(other));
    std::swap(e_, from.e_);
    return *this;
  }
  ~evaluation_pointer() {
    if (e_ != nullptr) destroy_evaluation(e_);
  }
  evaluation<T>* get() const { return e_; }

 private:
  evaluation<T>* e_;
};

/// The time of one call.
template <class T>
class only_call {
 public:
  explicit only_call(evaluation<T>& e) : e_(e) { begin_call(e); }
  only_call(const only_call&) = delete;
  only_call& operator=(const only_call&) = delete;
  ~only_call() { end_call(e_); }

 private:
  evaluation<T>& e_;
};

template <class T, class L>
const result<T>& engine_of_the_same_flags::evaluate_loss(evaluation<T>* e, const L& loss, problem<T> p) {
  p.who = contrastive::detail::loss_name<L>();
  if (e == nullptr) contrastive::detail::refuse(p.who, "evaluator", "one that holds its workspace", "one that was moved from");
  const only_call<T> call(*e);
  p.temperature = loss.temperature, p.similarity = loss.similarity, p.reduction = loss.reduction,
  p.arrangement = loss.arrangement;
  p.wants_bias = contrastive::detail::has_bias<L>, p.anchor_weights = contrastive::detail::anchor_weights_of(loss);
  const argument_shapes shapes = check_call(*e, p);
  auto pairs = contrastive::detail::bind(loss, shapes);
  const auto ranges = contrastive::detail::ranges_of(loss.arrangement, shapes);
  contrastive::detail::check_anchor_weights(p.who, p.anchor_weights, ranges.num_anchors(), true);
  return contrastive::detail::with_rule(loss, shapes, [&](const auto& rule) -> const result<T>& {
    return evaluate_call(
        *e, p, functions_of<T>(pairs, rule, ranges.num_candidates(), p.temperature, contrastive::detail::bias_of(loss)));
  });
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive

#if defined(CONTRASTIVE_SEPARATE_ENGINE)
#include <contrastive/cpu/compiled_losses.hpp>
#else
#include <contrastive/cpu/evaluation.hpp>
#include <contrastive/cpu/kernels/bf16_kernels.hpp>
#endif
