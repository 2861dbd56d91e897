// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The multiply-adds a second that this machine can do at most: what a loss's time is measured against.
#pragma once

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

namespace contrastive::benchmarks {

/// A function that does `width` multiply-adds a step with the vectors of an instruction set.
template <class T>
struct fma_chains {
  const char* instruction_set;
  int width;
  T (*run)(std::int64_t steps, T factor, T addend);
};

// Two units with a latency of 4 need 8 chains, four units 16; more chains than registers would spill.
namespace baseline {
#if defined(__aarch64__)
inline constexpr const char* instruction_set = "NEON";
inline constexpr int vector_bytes = 16, num_chains = 24;
#else
inline constexpr const char* instruction_set = "vectors of 16 bytes";
inline constexpr int vector_bytes = 16, num_chains = 12;
#endif
#define CONTRASTIVE_CHAINS_TARGET
#include "fma_chains.inc"
}  // namespace baseline

#if defined(__x86_64__)
namespace avx2 {
inline constexpr const char* instruction_set = "AVX2 with FMA";
inline constexpr int vector_bytes = 32, num_chains = 12;
#define CONTRASTIVE_CHAINS_TARGET [[gnu::target("avx2,fma")]]
#include "fma_chains.inc"
}  // namespace avx2

namespace avx512 {
inline constexpr const char* instruction_set = "AVX-512";
inline constexpr int vector_bytes = 64, num_chains = 16;
#define CONTRASTIVE_CHAINS_TARGET [[gnu::target("avx512f,avx2,fma")]]
#include "fma_chains.inc"
}  // namespace avx512
#endif

/// With the best instruction set of this processor, whatever the library was told to use.
template <class T>
fma_chains<T> best_chains() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return avx512::chains<T>();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::chains<T>();
#endif
  return baseline::chains<T>();
}

/// Largest rate, in FLOP/s (2 a multiply-add), of `threads` threads together in some bursts of a few milliseconds.
template <class T>
double measure_fma_rate(int threads, int bursts) {
  using clock = std::chrono::steady_clock;
  constexpr std::int64_t steps = 400'000;
  const fma_chains<T> chains = best_chains<T>();
  std::vector<double> rates(static_cast<std::size_t>(threads));
  double best = 0;
  const auto add_up = [&]() noexcept {
    double together = 0;
    for (const double rate : rates) together += rate;
    best = std::max(best, together);
  };
  std::barrier start(threads);
  std::barrier end(threads, add_up);
  const auto work = [&](int thread) {
    volatile T factor = T(0.5), addend = T(0.25), sink = 0;  // volatile: nothing is known when compiling
    for (int burst = 0; burst < bursts; ++burst) {
      start.arrive_and_wait();
      const auto began = clock::now();
      sink = chains.run(steps, factor, addend);
      const double seconds = std::chrono::duration<double>(clock::now() - began).count();
      rates[static_cast<std::size_t>(thread)] = 2.0 * static_cast<double>(steps) * chains.width / seconds;
      end.arrive_and_wait();
    }
    (void)sink;
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (auto& other : others) other.join();
  return best;
}

/// The best rate seen so far in this process. Each call looks again, shortly: a neighbour may have slowed the machine down
/// the first time, and too low a peak would flatter the losses.
template <class T>
double fma_peak(int threads) {
  static std::map<int, double> best;
  const auto [found, first] = best.try_emplace(threads, 0.0);
  return found->second = std::max(found->second, measure_fma_rate<T>(threads, first ? 20 : 3));
}

}  // namespace contrastive::benchmarks
