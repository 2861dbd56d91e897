// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// SVG files of curves over training, and of points in the plane.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/matrix.hpp"

namespace examples {

struct chart_line {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (x, y), by rising x
};

/// Curves that share one vertical axis, under a title of their own.
struct chart_panel {
  std::string title;
  std::vector<chart_line> lines;
};

/// Draws the panels side by side, four and more of them two by two, each over the name of the horizontal axis. Points that are
/// no numbers are gaps. Written atomically.
void write_line_chart_svg(const std::string& path, const std::string& title, const std::string& x_name,
                          const std::vector<chart_panel>& panels);

/// Points in the plane, coloured by class, with a legend. `points` is (n, 2), `labels` (n) with numbers of `class_names`.
/// Written atomically.
void write_scatter_svg(const std::string& path, const std::string& title, const std::string& subtitle, const matrix& points,
                       const std::vector<int>& labels, const std::vector<std::string>& class_names);

}  // namespace examples
