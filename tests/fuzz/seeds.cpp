// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// `fuzz_x --seeds FOLDER` writes the inputs that the fuzzer starts from, a file each.
#include <cstring>
#include <fstream>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc != 3 || std::strcmp((*argv)[1], "--seeds") != 0) return 0;
  int number = 0;
  for (const std::string& seed : fuzz::seeds())
    std::ofstream((*argv)[2] + ("/seed" + std::to_string(number++)), std::ios::binary) << seed;
  std::exit(number > 0 ? 0 : 1);
}
