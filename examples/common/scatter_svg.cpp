// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Writing of the SVG.
#include "common/scatter_svg.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

// Ten colours that stay apart, also where classes mix, and twelve more for sets of many classes; then they go round again.
constexpr const char* colours[] = {"#4e79a7", "#f28e2b", "#b6992d", "#59a14f", "#e15759", "#9c6ade", "#30343b", "#8c564b",
                                   "#d45087", "#17a2b8", "#86bc1f", "#f7b6d2", "#7f7f7f", "#1f3fd0", "#ffd400", "#006d5b",
                                   "#b10026", "#a6cee3", "#6a3d9a", "#c9a27a", "#00c48c", "#ff6f91"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", value);
  return digits;
}

}  // namespace

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

  std::string svg;
  const auto put = [&svg](const auto&... parts) { ((svg += parts), ...); };
  put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", number(width), " ", number(height), "\" width=\"",
      number(width), "\" height=\"", number(height), "\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>",
      escaped(title), "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  put("<text x=\"30\" y=\"40\" font-size=\"22\" font-weight=\"bold\" fill=\"#282c34\">", escaped(title), "</text>\n");
  put("<text x=\"30\" y=\"66\" font-size=\"14\" fill=\"#6e747e\">", escaped(subtitle), "</text>\n");
  put("<rect x=\"", number(plot_left), "\" y=\"", number(plot_top), "\" width=\"", number(plot_size), "\" height=\"",
      number(plot_size), "\" rx=\"8\" fill=\"#f8f9fb\" stroke=\"#e3e6ea\"/>\n");
  for (std::size_t c = 0; c < class_names.size(); ++c) {
    const char* colour = colours[c % std::size(colours)];
    const double y = plot_top + 16 + 26 * static_cast<double>(c);
    put("<circle cx=\"", number(legend_left + 6), "\" cy=\"", number(y), "\" r=\"6\" fill=\"", colour, "\"/><text x=\"",
        number(legend_left + 20), "\" y=\"", number(y + 5), "\" font-size=\"15\" fill=\"#282c34\">", escaped(class_names[c]),
        "</text>\n<path d=\"");
    // A line of no length with round ends is a dot: a fifth of the bytes of a circle each.
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels[i] == static_cast<int>(c)) {
        const auto at = static_cast<index>(i);
        put("M", number(plot_left + plot_size / 2 + scale * static_cast<double>(points(at, 0) - middle[0])), " ",
            number(plot_top + plot_size / 2 - scale * static_cast<double>(points(at, 1) - middle[1])), "h0");
      }
    put("\" stroke=\"", colour, "\" stroke-width=\"4\" stroke-linecap=\"round\" stroke-opacity=\"0.7\" fill=\"none\"/>\n");
  }
  write_file_atomically(path, svg + "</svg>\n");
}

}  // namespace examples
