// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What every trainer on libtorch lets its user say, and how it starts and ends.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace examples {

class processes;

struct run_options {
  std::string data, output;
  std::string checkpoint;  // made from `output` where it is not given
  bool fresh = false;
  int epochs = 0, threads = 0;
  std::uint64_t seed = 1;
  std::shared_ptr<processes> together;  ///< null: this process trains alone
};

/// Adds --data, --output, --checkpoint, --fresh, --epochs, --threads and --seed; the defaults are what `run` holds. A trainer
/// that finds its pictures by itself has no --data.
void add_run_options(CLI::App& app, run_options& run, const std::string& what_data_is);

/// Parses; leaves the program where it asks for help or is wrong. Threads of libgomp and OpenBLAS that wait sleep from here on
/// (OMP_WAIT_POLICY=active in the environment lets them spin): on a machine that others use too that is 3 times as fast.
void parse_or_leave(CLI::App& app, int argc, char** argv);

/// Makes the output folder, seeds libtorch and gives it `run.threads` threads (0: all); returns how many.
int start_run(run_options& run);

/// Runs the program; an exception becomes "program: words" on the standard error and 1.
int guarded_main(const char* program, const std::function<int()>& run);

}  // namespace examples
