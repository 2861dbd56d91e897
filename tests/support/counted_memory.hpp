// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every allocation of an executable linked with counted_memory.cpp is counted, and the k-th can be made to fail.
#pragma once

#include <atomic>

namespace contrastive::testing {

extern std::atomic<long> allocations;       // so far
extern std::atomic<long> allocations_left;  // until one fails; negative: none does

}  // namespace contrastive::testing
