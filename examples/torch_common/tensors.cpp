// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Copies between the two worlds.
#include "torch_common/tensors.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace examples {

torch::Tensor byte_tensor(const image_set& images) {
  const auto pixels = static_cast<std::int64_t>(images.pixels_each()), plane = std::int64_t{images.height} * images.width;
  const auto n = static_cast<std::int64_t>(images.size());
  return torch::from_blob(const_cast<std::uint8_t*>(images.pixels.data()),
                          {n, pixels / std::max<std::int64_t>(plane, 1), images.height, images.width}, torch::kUInt8)
      .clone();
}

torch::Tensor image_tensor(const image_set& images, const std::vector<std::size_t>& which) {
  const std::size_t pixels = images.pixels_each();
  const auto plane = static_cast<std::size_t>(images.height) * static_cast<std::size_t>(images.width);
  torch::Tensor batch =
      torch::empty({static_cast<std::int64_t>(which.size()),
                    static_cast<std::int64_t>(pixels / std::max<std::size_t>(plane, 1)), images.height, images.width});
  float* out = batch.data_ptr<float>();
  for (const std::size_t i : which) {
    const std::uint8_t* const from = images.picture(i);
    for (std::size_t p = 0; p < pixels; ++p) *out++ = static_cast<float>(from[p]) / 255.0F;
  }
  return batch;
}

torch::Tensor label_tensor(const std::vector<int>& labels) {
  return torch::tensor(std::vector<std::int64_t>(labels.begin(), labels.end()), torch::kInt64);
}

picture to_picture(const torch::Tensor& image) {
  if (image.dim() != 3 || (image.size(0) != 1 && image.size(0) != 3))
    throw std::invalid_argument("to_picture: expected (1 or 3, height, width)");
  const torch::Tensor bytes = (image.detach().to(torch::kFloat32).clamp(0, 1) * 255 + 0.5).to(torch::kUInt8).contiguous();
  picture made = filled(static_cast<int>(image.size(0)), static_cast<int>(image.size(1)), static_cast<int>(image.size(2)), 0);
  std::memcpy(made.pixels.data(), bytes.data_ptr<std::uint8_t>(), made.pixels.size());
  return made;
}

torch::Tensor to_tensor(const picture& image) {
  return torch::from_blob(const_cast<std::uint8_t*>(image.pixels.data()), {image.channels, image.height, image.width},
                          torch::kUInt8)
             .to(torch::kFloat32) /
         255;
}

matrix to_matrix(const torch::Tensor& rows) {
  if (rows.dim() != 2) throw std::invalid_argument("to_matrix: expected two dimensions");
  const torch::Tensor floats = rows.detach().to(torch::kFloat32).contiguous();
  return Eigen::Map<const matrix>(floats.data_ptr<float>(), floats.size(0), floats.size(1));
}

torch::Tensor outputs_of(torch::nn::Module& network, const std::function<torch::Tensor(torch::Tensor)>& forward,
                         const torch::Tensor& images, std::int64_t block) {
  const bool training = network.is_training();
  network.eval();
  const torch::NoGradGuard no_gradient;
  std::vector<torch::Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += block)
    parts.push_back(images.slice(0, first, std::min(first + block, images.size(0))));
  for (torch::Tensor& part : parts) part = forward(part.scalar_type() == torch::kUInt8 ? part.to(torch::kFloat32) / 255 : part);
  network.train(training);
  return torch::cat(parts);
}

}  // namespace examples
