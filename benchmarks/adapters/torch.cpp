// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times nt_xent and backward() as a user of libtorch in C++ writes them: torch_loss beside libtorch's own operations, and
// beside the evaluator on the same memory, which is what the adapter itself costs. Two threads, float, d = 128, temperature
// 0.5.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <cmath>
#include <contrastive/adapters/torch.hpp>
#include <cstdio>
#include <limits>

namespace {

constexpr double temperature = 0.5;
constexpr int threads = 2, dim = 128;

/// Logits of all rows, -infinity on the diagonal, cross-entropy: what public implementations do.
torch::Tensor by_operations(const torch::Tensor& z1, const torch::Tensor& z2) {
  const std::int64_t n = z1.size(0);
  const torch::Tensor z = torch::nn::functional::normalize(torch::cat({z1, z2}));
  const torch::Tensor logits = (z.mm(z.t()) / temperature).fill_diagonal_(-std::numeric_limits<float>::infinity());
  const torch::Tensor positive = (torch::arange(2 * n) + n).remainder(2 * n);
  return torch::nn::functional::cross_entropy(logits, positive);
}

torch::Tensor by_torch_loss(const torch::Tensor& z1, const torch::Tensor& z2) {
  return contrastive::torch_loss(contrastive::nt_xent{.temperature = temperature}, z1, z2);
}

torch::Tensor view(std::int64_t rows, std::uint64_t seed) {
  torch::manual_seed(seed);
  return torch::randn({rows, dim}).requires_grad_(true);
}

template <class Loss>
void time(benchmark::State& state, const Loss& loss) {
  torch::set_num_threads(threads);
  const torch::Tensor z1 = view(state.range(0) / 2, 1), z2 = view(state.range(0) / 2, 2);
  for (auto _ : state) {
    loss(z1, z2).backward();
    z1.mutable_grad().reset(), z2.mutable_grad().reset();
  }
}

void time_evaluator(benchmark::State& state) {
  torch::set_num_threads(threads);
  const torch::Tensor z1 = view(state.range(0) / 2, 1), z2 = view(state.range(0) / 2, 2), g1 = torch::empty_like(z1),
                      g2 = torch::empty_like(z2);
  const auto rows = [](const torch::Tensor& t) {
    return contrastive::matrix_view<float>{t.data_ptr<float>(), t.size(0), t.size(1)};
  };
  contrastive::evaluator<float> evaluate{{.threads = threads}};
  const contrastive::nt_xent loss{.temperature = temperature};
  for (auto _ : state) {
    float value = evaluate.value_and_gradient_into({rows(g1), rows(g2)}, loss, rows(z1), rows(z2)).loss;
    benchmark::DoNotOptimize(value);
  }
}

void all_sizes(benchmark::internal::Benchmark* one) {
  one->UseRealTime()->Unit(benchmark::kMillisecond)->ArgName("N")->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);
}

}  // namespace

int main(int argc, char** argv) {
  const torch::Tensor z1 = view(300, 1), z2 = view(300, 2);
  const double ours = by_torch_loss(z1, z2).item<double>(), theirs = by_operations(z1, z2).item<double>();
  if (!(std::abs(ours - theirs) <= 1e-4 * std::abs(theirs))) {
    std::fprintf(stderr, "benchmark_torch: the losses differ: %.7g and %.7g\n", ours, theirs);
    return 1;
  }
  all_sizes(benchmark::RegisterBenchmark("nt_xent/torch_loss", [](benchmark::State& state) { time(state, by_torch_loss); }));
  all_sizes(benchmark::RegisterBenchmark("nt_xent/libtorch", [](benchmark::State& state) { time(state, by_operations); }));
  all_sizes(benchmark::RegisterBenchmark("nt_xent/evaluator", time_evaluator));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("libtorch", TORCH_VERSION);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
