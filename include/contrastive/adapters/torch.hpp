// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// torch_loss: a loss as a differentiable function of libtorch's tensors. Target contrastive::torch.
//
// Works with libtorch 1.13 and 2. Compiled by nvcc beside a libtorch with CUDA, tensors on a GPU go to the CUDA engine on the
// current stream; elsewhere they are refused in words. nvcc does not read the CPU engine's kernels: such a file is compiled
// with CONTRASTIVE_SEPARATE_ENGINE, and one file of the host's compiler includes contrastive/separate_engine.hpp.
#pragma once

#if defined(__CUDACC__) && !defined(CONTRASTIVE_SEPARATE_ENGINE)
#error \
    "contrastive/adapters/torch.hpp: under nvcc define CONTRASTIVE_SEPARATE_ENGINE, and include contrastive/separate_engine.hpp in one host file"
#endif

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>
#include <torch/types.h>

#include <algorithm>
#include <contrastive/contrastive.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
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

/// A temperature that is a tensor of one number, to be learned: torch_loss(loss, learned_temperature(tau), z1, z2). It takes
/// the place of the loss's own; its gradient goes to `tau`. A tensor on a GPU is read from there, which waits for it.
struct learned_temperature {
  torch::Tensor value;

  explicit learned_temperature(torch::Tensor tau) : value(std::move(tau)) {}
};

