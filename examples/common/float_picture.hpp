// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A picture in single precision, for arithmetic that must not round to bytes in between.
#pragma once

#include <cstddef>
#include <vector>

#include "common/picture.hpp"

namespace examples {

/// As `picture`, with 0 for black and 1 for white; values beyond are allowed.
struct float_picture {
  int channels = 1, height = 0, width = 0;
  std::vector<float> values;  // (channels, height, width)

  float_picture() = default;
  float_picture(int number_of_channels, int rows, int columns, float value = 0)
      : channels(number_of_channels),
        height(rows),
        width(columns),
        values(
            static_cast<std::size_t>(number_of_channels) * static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns),
            value) {}

  std::size_t plane_size() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  /// Row y of a channel, `width` numbers.
  float* row(int channel, int y) { return values.data() + offset(channel, y); }
  const float* row(int channel, int y) const { return values.data() + offset(channel, y); }
  float& at(int channel, int y, int x) { return row(channel, y)[x]; }
  float at(int channel, int y, int x) const { return row(channel, y)[x]; }

 private:
  std::size_t offset(int channel, int y) const {
    return static_cast<std::size_t>(channel) * plane_size() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

float_picture as_floats(const picture& image);
/// The window of this place and size; throws std::invalid_argument where it leaves the picture.
float_picture as_floats(const picture& image, int top, int left, int height, int width);
float_picture window(const float_picture& image, int top, int left, int height, int width);

/// Rounded to the nearest of 256 values; what lies outside is cut off.
picture as_bytes(const float_picture& image);

/// One of the eight ways to lay a picture down: bit 0 mirrors it left and right, bit 1 top and bottom, then bit 2 swaps rows
/// and columns. 0 is the picture.
float_picture turned(const float_picture& image, int orientation);

}  // namespace examples
