// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing of the grids.
#include "common/picture_grid.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/canvas.hpp"

namespace examples {
namespace {

constexpr canvas::colour plain{70, 76, 86}, right{46, 160, 80}, wrong{214, 57, 51};
constexpr int letters = 16;  // pixels

}  // namespace

picture mosaic(const std::vector<picture>& pictures, const mosaic_options& how) {
  if (pictures.empty() || how.columns < 1 || how.zoom < 1 || how.gap < 0)
    throw std::invalid_argument("mosaic: nothing to lay out");
  const int height = pictures[0].height, width = pictures[0].width;
  for (const picture& one : pictures)
    if (one.height != height || one.width != width) throw std::invalid_argument("mosaic: pictures of different sizes");
  constexpr int line = 24, space = 8;
  const int columns = std::min(how.columns, static_cast<int>(pictures.size()));
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  const int cell_width = how.zoom * width + how.gap, cell_height = how.zoom * height + how.gap;
  int left = how.gap, top = how.gap;
  for (const auto& name : how.row_names) left = std::max(left, canvas::text_width(name, letters) + 2 * space);
  if (!how.title.empty()) top += line + space;
  const int names_at = top;
  if (!how.column_names.empty()) top += line;
  const int page_width =
      std::max(left + columns * cell_width, how.title.empty() ? 0 : canvas::text_width(how.title, letters) + 2 * space);
  canvas page(page_width, top + rows * cell_height);

  if (!how.title.empty()) page.write(space, space, letters, how.title, canvas::ink);
  int small = letters;  // so that the columns' names stay apart
  for (const auto& name : how.column_names)
    while (small > 8 && canvas::text_width(name, small) + 4 > cell_width) --small;
  for (std::size_t c = 0; c < how.column_names.size() && static_cast<int>(c) < columns; ++c)
    page.write(left + static_cast<int>(c) * cell_width, names_at + line - small, small, how.column_names[c], canvas::quiet);
  for (std::size_t r = 0; r < how.row_names.size() && static_cast<int>(r) < rows; ++r)
    page.write(space, top + static_cast<int>(r) * cell_height + how.zoom * height / 2 - letters * 3 / 8, letters,
               how.row_names[r], canvas::quiet);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    page.put(left + static_cast<int>(i) % columns * cell_width, top + static_cast<int>(i) / columns * cell_height, how.zoom,
             pictures[i].pixels.data(), pictures[i].channels, height, width);
  return page.page();
}

void write_picture_grid(const std::string& path, const std::string& title, const std::vector<std::string>& row_names,
                        const std::vector<grid_group>& groups, int picture_height, int picture_width, int channels) {
  if (channels != 1 && channels != 3) throw std::invalid_argument("write_picture_grid: pictures of 1 or 3 channels");
  const int zoom = std::max(1, 66 / picture_width), frame = 3, gap = 5, between = 26, margin = 24;
  const int cell_width = zoom * picture_width + 2 * frame + gap, cell_height = zoom * picture_height + 2 * frame + gap;
  int names = 0;
  for (const auto& name : row_names) names = std::max(names, canvas::text_width(name, letters));
  const int left = margin + names + 14, top = margin + 78;
  int width = left - between;
  for (const auto& group : groups)
    width += between + cell_width * (group.rows.empty() ? 0 : static_cast<int>(group.rows[0].size()));
  width = std::max(width - gap, margin + canvas::text_width(title, letters)) + margin;
  canvas page(width, top + cell_height * static_cast<int>(row_names.size()) - gap + margin);

  page.write(margin, margin, letters, title, canvas::ink);
  for (std::size_t r = 0; r < row_names.size(); ++r)
    page.write(margin, top + static_cast<int>(r) * cell_height + cell_height / 2 - letters * 3 / 8, letters, row_names[r],
               canvas::quiet);
  int x = left;
  for (const auto& group : groups) {
    page.write(x, margin + 50, letters, group.title, canvas::quiet);
    int columns = 0;
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      columns = std::max(columns, static_cast<int>(group.rows[r].size()));
      for (std::size_t c = 0; c < group.rows[r].size(); ++c) {
        const grid_cell& cell = group.rows[r][c];
        const int cx = x + static_cast<int>(c) * cell_width, cy = top + static_cast<int>(r) * cell_height;
        const canvas::colour mark = cell.mark == grid_cell::frame::plain   ? plain
                                    : cell.mark == grid_cell::frame::right ? right
                                                                           : wrong;
        page.fill(cx, cy, cell_width - gap, cell_height - gap, mark);
        page.put(cx + frame, cy + frame, zoom, cell.pixels, channels, picture_height, picture_width);
      }
    }
    x += columns * cell_width + between;
  }
  write_png(path, page.page());
}

}  // namespace examples
