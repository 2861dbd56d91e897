// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Labelled pictures in memory, grey or in colour, and Fashion-MNIST from its four files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/matrix.hpp"

namespace examples {

struct image_set {
  int height = 0, width = 0;
  int channels = 1;                  // grey, or 3: red, green, blue
  std::vector<std::uint8_t> pixels;  // (size, channels, height, width) row-major
  std::vector<int> labels;           // (size)

  std::size_t size() const { return labels.size(); }
  /// Of all channels.
  std::size_t pixels_each() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  const std::uint8_t* picture(std::size_t i) const { return pixels.data() + i * pixels_each(); }
};

struct image_dataset {
  image_set train, test;
  std::vector<std::string> class_names;
};

/// Reads {train,t10k}-{images-idx3,labels-idx1}-ubyte, with .gz or without, from a folder.
///
/// Throws std::runtime_error: where a file is missing, with what to install; where one is damaged, with file and byte.
image_dataset load_fashion_mnist(const std::string& folder);

/// Pixels as numbers from 0 to 1: (size, channels · height · width).
matrix pixel_rows(const image_set& images);

}  // namespace examples
