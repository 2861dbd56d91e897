// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Options, start and end of a trainer.
#include "torch_common/run_options.hpp"

#include <torch/torch.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <thread>

#include "common/file.hpp"

namespace examples {
namespace {

/// Starts the program again, once, with an environment by which the threads of libgomp and OpenBLAS sleep while they wait. Both
/// read it when they are loaded. By default they spin, each library's beside the other's and beside other programs.
void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);  // 2^4 cycles, the least that it takes
  execv("/proc/self/exe", argv);              // comes back only where it fails, and then all is as it was
}

}  // namespace

void add_run_options(CLI::App& app, run_options& run, const std::string& what_data_is) {
  app.option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  if (!what_data_is.empty()) app.add_option("--data", run.data, what_data_is)->type_name("DIR");
  app.add_option("--output", run.output, "folder for pictures, curves and the table")->type_name("DIR");
  app.add_option(
         "--checkpoint", run.checkpoint,
         "file that is written after each epoch and on Ctrl-C, and that the same command goes on from [checkpoint in the "
         "output folder]")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--fresh", run.fresh, "begin anew, whatever the checkpoint holds");
  app.add_option("--epochs", run.epochs, "rounds over the training pictures")->check(CLI::Range(0, 100000));
  app.add_option("--seed", run.seed, "another seed is another run; the same one with as many threads gives the same numbers");
  app.add_option("--threads", run.threads, "0: as many as the machine has")->check(CLI::Range(0, 1024));
}

void parse_or_leave(CLI::App& app, int argc, char** argv) {
  wait_passively(argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
}

int start_run(run_options& run) {
  prepare_folder(run.output);  // better now than after the training
  if (run.checkpoint.empty()) run.checkpoint = (std::filesystem::path(run.output) / "checkpoint").string();
  if (run.threads == 0) run.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  torch::set_num_threads(run.threads);
  torch::manual_seed(run.seed);
  return run.threads;
}

int guarded_main(const char* program, const std::function<int()>& run) {
  try {
    return run();
  } catch (const c10::Error& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what_without_backtrace());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
  }
  return 1;
}

}  // namespace examples
