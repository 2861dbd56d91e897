// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Products of bfloat16 matrices with float sums, on processors that have them: AMX tiles, or AVX-512's dot products of
// pairs. The instructions are written by hand, so that no header of intrinsics is needed and the compiler uses none of them
// elsewhere.
#pragma once

#include <contrastive/cpu/kernels/dispatch.hpp>

#if defined(CONTRASTIVE_X86_KERNELS)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#endif
namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu::bf16 {

inline constexpr index_type panel_columns = 32;

/// What both share: layouts, and factors.
struct layouts {
  using floats = avx512::vectors<float>::vec;
  typedef std::uint32_t words __attribute__((vector_size(64)));
  typedef std::uint16_t halves __attribute__((vector_size(32)));

  template <class To, class From>
  [[gnu::always_inline]] static inline To as(From from) {
    To to;
    static_assert(sizeof to == sizeof from);
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
  }
  template <class To>
  [[gnu::always_inline]] static inline To load(const void* from) {
    To to;
    __builtin_memcpy(&to, from, sizeof to);
    return to;
  }
  template <class From>
  [[gnu::always_inline]] static inline void store(void* to, From from) {
    __builtin_memcpy(to, &from, sizeof from);
  }

  /// Splits 16 numbers of row r, stores them row-major, and hands back both parts in the upper halves of words.
  [[gnu::always_inline]] static inline void split_row(const bf16_split& s, index_type r, index_type column, floats factors,
                                                      words& first, words& second) {
    const floats g = load<floats>(s.g + r * s.ld + column) * (factors * s.row_factors[r]);
    first = (as<words>(g) + 0x8000u) & 0xffff0000u;  // rounded, half away from 0; what is left is at most 2^-8 of g
    second = (as<words>(g - as<floats>(first)) + 0x8000u) & 0xffff0000u;
    std::uint16_t* to = s.straight + r * s.stride + column;
    store(to, __builtin_convertvector(first >> 16, halves));
    store(to + s.part, __builtin_convertvector(second >> 16, halves));
  }
  static void split(const bf16_split& s) {
    if (s.transposed == nullptr) {
      words first, second;
      for (index_type row = 0; row < s.num_rows; ++row)
        for (index_type column = 0; column < s.num_columns; column += 16)
          split_row(s, row, column, load<floats>(s.column_factors + column), first, second);
      return;
    }
    for (index_type row = 0; row < s.num_rows; row += 32)
      for (index_type column = 0; column < s.num_columns; column += 16) {
        const floats factors = load<floats>(s.column_factors + column);
        floats high[16], low[16];  // words of two rows each
        const index_type pairs = s.num_rows - row < 32 ? (s.num_rows - row) / 2 : 16;
        for (index_type pair = 0; pair < pairs; ++pair) {
          words first, second, next_first, next_second;
          split_row(s, row + 2 * pair, column, factors, first, second);
          split_row(s, row + 2 * pair + 1, column, factors, next_first, next_second);
          high[pair] = as<floats>((first >> 16) | next_first), low[pair] = as<floats>((second >> 16) | next_second);
        }
        for (index_type pair = pairs; pair < 16; ++pair) {
          words first{}, second{};
          if (row + 2 * pair < s.num_rows) split_row(s, row + 2 * pair, column, factors, first, second);
          high[pair] = as<floats>(first >> 16), low[pair] = as<floats>(second >> 16);
        }
        avx512::rows<float>::transpose(high);
        avx512::rows<float>::transpose(low);
        std::uint16_t* to = s.transposed + column * s.stride + row;
        for (int c = 0; c < 16; ++c, to += s.stride) store(to, high[c]), store(to + s.part, low[c]);
      }
  }

  static void narrow(const float* line, float power, index_type depth, std::uint16_t* to) {
    for (index_type k = 0; k < depth; k += 16)
      store(to + k, __builtin_convertvector(as<words>(load<floats>(line + k) * power) >> 16, halves));
  }

  static void pack_panel(const std::uint16_t* rows, index_type depth, std::uint16_t* panel) {
    for (index_type k = 0; k < depth; k += 32)
      for (index_type first = 0; first < 32; first += 16) {
        floats block[16];  // 16 rows of 16 pairs
        for (index_type r = 0; r < 16; ++r) block[r] = load<floats>(rows + (first + r) * depth + k);
        avx512::rows<float>::transpose(block);
        for (index_type pair = 0; pair < 16; ++pair) store(panel + (k / 2 + pair) * 64 + 2 * first, block[pair]);
      }
  }

  static void pack_pairs(const std::uint16_t* rows, index_type depth, std::uint16_t* pairs, index_type panel_size) {
    for (index_type pair = 0; pair < 16; ++pair)
      for (index_type c = 0; c < depth; c += 16) {
        const words even = __builtin_convertvector(load<halves>(rows + 2 * pair * depth + c), words);
        const words odd = __builtin_convertvector(load<halves>(rows + (2 * pair + 1) * depth + c), words);
        store(pairs + c / 32 * panel_size + pair * 64 + 2 * (c % 32), even | (odd << 16));
      }
  }

  /// c (32, 32) times factors.
  static void scale(float* c, index_type stride, const float* rows, const float* columns) {
    const floats left = load<floats>(columns), right = load<floats>(columns + 16);
    for (index_type r = 0; r < 32; ++r, c += stride) {
      store(c, load<floats>(c) * (left * rows[r]));
      store(c + 16, load<floats>(c + 16) * (right * rows[r]));
    }
  }
};

/// Calls block(r, j, c, stride) for each 32 × 32 block of c, and applies the factors. The last rows go through a copy, since c
/// has not more than it has.
template <class Block>
[[gnu::always_inline]] inline void for_each_block(const bf16_product& p, Block block) {
  for (index_type r = 0; r < p.num_rows; r += 32)
    for (index_type j = 0; j < p.num_panels; ++j) {
      float* c = p.c + j * p.c_panel + r * p.c_stride;
      const index_type rows = p.num_rows - r;
      if (rows >= 32) {
        block(r, j, c, p.c_stride);
        if (p.row_factors != nullptr) layouts::scale(c, p.c_stride, p.row_factors + r, p.column_factors + j * panel_columns);
        continue;
      }
      alignas(64) float copy[32 * 32] = {}, factors[32] = {};
      for (index_type q = 0; q < rows && p.add; ++q) __builtin_memcpy(copy + 32 * q, c + q * p.c_stride, 128);
      block(r, j, copy, 32);
      if (p.row_factors != nullptr) {
        for (index_type q = 0; q < rows; ++q) factors[q] = p.row_factors[r + q];
        layouts::scale(copy, 32, factors, p.column_factors + j * panel_columns);
      }
      for (index_type q = 0; q < rows; ++q) __builtin_memcpy(c + q * p.c_stride, copy + 32 * q, 128);
    }
}

// ---- AMX: registers of 16 rows of 64 bytes. Four hold sums, two a, two b.

#define CONTRASTIVE_TILE_LOAD(tile, from, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"(index_type{stride}) : "memory")
#define CONTRASTIVE_TILE_STORE(tile, to, stride) \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"(index_type{stride}) : "memory")
#define CONTRASTIVE_TILE_DOT(c, a, b) asm volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::)

inline void amx_product(const bf16_product& p) {
  struct {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } configuration;
  asm volatile("ldtilecfg %0" ::"m"(configuration));
  for_each_block(p, [&](index_type r, index_type j, float* c, index_type stride) {
    if (p.add) {
      CONTRASTIVE_TILE_LOAD(0, c, 4 * stride);
      CONTRASTIVE_TILE_LOAD(1, c + 16, 4 * stride);
      CONTRASTIVE_TILE_LOAD(2, c + 16 * stride, 4 * stride);
      CONTRASTIVE_TILE_LOAD(3, c + 16 * stride + 16, 4 * stride);
    } else {
      asm volatile("tilezero %%tmm0\n\ttilezero %%tmm1\n\ttilezero %%tmm2\n\ttilezero %%tmm3" ::);
    }
    const std::uint16_t *a = p.a + r * p.a_stride, *b = p.b + j * p.b_panel;
    for (index_type k = 0; k < p.depth; k += 32, a += 32, b += 32 * panel_columns) {
      CONTRASTIVE_TILE_LOAD(6, b, 128);
      CONTRASTIVE_TILE_LOAD(7, b + 32, 128);
      for (int part = 0; part < p.num_parts; ++part) {
        const std::uint16_t* of_part = a + part * p.a_part;
        CONTRASTIVE_TILE_LOAD(4, of_part, 2 * p.a_stride);
        CONTRASTIVE_TILE_LOAD(5, of_part + 16 * p.a_stride, 2 * p.a_stride);
        CONTRASTIVE_TILE_DOT(0, 4, 6);
        CONTRASTIVE_TILE_DOT(1, 4, 7);
        CONTRASTIVE_TILE_DOT(2, 5, 6);
        CONTRASTIVE_TILE_DOT(3, 5, 7);
      }
    }
    CONTRASTIVE_TILE_STORE(0, c, 4 * stride);
    CONTRASTIVE_TILE_STORE(1, c + 16, 4 * stride);
    CONTRASTIVE_TILE_STORE(2, c + 16 * stride, 4 * stride);
    CONTRASTIVE_TILE_STORE(3, c + 16 * stride + 16, 4 * stride);
  });
  asm volatile("tilerelease" ::);
}

#undef CONTRASTIVE_TILE_LOAD
#undef CONTRASTIVE_TILE_STORE
#undef CONTRASTIVE_TILE_DOT

// ---- AVX-512 BF16: 16 sums, each of a pair of products

inline void avx512_product(const bf16_product& p) {
  using floats = layouts::floats;
  for_each_block(p, [&](index_type r, index_type j, float* c, index_type stride) {
    for (index_type group = 0; group < 32; group += 8, c += 8 * stride) {
      floats sum[8][2] = {};
#pragma GCC unroll 8
      for (int q = 0; q < 8; ++q)
        if (p.add) sum[q][0] = layouts::load<floats>(c + q * stride), sum[q][1] = layouts::load<floats>(c + q * stride + 16);
      for (int part = 0; part < p.num_parts; ++part) {
        const std::uint16_t *a = p.a + part * p.a_part + (r + group) * p.a_stride, *b = p.b + j * p.b_panel;
        for (index_type k = 0; k < p.depth; k += 2, a += 2, b += 2 * panel_columns) {
          const floats b0 = layouts::load<floats>(b), b1 = layouts::load<floats>(b + 32);
#pragma GCC unroll 8
          for (int q = 0; q < 8; ++q) {
            const floats pair = layouts::as<floats>(layouts::words{} + layouts::load<std::uint32_t>(a + q * p.a_stride));
            asm("vdpbf16ps %2, %1, %0" : "+v"(sum[q][0]) : "v"(pair), "v"(b0));
            asm("vdpbf16ps %2, %1, %0" : "+v"(sum[q][1]) : "v"(pair), "v"(b1));
          }
        }
      }
#pragma GCC unroll 8
      for (int q = 0; q < 8; ++q) layouts::store(c + q * stride, sum[q][0]), layouts::store(c + q * stride + 16, sum[q][1]);
    }
  });
}

}  // namespace cpu::bf16
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu::bf16 {

/// Has the processor AMX, and does the system let this process use it?
inline bool amx_granted() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d >> 22 & 1) == 0 || (d >> 24 & 1) == 0) return false;
#if defined(__linux__)
  constexpr long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}
