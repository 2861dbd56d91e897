// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The memory that one value and gradient of nt_xent takes beyond inputs and gradients: benchmark_memory N d threads
#include <contrastive/contrastive.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "benchmarks/support/inputs.hpp"

namespace {

using rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A line of /proc/self/status, in bytes: VmRSS is what is resident now, VmHWM its peak.
double status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind(key + ":", 0) == 0) return 1024 * std::strtod(line.c_str() + key.size() + 1, nullptr);
  return 0;
}

/// One evaluation by an evaluator of its own; what the resident memory's peak stood above its begin.
double peak_of_one_call(contrastive::index_type n, contrastive::index_type dim, int threads) {
  const auto z = contrastive::benchmarks::random_rows<float>(n, dim);
  rows gradient = rows::Zero(n, dim);
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts again from here
  const double before = status("VmRSS");
  contrastive::evaluator<float> evaluate{{.threads = threads}};
  const contrastive::index_type half = n / 2;
  contrastive::matrix_view<float> first(gradient.data(), half, dim), second(gradient.data() + half * dim, half, dim);
  const auto& r =
      evaluate.value_and_gradient_into({first, second}, contrastive::nt_xent{.temperature = 0.5},
                                       contrastive::benchmarks::part(z, 0, half), contrastive::benchmarks::part(z, half, half));
  std::fprintf(stderr, "loss %.6f\n", static_cast<double>(r.loss));
  return status("VmHWM") - before;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s N d threads\n", argv[0]);
    return 2;
  }
  const contrastive::index_type n = std::atol(argv[1]), dim = std::atol(argv[2]);
  const int threads = std::atoi(argv[3]);
  if (n < 2 || dim < 1 || threads < 1) {
    std::fprintf(stderr, "benchmark_memory: N must be at least 2, d and threads at least 1\n");
    return 2;
  }
  peak_of_one_call(64, dim, threads);  // what a process needs once: code, streams, stacks
  std::printf("%.0f\n", peak_of_one_call(n, dim, threads));
}
