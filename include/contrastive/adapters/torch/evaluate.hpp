// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One call of an evaluator on tensors, wherever they lie.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <contrastive/contrastive.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#if defined(__CUDACC__) && __has_include(<c10/cuda/impl/cuda_cmake_macros.h>)
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <contrastive/cuda/evaluator.cuh>
#include <map>
#define CONTRASTIVE_TORCH_ON_DEVICE 1
#endif

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// Loss (scalar, or one number an anchor), gradients of the embeddings (undefined where not wanted), and, where anything is
/// learned, of the temperature and of the bias.
struct torch_result {
  torch::Tensor loss;
  std::vector<torch::Tensor> gradients;
  torch::Tensor temperature_gradient, bias_gradient;
};

/// What may come together: float32, and the types of 16 bits, whose numbers are all float32 too.
inline bool computed_in_float(const torch::Tensor& t) {
  const auto type = t.scalar_type();
  return type == torch::kFloat32 || type == torch::kBFloat16 || type == torch::kFloat16;
}

template <class L>
void check_tensors(const std::vector<torch::Tensor>& embeddings) {
  constexpr const char* who = loss_name<L>();
  if (embeddings.empty()) refuse(who, "embedding arguments", "at least 1 tensor", 0);
  for (std::size_t a = 0; a < embeddings.size(); ++a) {
    const torch::Tensor& e = embeddings[a];
    const std::string what = "argument " + std::to_string(a + 1);
    if (!e.defined()) refuse(who, what, "a tensor", "an undefined one");
    if (e.layout() != torch::kStrided) refuse(who, what, "a strided (dense) tensor", "a tensor of another layout");
    if (e.dim() != 2) refuse(who, what, "a tensor (n, d)", "one of " + std::to_string(e.dim()) + " dimensions");
    if (e.scalar_type() != embeddings[0].scalar_type() && !(computed_in_float(e) && computed_in_float(embeddings[0])))
      refuse(who, what, std::string("the type of argument 1, ") + c10::toString(embeddings[0].scalar_type()),
             c10::toString(e.scalar_type()));
    if (e.device() != embeddings[0].device())
      refuse(who, what, "the device of argument 1, " + embeddings[0].device().str(), e.device().str());
  }
}

/// Over ranks: what no rank may find out later than the others.
template <class L>
void check_host_tensors(const std::vector<torch::Tensor>& embeddings) {
  for (std::size_t a = 0; a < embeddings.size(); ++a) {
    const torch::Tensor& e = embeddings[a];
    const std::string what = "argument " + std::to_string(a + 1);
    if (!e.device().is_cpu())
      refuse(loss_name<L>(), what, "a tensor on the CPU: over ranks nothing else is computed", "one on " + e.device().str());
    if (!computed_in_float(e) && e.scalar_type() != torch::kFloat64)
      refuse(loss_name<L>(), what, "a tensor of float32, float64, bfloat16 or float16", c10::toString(e.scalar_type()));
  }
}

/// The evaluators of this thread, with as many threads as libtorch has now.
struct evaluators_of_thread {
  static constexpr bool on_ranks = false;

  /// Argument a as the evaluator takes it.
  template <class S>
  static matrix_view<const S> rows(const matrix_view<const S>& view, std::size_t) {
    return view;
  }
  template <class Check>
  static void check(const char*, Check of_tensors) {
    of_tensors();
  }
  template <class T>
  static evaluator<T>& of() {
    thread_local std::unique_ptr<evaluator<T>> kept;
    thread_local int threads = 0;
    if (const int wanted = at::get_num_threads(); kept == nullptr || threads != wanted) {
      kept = std::make_unique<evaluator<T>>(options{.threads = wanted});
      threads = wanted;
    }
    return *kept;
  }
};

/// By an evaluator of `on`.
template <class S, class On, class L>
torch_result evaluate_on_host(const On& on, const L& loss, const std::vector<torch::Tensor>& embeddings,
                              const std::vector<bool>& wanted, bool learned) {
  using T = typename computed_in<S>::type;
  auto& evaluate = on.template of<T>();
  const auto numbers = std::is_same_v<T, double> ? torch::kFloat64 : torch::kFloat32;
  torch_result out;
  std::vector<decltype(on.rows(matrix_view<const S>{}, 0))> rows;
  std::vector<matrix_view<T>> gradients;
  bool any = learned || loss.reduction == reduction::none;
  for (std::size_t a = 0; a < embeddings.size(); ++a) {
    const torch::Tensor& e = embeddings[a];
    rows.push_back(
        on.rows(matrix_view<const S>{static_cast<const S*>(e.data_ptr()), e.size(0), e.size(1), e.stride(0), e.stride(1)}, a));
    out.gradients.emplace_back(wanted[a] ? torch::empty({e.size(0), e.size(1)}, numbers) : torch::Tensor());
    gradients.push_back(wanted[a] ? matrix_view<T>{out.gradients[a].template data_ptr<T>(), e.size(0), e.size(1)}
                                  : matrix_view<T>{});
    any = any || wanted[a];
  }
  if (!any) {
    out.loss = torch::scalar_tensor(evaluate.value(loss, rows), numbers);
    return out;
  }
  const result<T>& r = evaluate.value_and_gradient_into(gradients, loss, rows);
  if (loss.reduction == reduction::none)
    out.loss = torch::tensor(r.per_anchor, numbers);
  else
    out.loss = torch::scalar_tensor(r.loss, numbers);
  if (learned) {
    out.temperature_gradient = torch::scalar_tensor(r.temperature_gradient, numbers);
    out.bias_gradient = torch::scalar_tensor(r.bias_gradient, numbers);
  }
  return out;
}

