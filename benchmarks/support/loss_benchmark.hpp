// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What all loss benchmarks share: the grid, what of it runs by default, and the figures beside each time.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <contrastive/cpu/evaluator.hpp>
#include <cstdint>
#include <string>
#include <type_traits>

#include "benchmarks/fma_peak.hpp"
#include "benchmarks/support/inputs.hpp"
#include "benchmarks/support/problems.hpp"

namespace contrastive::benchmarks {

/// What becomes of the logits between the passes, as a benchmark's name says it: by default they are kept if all fit.
struct logits_budget {
  std::string name;
  std::size_t bytes;
};
inline const logits_budget default_budget{"", options{}.memory_budget}, recompute{"recompute", 0},
    kept{"kept", std::size_t{1} << 40};

struct settings {
  std::string loss;
  index_type n, dim;
  int threads;
  bool gradient;
  std::string type;
  logits_budget logits;

  std::string name() const {
    return loss + "/" + type + "/N:" + std::to_string(n) + "/d:" + std::to_string(dim) + "/threads:" + std::to_string(threads) +
           (gradient ? "/gradient" : "/value") + (logits.name.empty() ? "" : "/" + logits.name);
  }

  /// Logits outlive the loss only for a gradient; at N = 16384 they take 0.5 to 2 GiB.
  bool possible() const { return logits.name.empty() || (gradient && (logits.name != kept.name || n <= 16384)); }

  /// The selection that runs when no filter is given: a line of N, the other axes at N = 4096, and logits computed again, for
  /// every loss; logits kept for those that products dominate; for nt_xent also other large N, inputs of 16 bits, and the
  /// smallest batch on one thread.
  bool by_default() const {
    const bool usual_type = type == "float", usual_logits = logits.name.empty();
    const int unusual = (dim != 128) + (threads != 2) + !usual_type + !usual_logits;
    if (unusual == 0) return n == 64 || n == 256 || n == 1024 || n == 4096 || n == 16384;
    if (!gradient) return false;
    if (loss == "nt_xent" && threads == 1 && unusual == 1 && n == 64) return true;
    if (loss == "nt_xent" && threads == 2 && dim >= 128) {
      if (type == "bf16" && usual_logits) return n == 4096 || (n == 16384 && dim == 128);
      if (usual_type && !usual_logits)
        return (n >= 4096 && n <= 16384) || (n == 65536 && dim == 128 && logits.name == recompute.name);
    }
    if (threads == 2 && dim == 128 && usual_type && !usual_logits)
      return (n == 4096 || n == 16384) && (logits.name == recompute.name || loss == "info_nce" || loss == "clip");
    return n == 4096 && unusual == 1 && usual_logits;
  }
};

/// The length of all gradients together, and their product with the numbers of a sequence, by which programs in other languages
/// compare theirs.
template <class T>
void report_gradients(benchmark::State& state, const result<T>& both) {
  double squares = 0, probe = 0;
  std::uint64_t k = 0;
  for (const auto& gradient : both.gradients)
    for (index_type i = 0; i < gradient.size(); ++i) {
      const double value = static_cast<double>(gradient.data()[i]);
      squares += value * value;
      probe += value * testing::splitmix(3, ++k);
    }
  state.counters["gradient_norm"] = std::sqrt(squares);
  state.counters["gradient_probe"] = probe;
}

/// Times call(problem, rows, evaluate), which passes a loss and its embeddings to `evaluate`. Inputs of 16 bits are computed
/// in float, and held against float's peak.
template <class Input, class Problem, class Call>
void measure(benchmark::State& state, const settings& s, Call call) {
  using T = std::conditional_t<sizeof(Input) == 2, float, Input>;
  const double peak = fma_peak<T>(s.threads);
  const Problem problem(s.n);
  const matrix_view<const Input> rows = random_rows<Input>(problem.num_rows(), s.dim);
  evaluator<T> evaluate{{.threads = s.threads, .memory_budget = s.logits.bytes}};
  T loss = 0;
  const result<T>* both = nullptr;
  const auto run = [&] {
    call(problem, rows, [&](const auto& what, const auto&... embeddings) {
      if (s.gradient) both = &evaluate.value_and_gradient(what, embeddings...);
      loss = both ? both->loss : evaluate.value(what, embeddings...);
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
  if (both) report_gradients(state, *both);
}

/// Registers a loss over N x d x threads x (value, gradient) x type x logits: all of it, or the default selection. What is
/// compared runs one after the other: types, and logits kept or not.
template <class Problem, class Call>
void register_loss(const std::string& loss, bool all, Call call) {
  const auto add = [&](const settings& s) {
    if (!s.possible() || !(all || s.by_default())) return;
    const auto body = s.type == "bf16"     ? measure<Eigen::bfloat16, Problem, Call>
                      : s.type == "double" ? measure<double, Problem, Call>
                                           : measure<float, Problem, Call>;
    benchmark::RegisterBenchmark(s.name().c_str(), [=](benchmark::State& state) { body(state, s, call); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  };
  for (const int threads : {1, 2})
    for (const index_type dim : {32, 128, 512})
      for (const bool gradient : {false, true})
        for (index_type n = 64; n <= Problem::largest; n *= 2)
          for (const char* type : {"float", "bf16", "double"})
            for (const auto& logits : {default_budget, recompute, kept}) add({loss, n, dim, threads, gradient, type, logits});
}

}  // namespace contrastive::benchmarks