inline bool has_avx512_bf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1) != 0;
}

}  // namespace cpu::bf16
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
#endif  // CONTRASTIVE_X86_KERNELS

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// The kernels for bfloat16 that are faster here than those for float; null where there are none. Intel's processors take
/// twice as long for a dot product of pairs as for a multiply-add, so that it gains nothing there: it is used if asked for.
inline const bf16_kernel_table* best_bf16_kernels() {
#if defined(CONTRASTIVE_X86_KERNELS)
  using bf16::layouts;
  static constexpr bf16_kernel_table amx{&bf16::amx_product, &layouts::split, &layouts::narrow, &layouts::pack_panel,
                                         &layouts::pack_pairs};
  static constexpr bf16_kernel_table avx512{&bf16::avx512_product, &layouts::split, &layouts::narrow, &layouts::pack_panel,
                                            &layouts::pack_pairs};
  static const bf16_kernel_table* const best = []() -> const bf16_kernel_table* {
    if (best_instruction_set() != instruction_set::avx512) return nullptr;
    const wanted_instructions wanted = wanted_by_environment();
    if (wanted >= wanted_instructions::amx && bf16::amx_granted()) return &amx;
    const bool fast = __builtin_cpu_is("amd") != 0 || wanted == wanted_instructions::avx512_bf16;
    return wanted >= wanted_instructions::avx512_bf16 && fast && bf16::has_avx512_bf16() ? &avx512 : nullptr;
  }();
  return best;
#else
  return nullptr;
#endif
}

inline namespace engine_of_the_same_flags {

template <class T>
const bf16_kernel_table* bf16_kernels_for() {
  return best_bf16_kernels();
}

}  // namespace engine_of_the_same_flags

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
