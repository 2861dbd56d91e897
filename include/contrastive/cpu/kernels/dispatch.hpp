// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The tile kernels for each instruction set, and the choice among them when the program runs.
#pragma once

#include <contrastive/cpu/kernels/interface.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

// Kernels for more than the baseline need the compiler's vectors, and its way to compile functions for other processors.
#if defined(__x86_64__) && !defined(CONTRASTIVE_PLAIN_VECTORS)
#define CONTRASTIVE_X86_KERNELS
#endif
#if defined(__GNUC__) || defined(__clang__)
#define CONTRASTIVE_PRAGMA(words) _Pragma(#words)
#define CONTRASTIVE_UNROLL(times) CONTRASTIVE_PRAGMA(GCC unroll times)
#else
#define CONTRASTIVE_UNROLL(times)
#endif
// Lane for lane a where the mask is true, else b. The extension has an operator for it, which no struct can have.
#if defined(CONTRASTIVE_PLAIN_VECTORS)
#define CONTRASTIVE_SELECT(mask, a, b) select(mask, a, b)
#else
#define CONTRASTIVE_SELECT(mask, a, b) ((mask) ? (a) : (b))
#endif

// What any processor of the architecture has. Vectors of 16 bytes, few registers assumed.
namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu::baseline {
inline constexpr int vector_bytes = 16;
#if defined(__aarch64__)
inline constexpr int micro_rows = 8;  // 32 registers
#else
inline constexpr int micro_rows = 4;  // 16 registers: 8 sums, 2 of the panel, 1 broadcast
#endif
#include <contrastive/cpu/kernels/tile_kernels.inc>
}  // namespace cpu::baseline
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive

#if defined(CONTRASTIVE_X86_KERNELS)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu::avx2 {
inline constexpr int vector_bytes = 32;
inline constexpr int micro_rows = 6;  // 16 registers: 12 sums, 2 of the panel, 1 broadcast
#include <contrastive/cpu/kernels/tile_kernels.inc>
}  // namespace cpu::avx2
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#endif
namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu::avx512 {
inline constexpr int vector_bytes = 64;
inline constexpr int micro_rows = 8;  // 32 registers: 16 sums; broadcasts come straight from memory
#include <contrastive/cpu/kernels/tile_kernels.inc>
}  // namespace cpu::avx512
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif  // CONTRASTIVE_X86_KERNELS

#undef CONTRASTIVE_SELECT
#undef CONTRASTIVE_UNROLL
#undef CONTRASTIVE_PRAGMA

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

enum class instruction_set { baseline, avx2, avx512 };

/// The most that the environment variable CONTRASTIVE_INSTRUCTION_SET allows: one of these names, or all.
enum class wanted_instructions { baseline, avx2, avx512, avx512_bf16, amx };

inline wanted_instructions wanted_by_environment() {
  const char* const wanted = std::getenv("CONTRASTIVE_INSTRUCTION_SET");
  int set = 0;
  for (const char* name : {"baseline", "avx2", "avx512", "avx512_bf16"}) {
    if (wanted != nullptr && std::strcmp(wanted, name) == 0) break;
    ++set;
  }
  return static_cast<wanted_instructions>(set);
}

/// The best of this processor that is allowed. Looked up once.
inline instruction_set best_instruction_set() {
  static const instruction_set best = [] {
#if defined(CONTRASTIVE_X86_KERNELS)
    const wanted_instructions wanted = wanted_by_environment();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (has_avx512 && wanted >= wanted_instructions::avx512) return instruction_set::avx512;
    if (has_avx2 && wanted >= wanted_instructions::avx2) return instruction_set::avx2;
#endif
    return instruction_set::baseline;
  }();
  return best;
}

template <class T>
kernel_table<T> kernels_for(instruction_set set) {
#if defined(CONTRASTIVE_X86_KERNELS)
  if (set == instruction_set::avx512) return avx512::table<T>();
  if (set == instruction_set::avx2) return avx2::table<T>();
#endif
  (void)set;
  return baseline::table<T>();
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
