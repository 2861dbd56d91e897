// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// torch_loss on a GPU: what it gives for tensors there is what it gives for the same tensors on the CPU, on the current stream.
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/torch.h>

#include <contrastive/adapters/torch.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/nt_xent.hpp>
// After libtorch, which brings glog's CHECK.
#include "support/catch.hpp"

using torch::Tensor;

namespace {

double difference(const Tensor& there, const Tensor& here) {
  const Tensor a = there.to(torch::kCPU).to(torch::kFloat64), b = here.to(torch::kFloat64);
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

Tensor on_device(const Tensor& t) { return t.detach().to(torch::kCUDA).requires_grad_(true); }

}  // namespace

TEST_CASE("torch on a GPU: loss and gradients are those of the CPU, in double and in float") {
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    torch::manual_seed(1);
    const double bound = type == torch::kFloat64 ? 1e-9 : 3e-5;
    const Tensor z1 = torch::randn({70, 33}, type).requires_grad_(true), z2 = torch::randn({70, 33}, type).requires_grad_(true);
    const Tensor tau = torch::scalar_tensor(0.4, type).requires_grad_(true);
    const Tensor d1 = on_device(z1), d2 = on_device(z2), dtau = on_device(tau);
    const Tensor here = contrastive::torch_loss(contrastive::nt_xent{}, contrastive::learned_temperature(tau), z1, z2);
    const Tensor there = contrastive::torch_loss(contrastive::nt_xent{}, contrastive::learned_temperature(dtau), d1, d2);
    CHECK(there.is_cuda());
    CHECK(difference(there, here) < bound);
    const auto expected = torch::autograd::grad({here}, {z1, z2, tau}), got = torch::autograd::grad({there}, {d1, d2, dtau});
    for (const std::size_t i : {0U, 1U, 2U}) CHECK(difference(got[i], expected[i]) < bound);
  }
}

TEST_CASE("torch on a GPU: labels there, proxies, strides, 16 bits, and a stream of one's own") {
  torch::manual_seed(2);
  const Tensor h = torch::randn({16, 50}).t().requires_grad_(true), proxies = torch::randn({5, 16}).requires_grad_(true);
  const Tensor labels = torch::arange(50).remainder(5), labels_there = labels.to(torch::kCUDA);
  const Tensor here =
      contrastive::torch_loss(contrastive::conditional_contrastive{.labels = contrastive::labels_of(labels)}, h, proxies);
  const auto expected = torch::autograd::grad({here}, {h, proxies});
  const auto stream = c10::cuda::getStreamFromPool();
  const c10::cuda::CUDAStreamGuard guard(stream);
  for (const auto type : {torch::kFloat32, torch::kBFloat16, torch::kFloat16}) {
    const double bound = type == torch::kFloat32 ? 3e-5 : 3e-2;
    const Tensor hd = h.detach().to(torch::kCUDA, type).requires_grad_(true),
                 pd = proxies.detach().to(torch::kCUDA, type).requires_grad_(true);
    const Tensor there =
        contrastive::torch_loss(contrastive::conditional_contrastive{.labels = contrastive::labels_of(labels_there)}, hd, pd);
    CHECK(difference(there, here) < bound);
    const auto got = torch::autograd::grad({there}, {hd, pd});
    for (const std::size_t i : {0U, 1U}) {
      CHECK(got[i].scalar_type() == type);
      CHECK(difference(got[i], expected[i]) < bound);
    }
  }
}

TEST_CASE("torch on a GPU: tensors of two devices are refused in words") {
  const Tensor z = torch::randn({4, 3});
  std::string words;
  try {
    contrastive::torch_loss(contrastive::nt_xent{}, z, z.to(torch::kCUDA));
  } catch (const std::exception& error) {
    words = error.what();
  }
  CHECK(words.find("the device of argument 1") != std::string::npos);
}
