// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The node of libtorch's graph that a loss is, and its gradients under a weighing of losses that are not reduced.
#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>
#include <torch/types.h>

#include <concepts>
#include <contrastive/adapters/torch/evaluate.hpp>
#include <contrastive/adapters/torch/tensors.hpp>
#include <functional>
#include <limits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
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
      // By 1, as of loss.backward(): the gradients themselves. They become a leaf's own without a copy, or are copied where the
      // graph is kept. A GPU would have to be waited for.
      if (!factor.device().is_cpu() || factor.item<double>() != 1)
        for (auto& gradient : gradients)
          if (gradient.defined()) gradient = gradient * factor.to(gradient.scalar_type());
    }
    gradients.resize(gradients.size() + 3);  // none for `value`, `gradients` and `weighed` of forward
    return gradients;
  }
};

/// Copies what a view of labels or weights sees, and lets it see the copy.
template <class View>
torch::Tensor keep(View& view, const torch::Device& device) {
  if (view.size() == 0) return {};
  const bool labels = std::is_same_v<View, label_view>;
  const auto type = view.width() == 8   ? (labels ? torch::kInt64 : torch::kFloat64)
                    : view.width() == 4 ? (labels ? torch::kInt32 : torch::kFloat32)
                    : view.width() == 2 ? torch::kInt16
                                        : torch::kInt8;  // unsigned or not: bits are copied
  // libtorch has no negative strides: what goes backwards is taken forwards and turned round.
  const bool backwards = view.stride() < 0;
  const index_type stride = backwards ? -view.stride() : view.stride(),
                   lowest = backwards ? (view.size() - 1) * view.stride() * view.width() : 0;
  void* const first = const_cast<char*>(static_cast<const char*>(view.data()) + lowest);
  const torch::Tensor seen = at::from_blob(first, {view.size()}, {stride}, torch::TensorOptions().dtype(type).device(device));
  torch::Tensor copy = backwards ? seen.flip(0) : seen.clone(at::MemoryFormat::Contiguous);
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
    const auto own = [&]<class View>(View& view) {  // a loss of the user's may call something else by these names
      if constexpr (std::same_as<View, label_view> || std::same_as<View, weight_view>) memory_.push_back(keep(view, device));
    };
    if constexpr (requires { loss_.labels; }) own(loss_.labels);
    if constexpr (requires { loss_.ids; }) own(loss_.ids);
    if constexpr (requires { loss_.negative_ids; }) own(loss_.negative_ids);
    if constexpr (requires { loss_.candidate_probabilities; }) own(loss_.candidate_probabilities);
    weight_view weights = anchor_weights_of(loss);
    own_weights_ = keep(weights, device);
  }

  std::vector<torch::Tensor> operator()(const torch::Tensor& weights, const std::vector<torch::Tensor>& inputs) const {
    torch::Tensor all = weights.to(torch::kFloat64).contiguous();
    if (own_weights_.defined()) all = all * own_weights_;
    const double largest = all.abs().max().template item<double>();
    if (!(largest <= std::numeric_limits<double>::max())) return filled(std::numeric_limits<double>::quiet_NaN(), inputs);
    if (largest == 0) return filled(0, inputs);
    all = all / largest;  // a weight has bounds, what comes from above has none
    std::vector<torch::Tensor> gradients = of_weights(all.clamp_min(0), inputs);
    const torch::Tensor negative = all.neg().clamp_min(0);
    if (negative.any().template item<bool>()) {
      const std::vector<torch::Tensor> less = of_weights(negative, inputs);
      for (std::size_t g = 0; g < gradients.size(); ++g)
        if (gradients[g].defined()) gradients[g] -= less[g];
    }
    for (torch::Tensor& gradient : gradients)
      if (gradient.defined()) gradient *= largest;
    return gradients;
  }

 private:
  std::vector<torch::Tensor> filled(double number, const std::vector<torch::Tensor>& inputs) const {
    std::vector<torch::Tensor> gradients;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      gradients.push_back(wanted_[i] ? torch::full_like(inputs[i], number) : torch::Tensor());
    return gradients;
  }
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
    torch_result r = evaluate_tensors<OnDevice>(evaluators_of_thread{}, loss, embeddings, wanted, true);
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

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
