// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What representations of the pictures are worth: a table, a PNG of neighbours and an SVG of the test pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/matrix.hpp"
#include "common/nearest_neighbours.hpp"
#include "common/thread_team.hpp"

namespace examples {

class report {
 public:
  /// The data and the threads must live as long as the report.
  report(const image_dataset& data, thread_team& team, std::uint64_t seed) : data_(data), team_(team), seed_(seed) {}

  /// Measures one representation, a row of features for each picture. The last one measured is the one that is drawn.
  void measure(const std::string& name, matrix train, matrix test);

  /// Prints the table and writes metrics.csv, neighbours.png and embeddings.svg into the folder.
  void write(const std::string& folder, const std::string& title);

 private:
  struct representation {
    std::string name;
    index features;
    double knn, probe;  // parts of the test pictures
    neighbours near;
  };
  void draw_neighbours(const std::string& path, const std::string& title) const;
  void draw_map(const std::string& path, const std::string& title) const;

  const image_dataset& data_;
  thread_team& team_;
  std::uint64_t seed_;
  std::vector<representation> measured_;
  matrix drawn_;  // unit rows of the test pictures, of the last one measured
};

}  // namespace examples
