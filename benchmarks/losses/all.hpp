// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One function a loss that registers its benchmarks: all, or the default selection.
#pragma once

namespace contrastive::benchmarks {

void register_clip(bool all);
void register_conditional_contrastive(bool all);
void register_info_nce(bool all);
void register_nt_xent(bool all);
void register_sincere(bool all);
void register_sup_con(bool all);
void register_weighted_info_nce(bool all);

}  // namespace contrastive::benchmarks
