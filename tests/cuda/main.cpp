// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Runs the tests of the GPU, or says that there is none and returns 77, by which CTest knows that they were skipped.
#if __has_include(<catch2/catch.hpp>)
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#else
#include <catch2/catch_session.hpp>
#endif
#include <cuda_runtime.h>

#include <cstdio>

int main(int argc, char** argv) {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess || count == 0) {
    std::printf("skipped: no GPU (%s)\n", found == cudaSuccess ? "none is there" : cudaGetErrorString(found));
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
