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

#include <concepts>
#include <contrastive/adapters/torch/graph.hpp>
#include <string>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// The value of a learned number, from where it lies.
template <class L>
double number_of(const char* what, const torch::Tensor& t) {
  if (t.numel() != 1 || !t.is_floating_point())
    refuse(loss_name<L>(), what, "a tensor of one floating point number",
           std::to_string(t.numel()) + " of " + c10::toString(t.scalar_type()));
  return t.detach().item<double>();
}

/// temperature and bias: undefined where they are not learned.
template <bool OnDevice, class On, class L>
torch::Tensor torch_loss(const On& on, const L& given, const torch::Tensor& temperature, const torch::Tensor& bias,
                         const std::vector<torch::Tensor>& embeddings) {
  static_assert(check_loss<L>());
  L loss = given;
  on.check(loss_name<L>(), [&] {
    check_tensors<L>(embeddings);
    if constexpr (On::on_ranks) {
      check_host_tensors<L>(embeddings);
      if (given.reduction == reduction::none)
        refuse(loss_name<L>(), "reduction", "mean or sum over ranks, which would have to weigh their losses together", "none");
    }
    if (temperature.defined()) loss.temperature = number_of<L>("the learned temperature", temperature);
    if constexpr (detail::has_bias<L>)
      if (bias.defined()) loss.bias = number_of<L>("the learned bias", bias);
  });
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
    r = evaluate_tensors<OnDevice>(on, loss, embeddings, wanted, learns(temperature) || learns(bias));
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
  if constexpr (!On::on_ranks)
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
/// Throws std::invalid_argument for a wrong type, device, number of dimensions or shape; and in backward() for a loss of
/// one's own without a member `weight_view anchor_weights` whose losses are weighed differently.
///
///   torch::Tensor loss = contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.5}, z1, z2);
///   loss.backward();
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const torch::Tensor& embeddings, const More&... more) {
  return detail::torch_loss<OnDevice>(detail::evaluators_of_thread{}, loss, {}, {}, {embeddings, more...});
}
/// The same for a number of tensors known only at run time, such as views.
template <class L, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<OnDevice>(detail::evaluators_of_thread{}, loss, {}, {}, embeddings);
}
/// The same with a temperature to be learned.
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const torch::Tensor& embeddings,
                         const More&... more) {
  return detail::torch_loss<OnDevice>(detail::evaluators_of_thread{}, loss, temperature.value, {}, {embeddings, more...});
}
/// Of as many embeddings as are known at run time.
template <class L, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<OnDevice>(detail::evaluators_of_thread{}, loss, temperature.value, {}, embeddings);
}

/// The same with a temperature and a bias to be learned, of a loss with a member `bias`.
template <class L, std::same_as<torch::Tensor>... More, bool OnDevice = detail::torch_on_device>
torch::Tensor torch_loss(const L& loss, const learned_temperature& temperature, const learned_bias& bias,
                         const torch::Tensor& embeddings, const More&... more) {
  static_assert(detail::has_bias<L>, "contrastive: this loss has no bias that could be learned");
  return detail::torch_loss<OnDevice>(detail::evaluators_of_thread{}, loss, temperature.value, bias.value,
                                      {embeddings, more...});
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
