// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing, with stb for the letters.
#include "common/canvas.hpp"

#include <algorithm>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"  // the parts of stb that we do not call
#endif
#include <stb/stb_easy_font.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace examples {

void canvas::fill(int left, int top, int width, int height, colour c) {
  for (int y = std::max(top, 0); y < std::min(top + height, page_.height); ++y)
    for (int x = std::max(left, 0); x < std::min(left + width, page_.width); ++x)
      page_.at(0, y, x) = c.red, page_.at(1, y, x) = c.green, page_.at(2, y, x) = c.blue;
}

void canvas::write(int left, int top, int scale, const std::string& text, colour c) {
  // stb_easy_font gives rectangles, four corners each.
  struct corner {
    float x, y, z;
    std::uint8_t rgba[4];
  };
  std::vector<corner> corners(80 * text.size() + 4);
  std::string copy = text;
  const int quads =
      stb_easy_font_print(0, 0, copy.data(), nullptr, corners.data(), static_cast<int>(corners.size() * sizeof(corner)));
  for (int q = 0; q < quads; ++q) {
    const corner& from = corners[static_cast<std::size_t>(4 * q)];
    const corner& to = corners[static_cast<std::size_t>(4 * q + 2)];
    fill(left + scale * static_cast<int>(from.x), top + scale * static_cast<int>(from.y),
         scale * static_cast<int>(to.x - from.x), scale * static_cast<int>(to.y - from.y), c);
  }
}

int canvas::text_width(const std::string& text, int scale) {
  std::string copy = text;
  return scale * stb_easy_font_width(copy.data());
}

void canvas::put(int left, int top, int zoom, const std::uint8_t* pixels, int channels, int height, int width) {
  const std::size_t plane = channels == 3 ? static_cast<std::size_t>(height) * static_cast<std::size_t>(width) : 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, ++pixels)
      fill(left + x * zoom, top + y * zoom, zoom, zoom, {pixels[0], pixels[plane], pixels[2 * plane]});
}

}  // namespace examples
