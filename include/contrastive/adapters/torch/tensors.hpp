// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a loss takes from tensors: labels, weights, parameters, and numbers to be learned.
#pragma once

#include <torch/types.h>

#include <contrastive/core/errors.hpp>
#include <contrastive/core/label_view.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/core/weight_view.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// A temperature that is a tensor of one number, to be learned: torch_loss(loss, learned_temperature(tau), z1, z2). It takes
/// the place of the loss's own; its gradient goes to `tau`. A tensor on a GPU is read from there, which waits for it.
struct learned_temperature {
  torch::Tensor value;  ///< τ, one number

  /// Of the parameter τ.
  explicit learned_temperature(torch::Tensor tau) : value(std::move(tau)) {}
};

/// Likewise a bias, of a loss that has one: torch_loss(siglip{}, learned_temperature(tau), learned_bias(b), z1, z2).
struct learned_bias {
  torch::Tensor value;  ///< b, one number

  /// Of the parameter b.
  explicit learned_bias(torch::Tensor b) : value(std::move(b)) {}
};

/// Keeps a learned temperature from `least` to `most`, in place and outside the graph: to be called after each step of the
/// optimiser. `tau` is the parameter itself, a leaf of one floating point number. NaN stays. The default is CLIP's, which keeps
/// 1/τ at 100 at most against instability (Radford et al. 2021, sec. 2.5): once all positives come first, a lower τ is always
/// better for the loss, and without a bound it goes to 0.
/// Throws std::invalid_argument for another tensor, and for bounds that are not 0 < least ≤ most.
///
///   optimizer.step();
///   contrastive::clamp_temperature(tau);
inline void clamp_temperature(torch::Tensor tau, double least = 0.01, double most = std::numeric_limits<double>::infinity()) {
  const char* const who = "clamp_temperature";
  if (!tau.defined() || tau.numel() != 1 || !tau.is_floating_point())
    detail::refuse(
        who, "tau", "a tensor of one floating point number",
        tau.defined() ? std::to_string(tau.numel()) + " of " + c10::toString(tau.scalar_type()) : "an undefined one");
  if (!tau.is_leaf()) detail::refuse(who, "tau", "the parameter itself (a leaf)", "what was computed of others");
  if (!(least > 0)) detail::refuse(who, "least", "a positive number", least);
  if (!(most >= least)) detail::refuse(who, "most", "at least " + detail::text(least), most);
  const torch::NoGradGuard off;
  tau.copy_(tau.to(torch::kFloat64).clamp(least, most));  // libtorch clamps no float16 on the CPU
}

/// The labels or ids of a loss from a tensor (n) of int32 or int64, of any stride: no copy, the tensor must live through the
/// call.
inline label_view labels_of(const torch::Tensor& labels) {
  const auto type = labels.scalar_type();
  if (labels.dim() != 1 || (type != torch::kInt32 && type != torch::kInt64))
    detail::refuse("labels_of", "labels", "a tensor (n) of int32 or int64",
                   std::string(c10::toString(type)) + " of " + std::to_string(labels.dim()) + " dimensions");
  if (type == torch::kInt32) return {labels.data_ptr<std::int32_t>(), labels.size(0), labels.stride(0)};
  return {labels.data_ptr<std::int64_t>(), labels.size(0), labels.stride(0)};
}

/// The weights of anchors or the probabilities of candidates from a tensor (n) of float32 or float64, of any stride: likewise.
inline weight_view weights_of(const torch::Tensor& weights) {
  const auto type = weights.scalar_type();
  if (weights.dim() != 1 || (type != torch::kFloat32 && type != torch::kFloat64))
    detail::refuse("weights_of", "weights", "a tensor (n) of float32 or float64",
                   std::string(c10::toString(type)) + " of " + std::to_string(weights.dim()) + " dimensions");
  if (type == torch::kFloat32) return {weights.data_ptr<float>(), weights.size(0), weights.stride(0)};
  return {weights.data_ptr<double>(), weights.size(0), weights.stride(0)};
}

/// Weights of pairs or parameters of a loss from a tensor (rows, cols) of float32, of any strides: no copy, the tensor must
/// live through the call.
inline matrix_view<const float> rows_of(const torch::Tensor& rows) {
  if (rows.dim() != 2 || rows.scalar_type() != torch::kFloat32)
    detail::refuse("rows_of", "rows", "a tensor (rows, cols) of float32",
                   std::string(c10::toString(rows.scalar_type())) + " of " + std::to_string(rows.dim()) + " dimensions");
  return {rows.data_ptr<float>(), rows.size(0), rows.size(1), rows.stride(0), rows.stride(1)};
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
