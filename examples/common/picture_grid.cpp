// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing of the grid.
#include "common/picture_grid.hpp"

#include <algorithm>

#include "common/canvas.hpp"

namespace examples {
namespace {

constexpr canvas::colour plain{70, 76, 86}, right{46, 160, 80}, wrong{214, 57, 51};

}  // namespace

void write_picture_grid(const std::string& path, const std::string& title, const std::vector<std::string>& row_names,
                        const std::vector<grid_group>& groups, int picture_height, int picture_width) {
  const int zoom = std::max(1, 66 / picture_width), frame = 3, gap = 5, between = 26, margin = 24, letters = 2;
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
    page.write(margin, top + static_cast<int>(r) * cell_height + cell_height / 2 - 4 * letters, letters, row_names[r], canvas::quiet);
  int x = left;
  for (const auto& group : groups) {
    page.write(x, margin + 50, letters, group.title, canvas::quiet);
    int columns = 0;
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      columns = std::max(columns, static_cast<int>(group.rows[r].size()));
      for (std::size_t c = 0; c < group.rows[r].size(); ++c) {
        const grid_cell& cell = group.rows[r][c];
        const int cx = x + static_cast<int>(c) * cell_width, cy = top + static_cast<int>(r) * cell_height;
        const canvas::colour mark = cell.mark == grid_cell::frame::plain ? plain : cell.mark == grid_cell::frame::right ? right : wrong;
        page.fill(cx, cy, cell_width - gap, cell_height - gap, mark);
        page.put(cx + frame, cy + frame, zoom, cell.pixels, 1, picture_height, picture_width);
      }
    }
    x += columns * cell_width + between;
  }
  write_png(path, page.page());
}

}  // namespace examples
