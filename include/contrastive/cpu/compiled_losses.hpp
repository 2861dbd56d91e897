// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The library's losses are compiled with the separate engine, those of the program in the file that calls them.
#pragma once

#include <contrastive/cpu/evaluation_access.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

struct clip;
struct conditional_contrastive;
struct d2d_ce;
struct decoupled;
struct hard_negative;
struct info_nce;
struct nt_xent;
struct siglip;
struct sincere;
struct sup_con;
struct weight_matrix;
template <class Targets>
struct basic_soft_targets;
template <class Weight>
struct basic_weighted_info_nce;
using soft_targets = basic_soft_targets<weight_matrix>;
using weighted_info_nce = basic_weighted_info_nce<weight_matrix>;

namespace cpu {

extern template const result<float>& evaluate_loss(evaluation<float>*, const clip&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const clip&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const conditional_contrastive&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const conditional_contrastive&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const d2d_ce&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const d2d_ce&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const decoupled&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const decoupled&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const hard_negative&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const hard_negative&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const info_nce&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const info_nce&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const nt_xent&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const nt_xent&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const siglip&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const siglip&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const sincere&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const sincere&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const soft_targets&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const soft_targets&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const sup_con&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const sup_con&, problem<double>);
extern template const result<float>& evaluate_loss(evaluation<float>*, const weighted_info_nce&, problem<float>);
extern template const result<double>& evaluate_loss(evaluation<double>*, const weighted_info_nce&, problem<double>);

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
