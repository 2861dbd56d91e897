// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A white page for rectangles, letters and pictures.
#pragma once

#include <cstdint>
#include <string>

#include "common/picture.hpp"

namespace examples {

class canvas {
 public:
  struct colour {
    std::uint8_t red, green, blue;
  };
  static constexpr colour ink{40, 44, 52}, quiet{110, 116, 126};

  canvas(int width, int height) : page_(filled(3, height, width, 255)) {}

  /// What lies outside the page is cut off, here and below.
  void fill(int left, int top, int width, int height, colour c);

  /// UTF-8 in DejaVu Sans of `size` pixels, three quarters of which is a capital letter; `top` is where capitals begin. Throws
  /// std::runtime_error where the font is missing.
  void write(int left, int top, int size, const std::string& text, colour c);
  static int text_width(const std::string& text, int size);

  /// A picture of (channels, height, width), each pixel as a square of `zoom`.
  void put(int left, int top, int zoom, const std::uint8_t* pixels, int channels, int height, int width);

  const picture& page() const { return page_; }

 private:
  picture page_;
};

}  // namespace examples
