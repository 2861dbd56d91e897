// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Saving by libtorch's archives, and by the queue's own form.
#include "torch_common/saved_state.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <mutex>
#include <sstream>
#include <stdexcept>

namespace examples {
namespace {

torch::Tensor from_bytes(const std::string& bytes) {
  std::istringstream stream(bytes);
  torch::Tensor tensor;
  torch::load(tensor, stream);
  return tensor;
}

std::string to_bytes(const torch::Tensor& tensor) {
  std::ostringstream stream;
  torch::save(tensor.detach().clone(), stream);
  return stream.str();
}

/// Parameters and buffers, by name.
std::vector<std::pair<std::string, torch::Tensor>> tensors_of(torch::nn::Module& network) {
  std::vector<std::pair<std::string, torch::Tensor>> all;
  for (const auto& parameter : network.named_parameters()) all.emplace_back(parameter.key(), parameter.value());
  for (const auto& buffer : network.named_buffers()) all.emplace_back(buffer.key(), buffer.value());
  return all;
}

void copy_into(const std::string& name, const torch::Tensor& to, const torch::Tensor& from) {
  if (to.sizes() != from.sizes() || to.scalar_type() != from.scalar_type())
    throw std::runtime_error("the checkpoint's `" + name + "` has another shape or type");
  const torch::NoGradGuard no_gradient;
  to.detach().copy_(from);
}

}  // namespace

saved_state::saved_state() {
  parts_.push_back({"generator",
                    [] {
                      auto generator = at::detail::getDefaultCPUGenerator();
                      const std::lock_guard lock(generator.mutex());
                      return to_bytes(generator.get_state());
                    },
                    [](const std::string& bytes) {
                      auto generator = at::detail::getDefaultCPUGenerator();
                      const std::lock_guard lock(generator.mutex());
                      generator.set_state(from_bytes(bytes));
                    }});
}

void saved_state::add(const std::string& name, torch::nn::Module& network) {
  parts_.push_back({name,
                    [&network] {
                      torch::serialize::OutputArchive archive;
                      for (const auto& [key, tensor] : tensors_of(network)) archive.write(key, tensor.detach());
                      std::ostringstream stream;
                      archive.save_to(stream);
                      return stream.str();
                    },
                    [&network, name](const std::string& bytes) {
                      std::istringstream stream(bytes);
                      torch::serialize::InputArchive archive;
                      archive.load_from(stream);
                      for (const auto& [key, tensor] : tensors_of(network)) {
                        torch::Tensor saved;
                        if (!archive.try_read(key, saved))
                          throw std::runtime_error("the checkpoint's `" + name + "` has no " + key);
                        copy_into(name + "." + key, tensor, saved);
                      }
                    }});
}

void saved_state::add(const std::string& name, torch::optim::Optimizer& optimizer) {
  parts_.push_back({name,
                    [&optimizer] {
                      std::ostringstream stream;
                      torch::save(optimizer, stream);
                      return stream.str();
                    },
                    [&optimizer](const std::string& bytes) {
                      std::istringstream stream(bytes);
                      torch::load(optimizer, stream);
                    }});
}

void saved_state::add(const std::string& name, const torch::Tensor& tensor) {
  parts_.push_back({name, [tensor] { return to_bytes(tensor); },
                    [tensor, name](const std::string& bytes) { copy_into(name, tensor, from_bytes(bytes)); }});
}

void saved_state::add(const std::string& name, contrastive::feature_queue<float>& queue) {
  parts_.push_back({name,
                    [&queue] {
                      std::ostringstream stream;
                      queue.save(stream);
                      return stream.str();
                    },
                    [&queue](const std::string& bytes) {
                      std::istringstream stream(bytes);
                      queue.load(stream);
                    }});
}

std::map<std::string, std::string> saved_state::bytes() const {
  std::map<std::string, std::string> all;
  for (const auto& one : parts_)
    if (!all.emplace(one.name, one.save()).second) throw std::logic_error("saved_state: two parts named " + one.name);
  return all;
}

void saved_state::restore(const std::map<std::string, std::string>& bytes) {
  for (const auto& one : parts_) {
    const auto found = bytes.find(one.name);
    if (found == bytes.end()) throw std::runtime_error("the checkpoint has no `" + one.name + "`");
    one.load(found->second);
  }
}

}  // namespace examples
