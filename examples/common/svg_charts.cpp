// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Colours, numbers and escaped words; axes with round numbers; lines, points and their names.
#include "common/svg_charts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

/// Ten colours that stay apart, also where classes mix, and twelve more for sets of many classes; then they go round again.
const char* colour(std::size_t which) {
  static constexpr const char* all[] = {"#4e79a7", "#f28e2b", "#b6992d", "#59a14f", "#e15759", "#9c6ade", "#30343b", "#8c564b",
                                        "#d45087", "#17a2b8", "#86bc1f", "#f7b6d2", "#7f7f7f", "#1f3fd0", "#ffd400", "#006d5b",
                                        "#b10026", "#a6cee3", "#6a3d9a", "#c9a27a", "#00c48c", "#ff6f91"};
  return all[which % std::size(all)];
}

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

std::string number(double value, const char* format = "%.1f") {
  char digits[32];
  std::snprintf(digits, sizeof digits, format, value);
  return digits;
}

/// The start of a file of this size, up to its title and subtitle.
std::string start(double width, double height, const std::string& title, const std::string& subtitle) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) + "\" width=\"" +
         number(width) + "\" height=\"" + number(height) + "\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>" +
         escaped(title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
         "<text x=\"30\" y=\"40\" font-size=\"22\" font-weight=\"bold\" fill=\"#282c34\">" + escaped(title) + "</text>\n" +
         "<text x=\"30\" y=\"66\" font-size=\"14\" fill=\"#6e747e\">" + escaped(subtitle) + "</text>\n";
}

struct axis {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity(), step = 1;

  void include(double value) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
  /// Widens to whole steps of 1, 2 or 5 times a power of ten, some five of them.
  void round() {
    if (!(low <= high)) low = 0, high = 1;
    if (high - low < 1e-12 * std::max(1.0, std::abs(high))) low -= 0.5, high += 0.5;
    const double rough = (high - low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
    step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
    low = step * std::floor(low / step + 1e-9);
    high = step * std::ceil(high / step - 1e-9);
  }
  double part(double value) const { return (value - low) / (high - low); }
};

}  // namespace

void write_line_chart_svg(const std::string& path, const std::string& title, const std::string& x_name,
                          const std::vector<chart_panel>& panels) {
  constexpr double plot_width = 380, plot_height = 280, margin = 30, label_width = 56, between = 40;
  std::size_t most_lines = 1;
  std::vector<std::string> names;  // a name has one colour in all panels
  for (const auto& panel : panels) {
    most_lines = std::max(most_lines, panel.lines.size());
    for (const auto& line : panel.lines)
      if (std::find(names.begin(), names.end(), line.name) == names.end()) names.push_back(line.name);
  }
  const double panel_width = label_width + plot_width, legend = 22 * static_cast<double>(most_lines);
  const std::size_t columns = panels.size() > 3 ? 2 : std::max<std::size_t>(panels.size(), 1),
                    rows = (std::max<std::size_t>(panels.size(), 1) + columns - 1) / columns;
  const double width = 2 * margin + static_cast<double>(columns) * (panel_width + between) - between;
  const double first_top = 120, panel_height = plot_height + 62 + legend;
  std::string text = start(width, first_top + static_cast<double>(rows) * (panel_height + between) - between, title, "");
  const auto put = [&text](const auto&... parts) { ((text += parts), ...); };

  for (std::size_t p = 0; p < panels.size(); ++p) {
    const double left = margin + static_cast<double>(p % columns) * (panel_width + between) + label_width,
                 top = first_top + static_cast<double>(p / columns) * (panel_height + between);
    axis x, y;
    bool counts = true;  // epochs are whole
    for (const auto& line : panels[p].lines)
      for (const auto& [at, value] : line.points)
        if (std::isfinite(value)) x.include(at), y.include(value), counts = counts && at == std::floor(at);
    x.round(), y.round();
    if (counts) x.step = std::max(x.step, 1.0);
    const auto px = [&](double at) { return left + plot_width * x.part(at); };
    const auto py = [&](double value) { return top + plot_height * (1 - y.part(value)); };
    put("<text x=\"", number(left), "\" y=\"", number(top - 14), "\" font-size=\"15\" font-weight=\"bold\" fill=\"#282c34\">",
        escaped(panels[p].title), "</text>\n");
    for (double tick = y.low; tick <= y.high + y.step / 2; tick += y.step)
      put("<path d=\"M", number(left), " ", number(py(tick)), "h", number(plot_width), "\" stroke=\"#e3e6ea\"/><text x=\"",
          number(left - 8), "\" y=\"", number(py(tick) + 4), "\" font-size=\"12\" text-anchor=\"end\" fill=\"#6e747e\">",
          number(std::abs(tick) < y.step / 1e6 ? 0 : tick, "%.6g"), "</text>\n");
    for (double tick = x.low; tick <= x.high + x.step / 2; tick += x.step)
      put("<text x=\"", number(px(tick)), "\" y=\"", number(top + plot_height + 18),
          "\" font-size=\"12\" text-anchor=\"middle\" fill=\"#6e747e\">",
          number(std::abs(tick) < x.step / 1e6 ? 0 : tick, "%.6g"), "</text>\n");
    put("<text x=\"", number(left + plot_width / 2), "\" y=\"", number(top + plot_height + 38),
        "\" font-size=\"13\" text-anchor=\"middle\" fill=\"#6e747e\">", escaped(x_name), "</text>\n");
    for (std::size_t l = 0; l < panels[p].lines.size(); ++l) {
      const chart_line& line = panels[p].lines[l];
      const char* const ink =
          colour(static_cast<std::size_t>(std::find(names.begin(), names.end(), line.name) - names.begin()));
      std::string steps, dots;
      bool pen_down = false;
      for (const auto& [at, value] : line.points) {
        if (std::isfinite(value)) {
          steps += (pen_down ? 'L' : 'M') + number(px(at)) + ' ' + number(py(value));
          dots += 'M' + number(px(at)) + ' ' + number(py(value)) + "h0";
        }
        pen_down = std::isfinite(value);
      }
      const double name_y = top + plot_height + 64 + 22 * static_cast<double>(l);
      put("<path d=\"", steps, "\" stroke=\"", ink, "\" stroke-width=\"2\" stroke-linejoin=\"round\" fill=\"none\"/>");
      if (line.points.size() <= 30)
        put("<path d=\"", dots, "\" stroke=\"", ink, "\" stroke-width=\"6\" stroke-linecap=\"round\" fill=\"none\"/>");
      put("<path d=\"M", number(left), " ", number(name_y - 4), "h18\" stroke=\"", ink, "\" stroke-width=\"3\"/><text x=\"",
          number(left + 26), "\" y=\"", number(name_y), "\" font-size=\"13\" fill=\"#282c34\">", escaped(line.name),
          "</text>\n");
    }
  }
  write_file_atomically(path, text + "</svg>\n");
}

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

  std::string text = start(width, height, title, subtitle);
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
