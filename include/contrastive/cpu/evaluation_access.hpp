// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How the evaluator reaches what is the same for all losses. Where CONTRASTIVE_SEPARATE_ENGINE is defined this is all that a
// file sees of the engine, and one file of the program compiles it, by including contrastive/separate_engine.hpp.
#pragma once

#include <contrastive/core/arguments.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/cpu/loss_functions.hpp>
#include <contrastive/cpu/problem.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <memory>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
class evaluation;

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
/// The kernels for bfloat16 that are the fastest here, or null; T is float.
template <class T>
const bf16_kernel_table* bf16_kernels_for();

template <class T>
struct evaluation_deleter {
  void operator()(evaluation<T>* e) const { destroy_evaluation(e); }
};
template <class T>
using evaluation_pointer = std::unique_ptr<evaluation<T>, evaluation_deleter<T>>;

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

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive

#if !defined(CONTRASTIVE_SEPARATE_ENGINE)
#include <contrastive/cpu/evaluation.hpp>
#include <contrastive/cpu/kernels/bf16_kernels.hpp>
#endif
