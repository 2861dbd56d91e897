// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Many pictures side by side: plain, or as queries and what was found.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/picture.hpp"

namespace examples {

/// How pictures are laid out.
struct mosaic_options {
  int columns = 8;
  int zoom = 1;            ///< each pixel becomes zoom x zoom
  int gap = 2;             ///< white pixels between pictures
  std::string title = {};  ///< above all
  std::vector<std::string> column_names = {}, row_names = {};
};

/// Pictures of one size, row after row; grey ones among coloured ones turn to colour.
picture mosaic(const std::vector<picture>& pictures, const mosaic_options& how);

/// One picture of the grid, with a frame that says what it is.
struct grid_cell {
  enum class frame { plain, right, wrong };
  const std::uint8_t* pixels = nullptr;  // (channels, height, width)
  grid_cell::frame mark = frame::plain;
};

/// A group of columns under a title; all groups have as many rows.
struct grid_group {
  std::string title;
  std::vector<std::vector<grid_cell>> rows;
};

/// Draws the groups side by side, each row with its name at the left, and writes the PNG atomically. Pictures are grey or of
/// three channels.
void write_picture_grid(const std::string& path, const std::string& title, const std::vector<std::string>& row_names,
                        const std::vector<grid_group>& groups, int picture_height, int picture_width, int channels = 1);

}  // namespace examples
