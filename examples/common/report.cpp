// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Measuring, the table and the two pictures.
#include "common/report.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "common/file.hpp"
#include "common/linear_probe.hpp"
#include "common/picture_grid.hpp"
#include "common/progress_line.hpp"
#include "common/projection.hpp"
#include "common/svg_charts.hpp"

namespace examples {
namespace {

constexpr int voters = 10;  // neighbours that vote on a class
constexpr int shown = 8;    // neighbours in the picture

std::string percent(double part) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * part);
  return text;
}

}  // namespace

void report::measure(const std::string& name, matrix train, matrix test) {
  progress_line progress("measuring", "", 2);
  progress.show(0, name + ": linear probe");
  const int classes = static_cast<int>(data_.class_names.size());
  const double probe =
      linear_probe_accuracy(team_, train, data_.train.labels, test, data_.test.labels, classes, {.seed = seed_});
  progress.show(1, name + ": nearest neighbours");
  normalize_rows(train);
  normalize_rows(test);
  const int k = static_cast<int>(std::min<index>(voters, train.rows()));
  measured_.push_back({name, train.cols(), 0, probe, nearest_neighbours(team_, test, train, k)});
  measured_.back().knn = neighbour_accuracy(measured_.back().near, data_.train.labels, data_.test.labels);
  drawn_ = std::move(test);
  progress.finish(name + ": " + percent(measured_.back().knn) + " by neighbours, " + percent(probe) + " by linear probe");
}

void report::write(const std::string& folder, const std::string& title) {
  if (measured_.empty()) throw std::logic_error("report: nothing was measured");
  const auto path = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  std::string csv = "representation,features,knn_accuracy,linear_probe_accuracy\n";
  for (const auto& m : measured_) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, ",%td,%.4f,%.4f\n", m.features, m.knn, m.probe);
    csv += m.name + numbers;
  }
  write_file_atomically(path("metrics.csv"), csv);
  draw_neighbours(path("neighbours.png"), title);
  draw_map(path("embeddings.svg"), title);

  std::printf("\naccuracy on the %zu test pictures\n  %-20s %8s   %-20s %s\n", data_.test.size(), "", "features",
              (std::to_string(voters) + " nearest neighbours").c_str(), "linear probe");
  for (const auto& m : measured_)
    std::printf("  %-20s %8td   %-20s %s\n", m.name.c_str(), m.features, percent(m.knn).c_str(), percent(m.probe).c_str());
  std::printf("\nnearest neighbours  %s\nmap of embeddings   %s\ntable               %s\n", path("neighbours.png").c_str(),
              path("embeddings.svg").c_str(), path("metrics.csv").c_str());
}

void report::draw_neighbours(const std::string& path, const std::string& title) const {
  grid_group queries{"query", {}};
  std::vector<grid_group> groups;
  // The first one measured, the plainest, stands beside the last.
  std::vector<const representation*> compared = {&measured_.back()};
  if (measured_.size() > 1) compared.push_back(&measured_.front());
  for (const auto* m : compared) groups.push_back({"nearest training pictures, " + m->name, {}});
  std::vector<std::string> names;
  for (std::size_t c = 0; c < data_.class_names.size(); ++c) {
    // The first test picture of each class: not chosen by how well it goes.
    const auto found = std::find(data_.test.labels.begin(), data_.test.labels.end(), static_cast<int>(c));
    if (found == data_.test.labels.end()) continue;
    const auto query = static_cast<std::size_t>(found - data_.test.labels.begin());
    names.push_back(data_.class_names[c]);
    queries.rows.push_back({{data_.test.picture(query), grid_cell::frame::plain}});
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto& near = compared[g]->near.rows;
      std::vector<grid_cell> cells;
      for (index n = 0; n < std::min<index>(shown, near.cols()); ++n) {
        const auto at = static_cast<std::size_t>(near(static_cast<index>(query), n));
        const bool same = data_.train.labels[at] == static_cast<int>(c);
        cells.push_back({data_.train.picture(at), same ? grid_cell::frame::right : grid_cell::frame::wrong});
      }
      groups[g].rows.push_back(cells);
    }
  }
  groups.insert(groups.begin(), queries);
  write_picture_grid(path, title, names, groups, data_.test.height, data_.test.width, data_.test.channels);
}

void report::draw_map(const std::string& path, const std::string& title) const {
  const t_sne_options how;
  progress_line progress("drawing", "rounds", static_cast<std::uint64_t>(how.iterations));
  const auto done = [&](int rounds) { progress.show(static_cast<std::uint64_t>(rounds), "map of the test pictures"); };
  const matrix plane = t_sne(team_, drawn_, how, done);
  progress.finish("map of the test pictures");
  const auto& last = measured_.back();
  write_scatter_svg(path, title,
                    with_commas(data_.test.size()) + " test pictures by t-SNE of " + std::to_string(last.features) +
                        " features; " + std::to_string(voters) + " nearest neighbours " + percent(last.knn) +
                        ", linear probe " + percent(last.probe),
                    plane, data_.test.labels, data_.class_names);
}

}  // namespace examples