#ifdef CONTRASTIVE_TORCH_ON_DEVICE
inline constexpr bool torch_on_device = true;

/// The evaluator of this thread on one GPU; its workspace is the caller's, from libtorch's allocator.
template <class S>
cuda::evaluator<S>& torch_device_evaluator(int device) {
  thread_local std::map<int, std::unique_ptr<cuda::evaluator<S>>> kept;
  auto& own = kept[device];
  if (own == nullptr) own = std::make_unique<cuda::evaluator<S>>();
  return *own;
}

template <class S, class L>
torch_result evaluate_on_device(const L& loss, const std::vector<torch::Tensor>& embeddings, const std::vector<bool>& wanted) {
  using number = typename cuda::evaluator<S>::number;
  const c10::cuda::CUDAGuard guard(embeddings[0].device());
  const auto here = torch::TensorOptions().device(embeddings[0].device());
  const auto numbers = here.dtype(std::is_same_v<number, double> ? torch::kFloat64 : torch::kFloat32);
  cuda::evaluator<S>& evaluate = torch_device_evaluator<S>(embeddings[0].get_device());
  std::vector<cuda::device_matrix_view<const S>> rows;
  std::vector<shape> shapes;
  cuda::outputs<S, number> to;
  torch_result out;
  index_type total = 0;
  for (std::size_t a = 0; a < embeddings.size(); ++a) {
    const torch::Tensor& e = embeddings[a];
    rows.push_back({static_cast<const S*>(e.data_ptr()), e.size(0), e.size(1), e.stride(0), e.stride(1)});
    shapes.push_back({e.size(0), e.size(1)});
    total += e.size(0);
    out.gradients.emplace_back(wanted[a] ? torch::empty({e.size(0), e.size(1)}, numbers) : torch::Tensor());
    to.gradients.push_back(
        wanted[a] ? cuda::device_matrix_view<number>{out.gradients[a].template data_ptr<number>(), e.size(0), e.size(1)}
                  : cuda::device_matrix_view<number>{});
  }
  out.loss = torch::empty({}, numbers);
  out.temperature_gradient = torch::empty({}, numbers);
  out.bias_gradient = torch::empty({}, numbers);
  const index_type anchors = loss.arrangement == arrangement::all_against_all ? total : embeddings[0].size(0);
  const torch::Tensor losses = loss.reduction == reduction::none ? torch::empty({anchors}, numbers) : torch::Tensor();
  to.loss = out.loss.template data_ptr<number>();
  to.temperature_gradient = out.temperature_gradient.template data_ptr<number>();
  to.bias_gradient = out.bias_gradient.template data_ptr<number>();
  if (losses.defined()) to.per_anchor = losses.template data_ptr<number>();
  const torch::Tensor workspace =
      torch::empty({static_cast<std::int64_t>(evaluate.required_bytes(loss, shapes))}, here.dtype(torch::kUInt8));
  evaluate.use_workspace(workspace.data_ptr(), static_cast<std::size_t>(workspace.numel()));
  evaluate.enqueue(loss, to, rows, c10::cuda::getCurrentCUDAStream().stream());
  evaluate.use_workspace(nullptr, 0);
  if (losses.defined()) out.loss = losses;
  return out;
}
#else
inline constexpr bool torch_on_device = false;
#endif

/// OnDevice keeps apart what nvcc and what the host's compiler make of one name in one program.
template <bool OnDevice, class On, class L>
torch_result evaluate_tensors(const On& on, const L& loss, std::vector<torch::Tensor> embeddings,
                              const std::vector<bool>& wanted, bool learned) {
  auto type = embeddings[0].scalar_type();
  if (std::any_of(embeddings.begin(), embeddings.end(), [&](const torch::Tensor& e) { return e.scalar_type() != type; })) {
    type = torch::kFloat32;  // exact
    for (torch::Tensor& e : embeddings) e = e.to(type);
  }
  const torch::Device device = embeddings[0].device();
  if (device.is_cpu()) {
    if (type == torch::kFloat32) return evaluate_on_host<float>(on, loss, embeddings, wanted, learned);
    if (type == torch::kFloat64) return evaluate_on_host<double>(on, loss, embeddings, wanted, learned);
    if (type == torch::kBFloat16) return evaluate_on_host<Eigen::bfloat16>(on, loss, embeddings, wanted, learned);
    if (type == torch::kFloat16) return evaluate_on_host<Eigen::half>(on, loss, embeddings, wanted, learned);
    refuse(loss_name<L>(), "argument 1", "a tensor of float32, float64, bfloat16 or float16", c10::toString(type));
  }
  if constexpr (OnDevice) {
#ifdef CONTRASTIVE_TORCH_ON_DEVICE
    if (device.is_cuda()) {
      if (type == torch::kFloat32) return evaluate_on_device<float>(loss, embeddings, wanted);
      if (type == torch::kFloat64) return evaluate_on_device<double>(loss, embeddings, wanted);
      if (type == torch::kBFloat16) return evaluate_on_device<__nv_bfloat16>(loss, embeddings, wanted);
      if (type == torch::kFloat16) return evaluate_on_device<__half>(loss, embeddings, wanted);
      refuse(loss_name<L>(), "argument 1", "a tensor of float32, float64, bfloat16 or float16", c10::toString(type));
    }
#endif
  }
  refuse(loss_name<L>(), "argument 1",
         OnDevice ? "a tensor on the CPU or on a GPU of NVIDIA's"
                  : "a tensor on the CPU, since this file was compiled without CUDA",
         "one on " + device.str());
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
