// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Layout of the table.
#include "common/results_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

std::string number(double value, int digits) {
  if (std::isnan(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// How many columns of a terminal UTF-8 text takes: its bytes without those that go on a character.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

results_table::results_table(std::string row_title, std::vector<column> columns)
    : row_title_(std::move(row_title)), columns_(std::move(columns)) {}

void results_table::add(const std::string& name, const std::vector<double>& values) {
  if (values.size() != columns_.size())
    throw std::invalid_argument("results_table: " + std::to_string(values.size()) + " numbers for " +
                                std::to_string(columns_.size()) + " columns");
  rows_.emplace_back(name, values);
}

std::string results_table::text() const {
  const auto padding = [](const std::string& text, std::size_t width) { return std::string(width - columns_of(text), ' '); };
  std::size_t names = columns_of(row_title_);
  for (const auto& row : rows_) names = std::max(names, columns_of(row.first));
  std::string out = row_title_ + padding(row_title_, names);
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = columns_of(columns_[c].name);
    for (const auto& row : rows_) width = std::max(width, columns_of(number(row.second[c], columns_[c].digits)));
    out += "  " + padding(columns_[c].name, width) + columns_[c].name;
    widths.push_back(width);
  }
  out += '\n';
  for (const auto& [name, values] : rows_) {
    out += name + padding(name, names);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string digits = number(values[c], columns_[c].digits);
      out += "  " + padding(digits, widths[c]) + digits;
    }
    out += '\n';
  }
  return out;
}

std::string results_table::csv() const {
  const auto field = [](const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  };
  std::string out = field(row_title_);
  for (const auto& c : columns_) out += ',' + field(c.name);
  out += '\n';
  for (const auto& [name, values] : rows_) {
    out += field(name);
    for (std::size_t c = 0; c < columns_.size(); ++c)
      out += ',' + (std::isnan(values[c]) ? "" : number(values[c], columns_[c].digits));
    out += '\n';
  }
  return out;
}

void results_table::print_and_write(const std::string& path) const {
  write_file_atomically(path, csv());
  std::printf("%s", text().c_str());
}

}  // namespace examples
