// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing, with FreeType for the letters.
#include "common/canvas.hpp"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <stdexcept>

#include "common/utf8.hpp"

namespace examples {
namespace {

/// DejaVu Sans.
class font {
 public:
  /// One a thread: FreeType's objects are not shared.
  static font& of_this_thread() {
    thread_local font one;
    return one;
  }
  font(const font&) = delete;
  font& operator=(const font&) = delete;

  void set_size(int pixels) { FT_Set_Pixel_Sizes(face_, 0, static_cast<FT_UInt>(pixels)); }
  /// Pixels from the baseline to the top of a capital letter.
  int height_of_capitals() { return glyph('H') ? face_->glyph->bitmap_top : 0; }

  /// place(glyph, x) for each character of the text, x the place of the pen; returns the pen's last place.
  template <class Place>
  int each_glyph(const std::string& text, const Place& place) {
    FT_Pos pen = 0;  // in 64ths of a pixel
    for (const std::uint32_t c : code_points_of(text)) {
      if (!glyph(c)) continue;
      place(*face_->glyph, static_cast<int>(pen >> 6));
      pen += face_->glyph->advance.x;
    }
    return static_cast<int>((pen + 63) >> 6);
  }

 private:
  font() {
    if (FT_Init_FreeType(&library_) != 0) throw std::runtime_error("FreeType does not start");
    if (FT_New_Face(library_, CONTRASTIVE_EXAMPLES_FONT, 0, &face_) != 0) {
      FT_Done_FreeType(library_);
      throw std::runtime_error("cannot read the font " CONTRASTIVE_EXAMPLES_FONT
                               ": install it with `sudo apt-get install fonts-dejavu-core`");
    }
  }
  ~font() {
    FT_Done_Face(face_);
    FT_Done_FreeType(library_);
  }
  bool glyph(std::uint32_t code_point) { return FT_Load_Char(face_, code_point, FT_LOAD_RENDER) == 0; }

  FT_Library library_ = nullptr;
  FT_Face face_ = nullptr;
};

}  // namespace

void canvas::fill(int left, int top, int width, int height, colour c) {
  for (int y = std::max(top, 0); y < std::min(top + height, page_.height); ++y)
    for (int x = std::max(left, 0); x < std::min(left + width, page_.width); ++x)
      page_.at(0, y, x) = c.red, page_.at(1, y, x) = c.green, page_.at(2, y, x) = c.blue;
}

void canvas::write(int left, int top, int size, const std::string& text, colour c) {
  font& letters = font::of_this_thread();
  letters.set_size(size);
  const int baseline = top + letters.height_of_capitals();
  const auto blend = [](std::uint8_t& under, int over, int cover) {
    under = static_cast<std::uint8_t>((under * (255 - cover) + over * cover + 127) / 255);
  };
  letters.each_glyph(text, [&](const FT_GlyphSlotRec& glyph, int pen) {
    const FT_Bitmap& shape = glyph.bitmap;  // 8 bits a pixel: how much of it the letter covers
    for (int row = 0; row < static_cast<int>(shape.rows); ++row)
      for (int column = 0; column < static_cast<int>(shape.width); ++column) {
        const int y = baseline - glyph.bitmap_top + row, x = left + pen + glyph.bitmap_left + column;
        if (y < 0 || y >= page_.height || x < 0 || x >= page_.width) continue;
        const int cover = shape.buffer[row * shape.pitch + column];
        blend(page_.at(0, y, x), c.red, cover), blend(page_.at(1, y, x), c.green, cover),
            blend(page_.at(2, y, x), c.blue, cover);
      }
  });
}

int canvas::text_width(const std::string& text, int size) {
  font& letters = font::of_this_thread();
  letters.set_size(size);
  return letters.each_glyph(text, [](const FT_GlyphSlotRec&, int) {});
}

void canvas::put(int left, int top, int zoom, const std::uint8_t* pixels, int channels, int height, int width) {
  const std::size_t plane = channels == 3 ? static_cast<std::size_t>(height) * static_cast<std::size_t>(width) : 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, ++pixels)
      fill(left + x * zoom, top + y * zoom, zoom, zoom, {pixels[0], pixels[plane], pixels[2 * plane]});
}

}  // namespace examples
