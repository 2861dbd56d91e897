// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The processes that mpirun has started to train one network together.
#pragma once

#include <torch/torch.h>

#include <contrastive/adapters/torch_ranks.hpp>
#include <memory>
#include <vector>

namespace examples {

class processes {
 public:
  /// Null where this process is the only one. The standard output of all but the first goes nowhere. Throws std::runtime_error
  /// where mpirun has started several and the program was built without MPI.
  static std::shared_ptr<processes> of_this_run();
  ~processes();
  processes(const processes&) = delete;
  processes& operator=(const processes&) = delete;

  int rank() const;
  int size() const;
  /// Of losses, whose gradients are scaled to be averaged.
  contrastive::torch_ranks& ranks();
  /// Gives the gradients of all processes their mean.
  void average_gradients(const std::vector<torch::Tensor>& parameters);
  /// The rows (n, d) of all processes, those of the first one first; each has as many.
  torch::Tensor gather(const torch::Tensor& rows);
  /// Have all of them the same numbers? Those that differ have the same checksum once in four billion times.
  bool agree_on(const std::vector<torch::Tensor>& numbers);
  /// Is it true on any of them?
  bool any(bool here);

 private:
  struct implementation;
  explicit processes(std::unique_ptr<implementation> with);
  std::unique_ptr<implementation> with_;
};

}  // namespace examples
