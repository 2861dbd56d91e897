// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// backward_in_chunks: a step over a batch that the encoder's memory does not hold (gradient caching). Target
// contrastive::torch.
//
// Works with libtorch 1.13 and 2, with or without contrastive/adapters/torch.hpp, and in any file: nothing in it is nvcc's.
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

namespace detail {

template <class Encoder>
concept torch_module = requires(Encoder& encoder, const torch::Tensor& x) {
  torch::Tensor(encoder->forward(x));
};
template <class Encoder>
concept torch_callable = requires(Encoder& encoder, const torch::Tensor& x) {
  torch::Tensor(encoder(x));
};

/// A torch::nn::Sequential can not be called in place of its forward.
template <class Encoder>
torch::Tensor encode(Encoder& encoder, const torch::Tensor& x) {
  if constexpr (torch_module<Encoder>)
    return encoder->forward(x);
  else
    return encoder(x);
}

}  // namespace detail

/// An encoder and its part of the batch: inputs (n, ...), of which it makes embeddings (n, ...), row for row. The encoder is a
/// module of libtorch's, as its holder or pointer, or anything that is called with a tensor; it is copied, which for holders
/// and pointers is the same module.
struct tower {
  std::function<torch::Tensor(const torch::Tensor&)> encoder;  ///< from rows of inputs to their embeddings
  torch::Tensor inputs;                                        ///< (n, ...)

  /// Of an encoder and its inputs.
  template <class Encoder>
  requires detail::torch_module<Encoder> || detail::torch_callable<Encoder> tower(Encoder of_rows, torch::Tensor rows)
      : encoder([own = std::move(of_rows)](const torch::Tensor& x) mutable { return detail::encode(own, x); }),
        inputs(std::move(rows)) {}
};

namespace detail {

/// libtorch's own generators, the CPU's and each GPU's: what dropout and the like draw from.
class generator_states {
 public:
  static generator_states now() {
    generator_states all;
    all.add(torch::kCPU);
    for (int gpu = 0; gpu < static_cast<int>(torch::cuda::device_count()); ++gpu)
      all.add({torch::kCUDA, static_cast<c10::DeviceIndex>(gpu)});
    return all;
  }
  void restore() const {
    for (const auto& [kept, state] : states_) {
      at::Generator generator = kept;
      const std::lock_guard<std::mutex> lock(generator.mutex());
      generator.set_state(state);
    }
  }

 private:
  void add(torch::Device device) {
    at::Generator generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard<std::mutex> lock(generator.mutex());
    states_.emplace_back(generator, generator.get_state());
  }
  std::vector<std::pair<at::Generator, torch::Tensor>> states_;
};

/// Puts the generators back where they were, however the scope is left.
class generators_kept {
 public:
  generators_kept() = default;
  generators_kept(const generators_kept&) = delete;
  generators_kept& operator=(const generators_kept&) = delete;
  ~generators_kept() {
    try {
      before_.restore();
    } catch (...) {  // of a GPU that failed: the error that ends the scope says more
    }
  }

 private:
  generator_states before_ = generator_states::now();
};

inline constexpr const char* chunks_name = "backward_in_chunks";

inline void check_towers(const std::vector<tower>& towers, std::int64_t chunk_size) {
  if (chunk_size < 1) refuse(chunks_name, "the chunk size", "at least 1", chunk_size);
  if (towers.empty()) refuse(chunks_name, "inputs", "at least 1 tensor", 0);
  for (std::size_t t = 0; t < towers.size(); ++t) {
    const std::string what = "inputs " + std::to_string(t + 1);
    const torch::Tensor& x = towers[t].inputs;
    if (!x.defined()) refuse(chunks_name, what, "a tensor", "an undefined one");
    if (x.dim() == 0 || x.size(0) == 0)
      refuse(chunks_name, what, "a tensor (n, ...) of at least 1 row", x.dim() == 0 ? "a scalar" : "one of 0 rows");
    if (x.size(0) != towers[0].inputs.size(0))
      refuse(chunks_name, what, "as many rows as inputs 1, " + std::to_string(towers[0].inputs.size(0)), x.size(0));
    if (x.requires_grad() && !x.is_leaf())
      refuse(chunks_name, what, "a leaf or a tensor without a graph", "one with a graph, which the first chunk would use up");
  }
  if (!torch::GradMode::is_enabled()) refuse(chunks_name, "gradients", "to be on", "NoGradGuard or inference mode");
}

/// The embeddings of rows [first, first + rows).
inline torch::Tensor encode_chunk(const tower& one, std::int64_t first, std::int64_t rows) {
  torch::Tensor z = one.encoder(one.inputs.narrow(0, first, rows));
  const std::string expected = std::to_string(rows) + " rows of floating point numbers for as many inputs";
  if (!z.defined()) refuse(chunks_name, "what the encoder returns", expected, "an undefined tensor");
  if (z.dim() == 0 || z.size(0) != rows || !z.is_floating_point())
    refuse(chunks_name, "what the encoder returns", expected,
           (z.dim() == 0 ? std::string("a scalar") : std::to_string(z.size(0)) + " rows") + " of " +
               c10::toString(z.scalar_type()));
  return z;
}

/// `work(tower, first row, rows)` for each chunk, tower by tower.
template <class Work>
void for_chunks(const std::vector<tower>& towers, std::int64_t chunk_size, const Work& work) {
  for (std::size_t t = 0; t < towers.size(); ++t)
    for (std::int64_t first = 0, n = towers[t].inputs.size(0); first < n; first += chunk_size)
      work(t, first, std::min(chunk_size, n - first));
}

}  // namespace detail

