// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A whole program, run by a test.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace example_tests {

struct outcome {
  int status;
  std::string output;  // both streams
};

/// Arguments must need no quoting. A trainer on libtorch that is told how its threads wait does not start itself a second time.
inline outcome run_program(const std::string& binary, const std::string& arguments,
                           const std::string& environment = "OMP_WAIT_POLICY=passive OPENBLAS_THREAD_TIMEOUT=4") {
  FILE* pipe = popen((environment + " " + binary + " " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + binary);
  outcome out{-1, ""};
  std::array<char, 4096> piece;
  for (std::size_t got; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;) out.output.append(piece.data(), got);
  const int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

}  // namespace example_tests
