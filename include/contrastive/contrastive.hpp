// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Everything of the CPU side.
#pragma once

#include <contrastive/check_gradient.hpp>
#include <contrastive/core/version.hpp>
#include <contrastive/cpu/evaluator.hpp>
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
#include <contrastive/memory/feature_queue.hpp>
#include <contrastive/memory/momentum_update.hpp>
