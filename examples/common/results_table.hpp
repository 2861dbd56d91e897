// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Results by name: a table for the eye and a CSV for programs.
#pragma once

#include <string>
#include <vector>

namespace examples {

class results_table {
 public:
  /// "test PSNR [dB]", 2: with two digits behind the point.
  struct column {
    std::string name;
    int digits = 2;
  };

  results_table(std::string row_title, std::vector<column> columns);

  /// One number a column; NaN prints as "-".
  void add(const std::string& name, const std::vector<double>& values);

  std::string text() const;
  std::string csv() const;
  /// text() to the standard output, csv() to a file, atomically.
  void print_and_write(const std::string& path) const;

 private:
  std::string row_title_;
  std::vector<column> columns_;
  std::vector<std::pair<std::string, std::vector<double>>> rows_;
};

}  // namespace examples
