// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The engines for a program that compiles them once: every file is compiled with CONTRASTIVE_SEPARATE_ENGINE defined, and one
// of them includes this header. All files need the same -m flags, or the linker finds no engine.
#pragma once

#include <contrastive/cpu/evaluation.hpp>
#include <contrastive/cpu/kernels/bf16_kernels.hpp>

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
template const bf16_kernel_table* bf16_kernels_for<float>();

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
