// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Between libtorch's tensors and the pictures and matrices of examples/common.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/matrix.hpp"
#include "common/picture.hpp"

namespace examples {

/// (n, channels, height, width), 0 to 1, of the pictures with these numbers.
torch::Tensor image_tensor(const image_set& images, const std::vector<std::size_t>& which);
/// All of them, as bytes.
torch::Tensor byte_tensor(const image_set& images);
/// (n) class numbers.
torch::Tensor label_tensor(const std::vector<int>& labels);

/// One picture of (channels, height, width), 0 to 1; what lies outside is cut off.
picture to_picture(const torch::Tensor& image);
/// (channels, height, width), 0 to 1.
torch::Tensor to_tensor(const picture& image);

/// A copy of a two-dimensional tensor.
matrix to_matrix(const torch::Tensor& rows);

/// What a network says of many pictures, in evaluation mode and without gradients, block by block: its outputs, stacked.
/// `images` are bytes, of which the network sees 0 to 1, or floats as it sees them.
torch::Tensor outputs_of(torch::nn::Module& network, const std::function<torch::Tensor(torch::Tensor)>& forward,
                         const torch::Tensor& images, std::int64_t block = 500);

}  // namespace examples
