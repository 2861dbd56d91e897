// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Writing of the SVG.
#include "common/scatter_svg.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/file.hpp"
#include "common/svg.hpp"

namespace examples {
using svg::colour, svg::escaped, svg::number;

void write_scatter_svg(const std::string& path, const std::string& title, const std::string& subtitle, const matrix& points,
                       const std::vector<int>& labels, const std::vector<std::string>& class_names) {
  if (points.cols() != 2 || points.rows() != static_cast<index>(labels.size()))
    throw std::invalid_argument("write_scatter_svg: expected a row of two numbers for each label");
  if (!points.allFinite()) throw std::runtime_error(path + ": not written: a point is not a number");
  const double plot_left = 30, plot_top = 86, plot_size = 760, legend_left = plot_left + plot_size + 26;
  std::size_t longest_name = 0;
  for (const auto& name : class_names) longest_name = std::max(longest_name, name.size());
  const double width = legend_left + std::max(150.0, 40 + 8.0 * static_cast<double>(longest_name));
  const double height = plot_top + plot_size + 30;
  const Eigen::RowVector2f low = points.colwise().minCoeff(), high = points.colwise().maxCoeff();
  const double extent = std::max<double>(static_cast<double>((high - low).maxCoeff()), 1e-30);
  const Eigen::RowVector2f middle = (low + high) / 2;
  const double scale = (plot_size - 24) / extent;

  std::string text = svg::start(width, height, title, subtitle);
  const auto put = [&text](const auto&... parts) { ((text += parts), ...); };
  put("<rect x=\"", number(plot_left), "\" y=\"", number(plot_top), "\" width=\"", number(plot_size), "\" height=\"",
      number(plot_size), "\" rx=\"8\" fill=\"#f8f9fb\" stroke=\"#e3e6ea\"/>\n");
  for (std::size_t c = 0; c < class_names.size(); ++c) {
    const char* const ink = colour(c);
    const double y = plot_top + 16 + 26 * static_cast<double>(c);
    put("<circle cx=\"", number(legend_left + 6), "\" cy=\"", number(y), "\" r=\"6\" fill=\"", ink, "\"/><text x=\"",
        number(legend_left + 20), "\" y=\"", number(y + 5), "\" font-size=\"15\" fill=\"#282c34\">", escaped(class_names[c]),
        "</text>\n<path d=\"");
    // A line of no length with round ends is a dot: a fifth of the bytes of a circle each.
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels[i] == static_cast<int>(c)) {
        const auto at = static_cast<index>(i);
        put("M", number(plot_left + plot_size / 2 + scale * static_cast<double>(points(at, 0) - middle[0])), " ",
            number(plot_top + plot_size / 2 - scale * static_cast<double>(points(at, 1) - middle[1])), "h0");
      }
    put("\" stroke=\"", ink, "\" stroke-width=\"4\" stroke-linecap=\"round\" stroke-opacity=\"0.7\" fill=\"none\"/>\n");
  }
  write_file_atomically(path, text + "</svg>\n");
}

}  // namespace examples
