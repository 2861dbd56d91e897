// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every allocation of an executable linked with counted_memory.cpp is counted, and the k-th can be made to fail.
#pragma once

#include <atomic>

namespace contrastive::testing {

extern std::atomic<long> allocations;       // so far
extern std::atomic<long> allocations_left;  // until one fails; negative: none does

// Of the calling thread: bytes that it has allocated and not freed, the most that these have been, and how many allocations are
// left until one fails, after which all come through again; negative: none does.
extern constinit thread_local long bytes_held, most_bytes_held, own_allocations_left;

}  // namespace contrastive::testing
