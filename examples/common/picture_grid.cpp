// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing of the grid, with stb for the letters and the PNG.
#include "common/picture_grid.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/file.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"  // the parts of stb that we do not call
#endif
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace examples {
namespace {

struct colour {
  std::uint8_t red, green, blue;
};
constexpr colour ink{40, 44, 52}, quiet{110, 116, 126}, plain{70, 76, 86}, right{46, 160, 80}, wrong{214, 57, 51};

class canvas {
 public:
  canvas(int width, int height) : width_(width), height_(height), pixels_(static_cast<std::size_t>(width * height) * 3, 255) {}

  void fill(int left, int top, int width, int height, colour c) {
    for (int y = std::max(top, 0); y < std::min(top + height, height_); ++y)
      for (int x = std::max(left, 0); x < std::min(left + width, width_); ++x) {
        std::uint8_t* at = &pixels_[3 * static_cast<std::size_t>(y * width_ + x)];
        at[0] = c.red, at[1] = c.green, at[2] = c.blue;
      }
  }

  /// stb_easy_font gives rectangles, four corners each, in letters 7 to 12 pixels high.
  void write(int left, int top, int scale, const std::string& text, colour c) {
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

  void picture(int left, int top, int zoom, const std::uint8_t* pixels, int channels, int height, int width) {
    const std::ptrdiff_t next = channels == 3 ? static_cast<std::ptrdiff_t>(height) * width : 0;  // from colour to colour
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x, ++pixels)
        fill(left + x * zoom, top + y * zoom, zoom, zoom, {pixels[0], pixels[next], pixels[2 * next]});
  }

  std::string png() const {
    std::string bytes;
    const auto append = [](void* to, void* data, int size) {
      static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    };
    if (stbi_write_png_to_func(append, &bytes, width_, height_, 3, pixels_.data(), 3 * width_) == 0)
      throw std::runtime_error("cannot make the PNG");
    return bytes;
  }

 private:
  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

int text_width(const std::string& text, int scale) {
  std::string copy = text;
  return scale * stb_easy_font_width(copy.data());
}

}  // namespace

void write_picture_grid(const std::string& path, const std::string& title, const std::vector<std::string>& row_names,
                        const std::vector<grid_group>& groups, int picture_height, int picture_width, int channels) {
  if (channels != 1 && channels != 3) throw std::invalid_argument("write_picture_grid: pictures of 1 or 3 channels");
  const int zoom = std::max(1, 66 / picture_width), frame = 3, gap = 5, between = 26, margin = 24, letters = 2;
  const int cell_width = zoom * picture_width + 2 * frame + gap, cell_height = zoom * picture_height + 2 * frame + gap;
  int names = 0;
  for (const auto& name : row_names) names = std::max(names, text_width(name, letters));
  const int left = margin + names + 14, top = margin + 78;
  int width = left - between;
  for (const auto& group : groups)
    width += between + cell_width * (group.rows.empty() ? 0 : static_cast<int>(group.rows[0].size()));
  width = std::max(width - gap, margin + text_width(title, letters)) + margin;
  canvas page(width, top + cell_height * static_cast<int>(row_names.size()) - gap + margin);

  page.write(margin, margin, letters, title, ink);
  for (std::size_t r = 0; r < row_names.size(); ++r)
    page.write(margin, top + static_cast<int>(r) * cell_height + cell_height / 2 - 4 * letters, letters, row_names[r], quiet);
  int x = left;
  for (const auto& group : groups) {
    page.write(x, margin + 50, letters, group.title, quiet);
    int columns = 0;
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      columns = std::max(columns, static_cast<int>(group.rows[r].size()));
      for (std::size_t c = 0; c < group.rows[r].size(); ++c) {
        const grid_cell& cell = group.rows[r][c];
        const int cx = x + static_cast<int>(c) * cell_width, cy = top + static_cast<int>(r) * cell_height;
        const colour mark = cell.mark == grid_cell::frame::plain ? plain : cell.mark == grid_cell::frame::right ? right : wrong;
        page.fill(cx, cy, cell_width - gap, cell_height - gap, mark);
        page.picture(cx + frame, cy + frame, zoom, cell.pixels, channels, picture_height, picture_width);
      }
    }
    x += columns * cell_width + between;
  }
  write_file_atomically(path, page.png());
}

}  // namespace examples
