// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Making pictures small.
#include "common/thumbnails.hpp"

#include <algorithm>

#include "common/progress_line.hpp"

namespace examples {

picture square_thumbnail(const picture& image, int side) {
  const int edge = std::max(image.height, image.width);
  if (image.height == image.width) return resized(image, side, side);
  picture square = filled(image.channels, edge, edge, 255);
  const int top = (edge - image.height) / 2, left = (edge - image.width) / 2;
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) square.at(c, top + y, left + x) = image.at(c, y, x);
  return resized(square, side, side);
}

image_set thumbnails(const std::string& title, std::vector<int> labels, int side, thread_team& team,
                     const std::function<picture(std::size_t)>& make) {
  image_set all;
  all.channels = 3;
  all.height = all.width = side;
  all.labels = std::move(labels);
  all.pixels.resize(all.size() * all.pixels_each());
  progress_line progress(title, "pictures", all.size());
  // Rounds, so that the caller's thread alone shows how far they are.
  constexpr std::size_t round = 128;
  for (std::size_t first = 0; first < all.size(); first += round) {
    const std::size_t count = std::min(round, all.size() - first);
    team.for_each(static_cast<index>(count), [&](index piece) {
      const std::size_t i = first + static_cast<std::size_t>(piece);
      const picture small = square_thumbnail(make(i), side);
      std::copy(small.pixels.begin(), small.pixels.end(),
                all.pixels.begin() + static_cast<std::ptrdiff_t>(i * all.pixels_each()));
    });
    progress.show(first + count, "");
  }
  progress.finish(with_commas(all.size()) + " pictures");
  return all;
}

}  // namespace examples
