// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a training run consists of, to bytes and back: networks, optimisers, tensors, queues and the generator.
#pragma once

#include <torch/torch.h>

#include <contrastive/contrastive.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace examples {

/// Refers to what is added, which must outlive it. libtorch's own generator is always part of it.
class saved_state {
 public:
  saved_state();
  void add(const std::string& name, torch::nn::Module& network);
  void add(const std::string& name, torch::optim::Optimizer& optimizer);
  void add(const std::string& name, const torch::Tensor& tensor);  // the values come back into the same memory
  void add(const std::string& name, contrastive::feature_queue<float>& queue);

  std::map<std::string, std::string> bytes() const;
  /// Throws std::runtime_error where a part is missing or does not fit.
  void restore(const std::map<std::string, std::string>& bytes);

 private:
  struct part {
    std::string name;
    std::function<std::string()> save;
    std::function<void(const std::string&)> load;
  };
  std::vector<part> parts_;
};

}  // namespace examples