/// Likewise a bias, of a loss that has one: torch_loss(siglip{}, learned_temperature(tau), learned_bias(b), z1, z2).
struct learned_bias {
  torch::Tensor value;

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

namespace detail {

/// Of losses that are not reduced: the gradients of Σ w_i l_i for weights w of any sign.
struct weighed_gradients : torch::CustomClassHolder {
  using function =
      std::function<std::vector<torch::Tensor>(const torch::Tensor& weights, const std::vector<torch::Tensor>& embeddings)>;
  explicit weighed_gradients(function f) : of(std::move(f)) {}
  function of;
};

/// The node of the graph: it carries gradients that are there already and multiplies them by what comes back. They are those
/// that were computed, float32 for tensors of 16 bits: libtorch rounds what leaves a node to the type of the variable, so that
/// the factor of a gradient scaler comes before the rounding.
struct known_gradients : torch::autograd::Function<known_gradients> {
  /// `inputs` are the variables; `value` and `gradients` (undefined where not wanted) come in vectors, which are no variables.
  /// `weighed` is null for a loss that is one number; else it gets the inputs again.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, at::TensorList inputs,
                               const std::vector<torch::Tensor>& value, const std::vector<torch::Tensor>& gradients,
                               const c10::intrusive_ptr<weighed_gradients>& weighed) {
    std::vector<torch::Tensor> saved = gradients;
    if (weighed) {
      context->saved_data["weighed"] = c10::IValue::make_capsule(weighed);
      saved.insert(saved.end(), inputs.begin(), inputs.end());
    }
    context->save_for_backward(saved);
    return value[0];
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& from_above) {
    TORCH_CHECK(!torch::GradMode::is_enabled(),
                "contrastive: torch_loss has no second derivatives: call backward without create_graph");
    torch::Tensor factor = from_above[0];
    torch::autograd::variable_list gradients = context->get_saved_variables(), inputs;
    if (factor.dim() > 0) {
      const std::size_t count = gradients.size() / 2;
      inputs.assign(gradients.begin() + static_cast<std::ptrdiff_t>(count), gradients.end());
      gradients.resize(count);
    }
    if (factor.dim() > 0 && !factor.eq(factor[0]).all().item<bool>()) {  // no multiple of the sum
      const auto weighed = context->saved_data["weighed"].toCapsule();
      gradients = static_cast<const weighed_gradients&>(*weighed).of(factor, inputs);
    } else {
      if (factor.dim() > 0) factor = factor[0];
      for (auto& gradient : gradients)
        if (gradient.defined()) gradient = gradient * factor.to(gradient.scalar_type());
    }
    gradients.resize(gradients.size() + 3);  // none for `value`, `gradients` and `weighed` of forward
    return gradients;
  }
};

/// Loss (scalar, or one number an anchor), gradients of the embeddings (undefined where not wanted), of the temperature and of
/// the bias.
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

/// The evaluator of this thread, with as many threads as libtorch has now.
template <class T>
evaluator<T>& torch_evaluator() {
  thread_local std::unique_ptr<evaluator<T>> kept;
  thread_local int threads = 0;
  if (const int wanted = at::get_num_threads(); kept == nullptr || threads != wanted) {
    kept = std::make_unique<evaluator<T>>(options{.threads = wanted});
    threads = wanted;
  }
  return *kept;
}

template <class S, class L>
torch_result evaluate_on_host(const L& loss, const std::vector<torch::Tensor>& embeddings, const std::vector<bool>& wanted,
                              bool learned) {
  using T = typename computed_in<S>::type;
  evaluator<T>& evaluate = torch_evaluator<T>();
  const auto numbers = std::is_same_v<T, double> ? torch::kFloat64 : torch::kFloat32;
  torch_result out;
  std::vector<matrix_view<const S>> rows;
  std::vector<matrix_view<T>> gradients;
  bool any = learned || loss.reduction == reduction::none;
  for (std::size_t a = 0; a < embeddings.size(); ++a) {
    const torch::Tensor& e = embeddings[a];
    rows.push_back({static_cast<const S*>(e.data_ptr()), e.size(0), e.size(1), e.stride(0), e.stride(1)});
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
  out.temperature_gradient = torch::scalar_tensor(r.temperature_gradient, numbers);
  out.bias_gradient = torch::scalar_tensor(r.bias_gradient, numbers);
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
template <bool OnDevice, class L>
torch_result evaluate_tensors(const L& loss, std::vector<torch::Tensor> embeddings, const std::vector<bool>& wanted,
                              bool learned) {
  auto type = embeddings[0].scalar_type();
  if (std::any_of(embeddings.begin(), embeddings.end(), [&](const torch::Tensor& e) { return e.scalar_type() != type; })) {
    type = torch::kFloat32;  // exact
    for (torch::Tensor& e : embeddings) e = e.to(type);
  }
  const torch::Device device = embeddings[0].device();
  if (device.is_cpu()) {
    if (type == torch::kFloat32) return evaluate_on_host<float>(loss, embeddings, wanted, learned);
    if (type == torch::kFloat64) return evaluate_on_host<double>(loss, embeddings, wanted, learned);
    if (type == torch::kBFloat16) return evaluate_on_host<Eigen::bfloat16>(loss, embeddings, wanted, learned);
    if (type == torch::kFloat16) return evaluate_on_host<Eigen::half>(loss, embeddings, wanted, learned);
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

/// The value of a learned number, from where it lies.
template <class L>
double number_of(const char* what, const torch::Tensor& t) {
  if (t.numel() != 1 || !t.is_floating_point())
    refuse(loss_name<L>(), what, "a tensor of one floating point number",
           std::to_string(t.numel()) + " of " + c10::toString(t.scalar_type()));
  return t.detach().item<double>();
}

/// Copies what a view of labels or weights sees, and lets it see the copy.
template <class View>
torch::Tensor keep(View& view, const torch::Device& device) {
  if (view.size() == 0) return {};
  const bool labels = std::is_same_v<View, label_view>;
  const auto type = view.width() == 8   ? (labels ? torch::kInt64 : torch::kFloat64)
                    : view.width() == 4 ? (labels ? torch::kInt32 : torch::kFloat32)
                    : view.width() == 2 ? torch::kInt16
                                        : torch::kInt8;  // unsigned or not: bits are copied
  torch::Tensor copy = at::from_blob(const_cast<void*>(view.data()), {view.size()}, {view.stride()},
                                     torch::TensorOptions().dtype(type).device(device))
                           .clone(at::MemoryFormat::Contiguous);
  view = view.in(copy.data_ptr());
  return copy;
}

/// The gradients of Σ w_i l_i, by weights of the anchors. What a loss of the library knows of its rows is copied, so that it
/// need not live until then.
template <bool OnDevice, class L>
class weighed_again {
 public:
  /// `wanted`: the embeddings that want a gradient, then temperature and bias.
  weighed_again(const L& loss, const torch::Device& device, std::size_t num_embeddings, std::vector<bool> wanted)
      : loss_(loss), num_embeddings_(num_embeddings), wanted_(std::move(wanted)) {
    const auto own = [&](auto& view) { memory_.push_back(keep(view, device)); };
    if constexpr (requires { loss_.labels; }) own(loss_.labels);
    if constexpr (requires { loss_.ids; }) own(loss_.ids);
    if constexpr (requires { loss_.negative_ids; }) own(loss_.negative_ids);
    if constexpr (requires { loss_.candidate_probabilities; }) own(loss_.candidate_probabilities);
    if constexpr (requires { loss_.anchor_weights; }) own(loss_.anchor_weights), own_weights_ = memory_.back();
  }

  std::vector<torch::Tensor> operator()(const torch::Tensor& weights, const std::vector<torch::Tensor>& inputs) const {
    torch::Tensor all = weights.to(torch::kFloat64).contiguous();
    if (own_weights_.defined()) all = all * own_weights_;
    const torch::Tensor negative = all.neg().clamp_min(0);
    std::vector<torch::Tensor> gradients = of_weights(all.clamp_min(0), inputs);
    if (!negative.any().template item<bool>()) return gradients;
    const std::vector<torch::Tensor> less = of_weights(negative, inputs);
    for (std::size_t g = 0; g < gradients.size(); ++g)
      if (gradients[g].defined()) gradients[g] -= less[g];
    return gradients;
  }

 private:
  std::vector<torch::Tensor> of_weights(const torch::Tensor& weights, const std::vector<torch::Tensor>& inputs) const {
    L loss = loss_;
    if constexpr (requires { loss.anchor_weights = weights_of(weights); })
      loss.anchor_weights = weights_of(weights);
    else
      refuse(loss_name<L>(), "losses that are weighed differently", "a loss with a member `weight_view anchor_weights`",
             "one without");
    const auto count = static_cast<std::ptrdiff_t>(num_embeddings_);
    const std::vector<torch::Tensor> embeddings(inputs.begin(), inputs.begin() + count);
    const std::vector<bool> wanted(wanted_.begin(), wanted_.begin() + count);
    torch_result r = evaluate_tensors<OnDevice>(loss, embeddings, wanted, true);
    const torch::Tensor learned[] = {r.temperature_gradient, r.bias_gradient};
    for (std::size_t i = num_embeddings_; i < inputs.size(); ++i)
      r.gradients.push_back(wanted_[i] ? learned[i - num_embeddings_].to(inputs[i].device()).reshape(inputs[i].sizes())
                                       : torch::Tensor());
    return r.gradients;
  }

  L loss_;
  std::size_t num_embeddings_;
  std::vector<bool> wanted_;
  std::vector<torch::Tensor> memory_;
  torch::Tensor own_weights_;
};

/// temperature and bias: undefined where they are not learned.
template <bool OnDevice, class L>
torch::Tensor torch_loss(const L& given, const torch::Tensor& temperature, const torch::Tensor& bias,
                         const std::vector<torch::Tensor>& embeddings) {
  static_assert(check_loss<L>());
  check_tensors<L>(embeddings);
  L loss = given;
  if (temperature.defined()) loss.temperature = number_of<L>("the learned temperature", temperature);
  if constexpr (detail::has_bias<L>)
    if (bias.defined()) loss.bias = number_of<L>("the learned bias", bias);
  const bool recording = torch::GradMode::is_enabled();
  const auto learns = [&](const torch::Tensor& t) { return recording && t.defined() && t.requires_grad(); };
  std::vector<bool> wanted;
  bool any = learns(temperature) || learns(bias);
  for (const torch::Tensor& e : embeddings) {
    wanted.push_back(learns(e));
    any = any || wanted.back();
  }
  torch_result r;
  {
    const torch::NoGradGuard no_gradient;
    r = evaluate_tensors<OnDevice>(loss, embeddings, wanted, learns(temperature) || learns(bias));
  }
  if (!any) return r.loss;
  std::vector<torch::Tensor> inputs = embeddings, gradients = std::move(r.gradients);
  const auto add = [&](const torch::Tensor& learned, const torch::Tensor& gradient) {
    if (!learned.defined()) return;
    inputs.push_back(learned);
    gradients.push_back(learns(learned) ? gradient.to(learned.device()).reshape(learned.sizes()) : torch::Tensor());
  };
  add(temperature, r.temperature_gradient);
  add(bias, r.bias_gradient);
  c10::intrusive_ptr<weighed_gradients> weighed;
  if (loss.reduction == reduction::none) {
    for (std::size_t i = embeddings.size(); i < inputs.size(); ++i) wanted.push_back(learns(inputs[i]));
    weighed = c10::make_intrusive<weighed_gradients>(
        weighed_again<OnDevice, L>(loss, embeddings[0].device(), embeddings.size(), wanted));
  }
  return known_gradients::apply(at::TensorList(inputs), std::vector<torch::Tensor>{r.loss}, gradients, weighed);
}

}  // namespace detail

/// The loss of these embeddings as a tensor that backward() starts from: the arguments, sizes, formulas and errors of
/// value_and_gradient(loss, ...), each embedding a tensor (n, d).
///
/// A scalar; with reduction::none (n), one number an anchor, which may be weighed and summed in any way: backward() computes
/// the gradients again, with what comes back as weights of the anchors, unless it is the same for all. (Labels, ids, weights
/// and probabilities are copied for that; matrices of weights, targets and parameters have to live until then.) Gradients flow
/// to every embedding that requires one and, with learned_temperature, to the temperature; a tensor that requires none,
/// such as a queue, costs none. Loss and gradients are computed together when the loss is called (only the loss where gradients
/// are off); backward() multiplies. There are no second derivatives.
/// Tensors of float64, or of float32, bfloat16 and float16 in any mixture, as autocast makes them: 16 bits are computed in
/// float32, which the loss has too, and each gradient has the type of its tensor. Under autocast nothing is different.
/// On the CPU tensors of one type and any strides are read where they lie, on as many threads as libtorch has. On a GPU, where
/// this is compiled by nvcc, the work goes to libtorch's current stream, with labels and weights of the loss on that GPU too.
/// Throws std::invalid_argument for a wrong type, device, number of dimensions or shape.
///
///   torch::Tensor loss = contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
///   loss.backward();
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const torch::Tensor& embeddings, const More&... more) {
  return detail::torch_loss<OnDevice>(loss, {}, {}, {embeddings, more...});
}
/// The same for a number of tensors known only at run time, such as views.
template <class L, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<OnDevice>(loss, {}, {}, embeddings);
}
/// The same with a temperature to be learned.
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const torch::Tensor& embeddings,
                         const More&... more) {
  return detail::torch_loss<OnDevice>(loss, temperature.value, {}, {embeddings, more...});
}
template <class L, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<OnDevice>(loss, temperature.value, {}, embeddings);
}

/// The same with a temperature and a bias to be learned, of a loss with a member `bias`.
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const learned_bias& bias,
                         const torch::Tensor& embeddings, const More&... more) {
  static_assert(detail::has_bias<L>, "contrastive: this loss has no bias that could be learned");
  return detail::torch_loss<OnDevice>(loss, temperature.value, bias.value, {embeddings, more...});
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
