// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the writers of SVG share: colours, numbers and escaped words.
#pragma once

#include <cstdio>
#include <string>

namespace examples::svg {

/// Ten colours that stay apart, also where classes mix; more go round again.
inline const char* colour(std::size_t which) {
  static constexpr const char* all[] = {"#4e79a7", "#f28e2b", "#b6992d", "#59a14f", "#e15759",
                                        "#9c6ade", "#30343b", "#8c564b", "#d45087", "#17a2b8"};
  return all[which % std::size(all)];
}

inline std::string escaped(const std::string& text) {
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

inline std::string number(double value, const char* format = "%.1f") {
  char digits[32];
  std::snprintf(digits, sizeof digits, format, value);
  return digits;
}

/// The start of a file of this size, up to its title and subtitle.
inline std::string start(double width, double height, const std::string& title, const std::string& subtitle) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) + "\" width=\"" +
         number(width) + "\" height=\"" + number(height) + "\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>" +
         escaped(title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
         "<text x=\"30\" y=\"40\" font-size=\"22\" font-weight=\"bold\" fill=\"#282c34\">" + escaped(title) + "</text>\n" +
         "<text x=\"30\" y=\"66\" font-size=\"14\" fill=\"#6e747e\">" + escaped(subtitle) + "</text>\n";
}

}  // namespace examples::svg
