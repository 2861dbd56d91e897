// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a failed call of CUDA throws.
#pragma once

#include <contrastive/core/instruction_flags.hpp>
#include <stdexcept>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// A call of the CUDA runtime or of cuBLAS that failed. The code is a cudaError_t or a cublasStatus_t, as the call says.
class cuda_error : public std::runtime_error {
 public:
  /// `call` failed with `code`, which the toolkit explains by `meaning`.
  cuda_error(const char* call, int code, const char* meaning)
      : std::runtime_error(std::string("contrastive: ") + call + " failed with code " + std::to_string(code) + ": " + meaning),
        call_(call),
        code_(code) {}

  /// The function that failed.
  const char* call() const { return call_; }
  /// What it returned.
  int code() const { return code_; }

 private:
  const char* call_;
  int code_;
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
