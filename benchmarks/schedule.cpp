// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How the CPU engine's schedule would do on more cores than this machine has: times the phases of calls on one thread, and
// simulates up to 128.
#include <chrono>
#include <contrastive/contrastive.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/support/inputs.hpp"
#include "benchmarks/support/simulated_team.hpp"

namespace {

using namespace contrastive::benchmarks;
using contrastive::index_type;

struct settings {
  bool json = false, validate = false, phases = false;
  index_type block_rows = 0, only_n = 0, only_dim = 0;
  int rounds = 7, threads = 2;
  std::size_t memory_budget = contrastive::options{}.memory_budget;
  team_costs costs{100e-9, 1e-6};
};

/// Passes use(loss, embeddings...) a loss of this name on N rows in all, or N queries and N keys.
template <class Use>
void with_call(const std::string& loss, index_type n, index_type dim, Use use) {
  const auto rows = random_rows<float>(2 * n, dim);
  if (loss == "nt_xent")
    use(contrastive::nt_xent{.temperature = 0.5}, part(rows, 0, n / 2), part(rows, n / 2, n / 2));
  else
    use(contrastive::info_nce{.temperature = 0.1}, part(rows, 0, n), part(rows, n, n));
}

double clock_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void report(const settings& s, const std::string& loss, index_type n, index_type dim) {
  call_phases call;
  double real[2] = {1e9, 1e9};  // the best of an evaluator, on one thread (by its own time) and on some (by the clock)
  with_call(loss, n, dim, [&](const auto& what, const auto&... embeddings) {
    contrastive::evaluator<float> one{{.threads = 1, .memory_budget = s.memory_budget}},
        some{{.threads = s.threads, .memory_budget = s.memory_budget}};
    const auto compare = [&] {
      if (!s.validate) return;
      double began = thread_seconds();
      one.value_and_gradient(what, embeddings...);
      real[0] = std::min(real[0], thread_seconds() - began);
      if (s.threads == 1) return;
      began = clock_seconds();
      some.value_and_gradient(what, embeddings...);
      real[1] = std::min(real[1], clock_seconds() - began);
    };
    call = phase_timer<float>(s.block_rows, s.memory_budget).measure(s.rounds, compare, what, embeddings...);
  });
  const double alone = call.seconds();
  if (s.json)
    std::printf(
        "{\"loss\": \"%s\", \"N\": %td, \"d\": %td, \"block\": %td, \"blocks\": %td, \"one_thread_ms\": %.4f, \"cores\": [",
        loss.c_str(), n, dim, call.block_rows, call.anchor_blocks, 1e3 * alone);
  else
    std::printf("%s, N = %td, d = %td: %td blocks of %td rows, %.3f ms on one thread\n", loss.c_str(), n, dim,
                call.anchor_blocks, call.block_rows, 1e3 * alone);
  if (s.phases)
    for (const phase& of : call.phases)
      std::printf("    %-26s %8.2f %%  %10.3f us\n", of.name.c_str(), 100 * call.seconds_of(of) / alone,
                  1e6 * call.seconds_of(of));
  if (s.validate) {
    const double model[] = {alone, simulated_team(s.threads, s.costs).run(call).seconds};
    for (int which = 0; which < (s.threads > 1 ? 2 : 1); ++which)
      std::printf("  %d threads: model %.3f ms, evaluator %.3f ms, ratio %.3f\n", which == 0 ? 1 : s.threads,
                  1e3 * model[which], 1e3 * real[which], model[which] / real[which]);
    return;
  }
  if (!s.json) std::printf("  cores  speedup  efficiency  lost: serial  too few  turns  together (%% of the time)\n");
  for (int threads = 1; threads <= 128; threads *= 2) {
    const simulated_call r = simulated_team(threads, s.costs).run(call);
    const auto percent = [&](double of) { return 100 * of / r.seconds; };
    if (s.json)
      std::printf(
          "%s{\"cores\": %d, \"speedup\": %.3f, \"serial\": %.4f, \"too_few\": %.4f, \"turns\": %.4f, \"together\": %.4f}",
          threads > 1 ? ", " : "", threads, alone / r.seconds, r.serial / r.seconds, r.too_few / r.seconds, r.turns / r.seconds,
          r.together / r.seconds);
    else
      std::printf("  %5d  %7.2f  %8.0f %%  %12.1f  %7.1f  %5.1f  %8.1f\n", threads, alone / r.seconds, percent(alone / threads),
                  percent(r.serial), percent(r.too_few), percent(r.turns), percent(r.together));
  }
  if (s.json) std::printf("]}\n");
  std::fflush(stdout);
}

settings read(int argc, char** argv) {
  settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&] {
      if (++i == argc) throw std::runtime_error(name + " wants a number");
      return std::strtod(argv[i], nullptr);
    };
    if (name == "--json")
      s.json = true;
    else if (name == "--validate")
      s.validate = true;
    else if (name == "--phases")
      s.phases = true;
    else if (name == "--threads")
      s.threads = static_cast<int>(number());
    else if (name == "--rows")
      s.only_n = static_cast<index_type>(number());
    else if (name == "--dim")
      s.only_dim = static_cast<index_type>(number());
    else if (name == "--block")
      s.block_rows = static_cast<index_type>(number());
    else if (name == "--rounds")
      s.rounds = static_cast<int>(number());
    else if (name == "--budget")
      s.memory_budget = static_cast<std::size_t>(number());
    else if (name == "--hop-ns")
      s.costs.hop = 1e-9 * number();
    else if (name == "--wake-ns")
      s.costs.wake = 1e-9 * number();
    else
      throw std::runtime_error(
          name + " is none of --json --validate --phases --threads --rows --dim --block --rounds --budget --hop-ns --wake-ns");
  }
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const settings s = read(argc, argv);
    for (const char* loss : {"nt_xent", "info_nce"})
      for (const index_type dim : {128, 512})
        for (const index_type n : {256, 1024, 4096, 16384, 65536})
          if ((s.only_n == 0 || s.only_n == n) && (s.only_dim == 0 || s.only_dim == dim)) report(s, loss, n, dim);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "benchmark_schedule: %s\n", e.what());
    return 2;
  }
}
