// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a thread of a GPU can do (contrastive/cuda/instructions.cuh), done by the emulated one.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <emulated_gpu/block.hpp>

namespace contrastive::testing {

struct emulated_instructions {
  static int thread() { return gpu().thread(); }
  static index_type block() { return gpu().block(); }
  static index_type num_blocks() { return gpu().num_blocks(); }

  static void sync_threads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    gpu().meet_block(false, {file, line});
  }
  static bool sync_threads_or(bool any, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return gpu().meet_block(any, {file, line});
  }
  static void sync_warp(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    gpu().meet_warp<int, int>({file, line}, 0, [](const int* in, int* out) { std::copy(in, in + emulated_gpu::warp, out); });
  }
  template <class V>
  static V exchange(V value, int step, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return gpu().meet_warp<V, V>({file, line}, value, [step](const V* in, V* out) {
      for (int l = 0; l < emulated_gpu::warp; ++l) out[l] = in[l ^ step];
    });
  }
  template <class V, int N>
  static V* shared_array() {
    static V values[N];  // one block runs at a time
    static const bool known = (gpu().add_array(values, sizeof values), true);
    return known ? values : nullptr;
  }
  static unsigned char* shared_memory() { return gpu().shared_memory(); }

  static float exp(float x) { return std::exp2(x * 1.44269504f); }
  static constexpr bool has_warpgroups = false;  // tensor cores are those of sm_80
  static void publish_for_products() {}

  using bits = std::uint32_t;

  template <class R>
  static bits pack(float first, float second) {
    return static_cast<bits>(bits_of(static_cast<R>(first))) | static_cast<bits>(bits_of(static_cast<R>(second))) << 16;
  }
  template <class R>
  static void multiply_add(float (&sums)[4], const bits (&a)[4], bits b_first, bits b_second,
                           const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    struct in {
      bits a[4], b[2];
    };
    struct out {
      float sums[4];
    };
    const in mine{{a[0], a[1], a[2], a[3]}, {b_first, b_second}};
    const out all = gpu().meet_warp<in, out>({file, line}, mine, [](const in* x, out* y) {
      float left[16][16], right[8][16];
      for (int l = 0; l < emulated_gpu::warp; ++l)
        for (int half = 0; half < 2; ++half) {
          const int row = l / 4, column = l % 4 * 2 + half;
          for (int q = 0; q < 4; ++q) left[row + q % 2 * 8][column + q / 2 * 8] = number<R>(x[l].a[q], half);
          for (int q = 0; q < 2; ++q) right[row][column + q * 8] = number<R>(x[l].b[q], half);
        }
      for (int l = 0; l < emulated_gpu::warp; ++l)
        for (int q = 0; q < 4; ++q) {
          float sum = 0;
          for (int k = 0; k < 16; ++k) sum += left[l / 4 + q / 2 * 8][k] * right[l % 4 * 2 + q % 2][k];
          y[l].sums[q] = sum;
        }
    });
    for (int q = 0; q < 4; ++q) sums[q] += all.sums[q];
  }
  static void load_matrices(bits (&out)[4], const void* row, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    load(out, row, {file, line}, [](int l, int half) { return std::pair(l / 4, l % 4 * 2 + half); });
  }
  static void load_transposed(bits (&out)[4], const void* row, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
    load(out, row, {file, line}, [](int l, int half) { return std::pair(l % 4 * 2 + half, l / 4); });
  }

  template <int Bytes>
  static void copy(void* to, const void* from) {
    gpu().copy_later(to, from, Bytes);
  }
  static void commit_copies() { gpu().commit_copies(); }
  template <int Left>
  static void wait_copies(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    gpu().wait_copies(Left, {file, line});
  }

 private:
  template <class R>
  static std::uint16_t bits_of(R value) {
    std::uint16_t b;
    std::memcpy(&b, &value, sizeof b);
    return b;
  }
  template <class R>
  static float number(bits both, int half) {
    const auto b = static_cast<std::uint16_t>(both >> 16 * half);
    R value;
    std::memcpy(static_cast<void*>(&value), &b, sizeof b);
    return static_cast<float>(value);
  }
  /// place(lane, half): the row and the column of a matrix that a half of out is.
  template <class Place>
  static void load(bits (&out)[4], const void* row, const source_place& where, const Place& place) {
    if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0) gpu().fail("a row of a matrix that is not aligned");
    struct four {
      bits matrix[4];
    };
    const four got = gpu().meet_warp<const void*, four>(where, row, [&place](const void* const* rows, four* outs) {
      for (int l = 0; l < emulated_gpu::warp; ++l)
        for (int m = 0; m < 4; ++m) {
          std::uint16_t halves[2];
          for (int h = 0; h < 2; ++h) {
            const auto [r, c] = place(l, h);
            std::memcpy(&halves[h], static_cast<const std::uint16_t*>(rows[8 * m + r]) + c, sizeof halves[h]);
          }
          outs[l].matrix[m] = static_cast<bits>(halves[0]) | static_cast<bits>(halves[1]) << 16;
        }
    });
    for (int m = 0; m < 4; ++m) out[m] = got.matrix[m];
  }
  static emulated_gpu& gpu() { return emulated_gpu::instance(); }
};

}  // namespace contrastive::testing