/// Adds to .grad of all that `loss` depends on what `loss(z_1, ..., z_V).backward()` would, where z_v are the embeddings of
/// tower v, with the encoders' graphs of no more than `chunk_size` rows in memory at a time; returns the loss, without a graph.
/// Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup", section 3: with Z all the
/// embeddings, dL/dθ = Σ_c (dL/dZ_c)·(dZ_c/dθ) over chunks c, and dL/dZ comes from the embeddings alone. So
///   1. each encoder runs on its chunks in order, without a graph;
///   2. `loss` is called once, with a std::vector of the towers' embeddings, each a leaf, and differentiated; what else it
///      depends on, such as a learned temperature or proxies, gets its gradient here;
///   3. each encoder runs on its chunks again, with a graph, which is given the chunk's rows of dL/dZ.
/// The cost is one more forward pass.
///
/// What holds: loss and gradients are to rounding those of encoding the same chunks in the same order, each with its graph,
/// torch::cat of them, and one backward(). Where an encoder treats each row by itself (linear, convolution, attention within
/// a row, layer and group norm), that is the same for every chunk size. Where it does not:
///  - Random numbers (dropout, augmentation in the model): libtorch's own generators, the CPU's and the GPUs', are set back
///    for a chunk's second run, so that it draws what its first run drew, and stand in the end where step 2 left them. Which
///    numbers a row gets depends on the chunk size: a chunk draws for its first layer, then for its second, then comes the next
///    chunk. A generator of the model's own is not set back.
///  - Batch norm in training takes its statistics from the chunk, and moves its running averages in both runs.
/// A frozen encoder, such as MoCo's of the keys, need be no tower: `loss` may hold its embeddings. As a tower it is run twice
/// like others. Under autocast libtorch's cache of cast weights is emptied between the runs: those of the first have no graph.
///
/// Throws std::invalid_argument for a chunk size below 1, no inputs, undefined inputs or inputs without rows, inputs with a
/// graph of their own, inputs of different numbers of rows, an encoder that returns another number of rows than it was given or
/// no floating point numbers, a loss that is not one number or has no graph, and where gradients are off. An error in the first
/// run or in the loss leaves every .grad of the encoders alone, one in the second run leaves there what the chunks before it
/// added; the generators stand where the error met them, or after step 2.
///
///   const auto loss = [](const std::vector<torch::Tensor>& z) {
///     return contrastive::torch_loss(contrastive::clip{.temperature = 0.07}, z);
///   };
///   optimizer.zero_grad();
///   const torch::Tensor value = contrastive::backward_in_chunks(loss, {{image_encoder, images}, {text_encoder, texts}}, 256);
///   optimizer.step();
template <class Loss>
torch::Tensor backward_in_chunks(Loss&& loss, const std::vector<tower>& towers, std::int64_t chunk_size) {
  using namespace detail;
  check_towers(towers, chunk_size);
  std::vector<std::vector<torch::Tensor>> parts(towers.size());
  std::vector<generator_states> before;  // of each chunk
  {
    const torch::NoGradGuard no_gradient;
    for_chunks(towers, chunk_size, [&](std::size_t t, std::int64_t first, std::int64_t rows) {
      before.push_back(generator_states::now());
      parts[t].push_back(encode_chunk(towers[t], first, rows));
    });
  }
  at::autocast::clear_cache();

  std::vector<torch::Tensor> gradients;
  torch::Tensor value;
  {
    std::vector<torch::Tensor> embeddings;
    for (auto& part : parts) {
      embeddings.push_back(torch::cat(part).requires_grad_(true));
      part.clear();
    }
    value = loss(std::as_const(embeddings));
    if (!value.defined()) refuse(chunks_name, "the loss", "a tensor of one number", "an undefined tensor");
    if (value.numel() != 1)
      refuse(chunks_name, "the loss", "a tensor of one number", std::to_string(value.numel()) + " numbers");
    if (!value.requires_grad()) refuse(chunks_name, "the loss", "a function of the embeddings", "a tensor without a graph");
    value.backward();
    value = value.detach();
    for (const torch::Tensor& z : embeddings) gradients.push_back(z.grad());
  }

  const generators_kept after_the_loss;
  std::size_t c = 0;
  for_chunks(towers, chunk_size, [&](std::size_t t, std::int64_t first, std::int64_t rows) {
    const generator_states& drawn_from = before[c++];
    if (!gradients[t].defined()) return;  // the loss does not depend on it
    drawn_from.restore();
    const torch::Tensor z = encode_chunk(towers[t], first, rows);
    if (z.requires_grad()) z.backward(gradients[t].narrow(0, first, rows));
  });
  return value;
}

/// The same for views that one encoder sees: inputs of V tensors (n, ...), of which `loss` gets V embeddings. The encoder is
/// not copied.
///
///   const torch::Tensor value = contrastive::backward_in_chunks(
///       [](const auto& z) { return contrastive::torch_loss(contrastive::nt_xent{}, z); }, encoder, {view1, view2}, 256);
template <class Loss, class Encoder>
requires detail::torch_module<Encoder> || detail::torch_callable<Encoder> torch::Tensor backward_in_chunks(
    Loss&& loss, Encoder&& encoder, const std::vector<torch::Tensor>& inputs, std::int64_t chunk_size) {
  std::vector<tower> towers;
  for (const torch::Tensor& x : inputs)
    towers.push_back({[&encoder](const torch::Tensor& rows) { return detail::encode(encoder, rows); }, x});
  return backward_in_chunks(loss, towers, chunk_size);
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
