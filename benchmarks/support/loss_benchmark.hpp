// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What all loss benchmarks share: the inputs, the least work, and the figures beside each time.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <contrastive/cpu/evaluator.hpp>
#include <string>
#include <type_traits>

#include "benchmarks/fma_peak.hpp"
#include "benchmarks/support/inputs.hpp"

namespace contrastive::benchmarks {

/// Multiply-adds a loss cannot do without when it keeps no tile, in units of rows × columns × d.
struct least_work {
  double value, value_and_gradient;
};
/// Rows against themselves: one dot product an unordered pair (1/2), once more for the gradient, and W Z.
inline constexpr least_work symmetric_work{0.5, 2};
/// Rows against columns: S, S again, W K and Wᵀ Q.
inline constexpr least_work rectangular_work{1, 4};
/// Columns whose gradient nobody wants: S and W K in one pass.
inline constexpr least_work frozen_work{1, 2};

struct settings {
  index n, dim;
  int threads;
  bool gradient;
  bool is_double;

  std::string name(const std::string& loss) const {
    return loss + (is_double ? "/double" : "/float") + "/N:" + std::to_string(n) + "/d:" + std::to_string(dim) +
           "/threads:" + std::to_string(threads) + (gradient ? "/gradient" : "/value");
  }
  /// The selection that runs when no filter is given, in about two minutes: one line of N, the other axes at N = 4096.
  bool by_default() const {
    const bool usual = dim == 128 && threads == 2 && !is_double;
    const bool power_of_four = n == 64 || n == 256 || n == 1024 || n == 4096 || n == 16384;
    const int unusual = (dim != 128) + (threads != 2) + is_double;
    return usual ? power_of_four : n == 4096 && unusual == 1 && gradient;
  }
};

/// A problem has: name; largest N; work, and the pairs it counts; num_rows() of input; and call(rows, evaluate), which
/// passes a loss and its embeddings to `evaluate`.
template <class T, class Problem>
void measure(benchmark::State& state, const settings& s) {
  const double peak = fma_peak<T>(s.threads);
  const Problem problem(s.n);
  const matrix_view<const T> rows = random_rows<T>(problem.num_rows(), s.dim);
  evaluator<T> evaluate{{.threads = s.threads}};
  T loss = 0;
  const auto run = [&] {
    problem.call(rows, [&](const auto& what, const auto&... embeddings) {
      loss = s.gradient ? evaluate.value_and_gradient(what, embeddings...).loss : evaluate.value(what, embeddings...);
    });
    benchmark::DoNotOptimize(loss);
  };
  run();  // takes the memory and starts the threads
  const auto began = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const double work = s.gradient ? Problem::work.value_and_gradient : Problem::work.value;
  const double rate =
      2 * work * problem.num_pairs() * static_cast<double>(s.dim) * static_cast<double>(state.iterations()) / seconds;
  state.counters["eta"] = rate / peak;
  state.counters["GFLOP/s"] = rate * 1e-9;
  state.counters["peak_GFLOP/s"] = peak * 1e-9;
  state.counters["loss"] = static_cast<double>(loss);
}

/// Registers Problem over N x d x threads x type x (value, gradient): all of it, or the default selection.
template <class Problem>
void register_loss(bool all) {
  for (const bool is_double : {false, true})
    for (const int threads : {1, 2})
      for (const index dim : {32, 128, 512})
        for (const bool gradient : {false, true})
          for (index n = 64; n <= Problem::largest; n *= 2) {
            const settings s{n, dim, threads, gradient, is_double};
            if (!all && !s.by_default()) continue;
            const auto body = is_double ? measure<double, Problem> : measure<float, Problem>;
            benchmark::RegisterBenchmark(s.name(Problem::name).c_str(), [body, s](benchmark::State& state) { body(state, s); })
                ->UseRealTime()
                ->Unit(benchmark::kMillisecond);
          }
}

}  // namespace contrastive::benchmarks
