// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Windows, turns and conversions.
#include "common/float_picture.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace examples {
namespace {

template <class Picture>
void check_window(const Picture& image, int top, int left, int height, int width) {
  if (top >= 0 && left >= 0 && height >= 0 && width >= 0 && top <= image.height - height && left <= image.width - width) return;
  const auto size = [](int h, int w) { return std::to_string(h) + " x " + std::to_string(w); };
  throw std::invalid_argument("a window of " + size(height, width) + " at (" + std::to_string(top) + ", " +
                              std::to_string(left) + ") leaves the picture of " + size(image.height, image.width));
}

}  // namespace

float_picture as_floats(const picture& image) { return as_floats(image, 0, 0, image.height, image.width); }

float_picture as_floats(const picture& image, int top, int left, int height, int width) {
  check_window(image, top, left, height, width);
  float_picture out(image.channels, height, width);
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < height; ++y) {
      float* to = out.row(c, y);
      for (int x = 0; x < width; ++x) to[x] = static_cast<float>(image.at(c, top + y, left + x)) / 255;
    }
  return out;
}

float_picture window(const float_picture& image, int top, int left, int height, int width) {
  check_window(image, top, left, height, width);
  float_picture out(image.channels, height, width);
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < height; ++y) std::copy_n(image.row(c, top + y) + left, width, out.row(c, y));
  return out;
}

picture as_bytes(const float_picture& image) {
  picture out = filled(image.channels, image.height, image.width, 0);
  for (std::size_t i = 0; i < image.values.size(); ++i)
    out.pixels[i] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(image.values[i], 0.0F, 1.0F)));
  return out;
}

float_picture turned(const float_picture& image, int orientation) {
  const bool mirror_x = (orientation & 1) != 0, mirror_y = (orientation & 2) != 0, swap = (orientation & 4) != 0;
  float_picture out(image.channels, swap ? image.width : image.height, swap ? image.height : image.width);
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) {
        const int to_y = mirror_y ? image.height - 1 - y : y, to_x = mirror_x ? image.width - 1 - x : x;
        (swap ? out.at(c, to_x, to_y) : out.at(c, to_y, to_x)) = image.at(c, y, x);
      }
  return out;
}

}  // namespace examples
