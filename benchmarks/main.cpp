// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times of the losses over N x d x threads x type x logits. Without arguments a selection; with
// --benchmark_filter=REGEX whatever of the whole grid fits.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "benchmarks/fma_peak.hpp"
#include "benchmarks/losses/all.hpp"

namespace {

template <class T>
void report_peak(const std::string& type) {
  for (const int threads : {1, 2}) {
    const double peak = contrastive::benchmarks::fma_peak<T>(threads);
    benchmark::AddCustomContext("fma_peak_" + type + "_threads_" + std::to_string(threads),
                                std::to_string(peak * 1e-9) + " GFLOP/s");
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool all = false;
  for (int i = 1; i < argc; ++i) all = all || std::string(argv[i]).rfind("--benchmark_filter", 0) == 0;

  std::string short_runs = "--benchmark_min_time=0.2";  // seconds; one that is given comes later and counts
  std::vector<char*> arguments{argv[0], short_runs.data()};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;

  benchmark::AddCustomContext("contrastive", CONTRASTIVE_BENCHMARK_VERSION);
  benchmark::AddCustomContext("compiler", CONTRASTIVE_BENCHMARK_COMPILER);
  benchmark::AddCustomContext("flags", CONTRASTIVE_BENCHMARK_FLAGS);
  benchmark::AddCustomContext("instruction_set", contrastive::benchmarks::best_chains<float>().instruction_set);
  report_peak<float>("float");
  report_peak<double>("double");

  using namespace contrastive::benchmarks;
  register_nt_xent(all);
  register_sup_con(all);
  register_sincere(all);
  register_conditional_contrastive(all);
  register_info_nce(all);
  register_weighted_info_nce(all);
  register_clip(all);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
