// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The engines and the library's losses for a program that compiles them once: every file is compiled with
// CONTRASTIVE_SEPARATE_ENGINE defined, and one of them includes this header. CMake's target contrastive::compiled is such a
// file. All files need the same -m flags, or the linker finds no engine.
#pragma once

#include <contrastive/cpu/evaluation.hpp>
#include <contrastive/cpu/kernels/bf16_kernels.hpp>
#include <contrastive/cpu/metrics.hpp>
#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/d2d_ce.hpp>
#include <contrastive/losses/decoupled.hpp>
#include <contrastive/losses/hard_negative.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sincere.hpp>
#include <contrastive/losses/soft_targets.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template evaluation<float>* make_evaluation<float>(const options&);
template evaluation<double>* make_evaluation<double>(const options&);
template void destroy_evaluation<float>(evaluation<float>*);
template void destroy_evaluation<double>(evaluation<double>*);
template void begin_call<float>(evaluation<float>&);
template void begin_call<double>(evaluation<double>&);
template void end_call<float>(evaluation<float>&);
template void end_call<double>(evaluation<double>&);
template argument_shapes check_call<float>(evaluation<float>&, const problem<float>&);
template argument_shapes check_call<double>(evaluation<double>&, const problem<double>&);
template const result<float>& evaluate_call<float>(evaluation<float>&, const problem<float>&, const loss_functions<float>&);
template const result<double>& evaluate_call<double>(evaluation<double>&, const problem<double>&,
                                                     const loss_functions<double>&);
template outcome run_part<float>(evaluation<float>&, const problem<float>&, const loss_functions<float>&);
template outcome run_part<double>(evaluation<double>&, const problem<double>&, const loss_functions<double>&);
template result<float> copy_of(const result<float>&);
template result<double> copy_of(const result<double>&);
template const bf16_kernel_table* bf16_kernels_for<float>();
template double alignment_of(const problem<float>&, const options&);
template double alignment_of(const problem<double>&, const options&);
template double uniformity_of(const problem<float>&, const options&);
template double uniformity_of(const problem<double>&, const options&);
template double recall_of(const problem<float>&, index_type, const options&);
template double recall_of(const problem<double>&, index_type, const options&);
template double effective_negatives_of(const problem<float>&, const options&);
template double effective_negatives_of(const problem<double>&, const options&);

template const result<float>& evaluate_loss(evaluation<float>*, const clip&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const clip&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const conditional_contrastive&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const conditional_contrastive&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const d2d_ce&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const d2d_ce&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const decoupled&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const decoupled&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const hard_negative&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const hard_negative&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const info_nce&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const info_nce&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const nt_xent&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const nt_xent&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const siglip&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const siglip&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const sincere&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const sincere&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const soft_targets&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const soft_targets&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const sup_con&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const sup_con&, problem<double>);
template const result<float>& evaluate_loss(evaluation<float>*, const weighted_info_nce&, problem<float>);
template const result<double>& evaluate_loss(evaluation<double>*, const weighted_info_nce&, problem<double>);

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
