// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing and rendering of views.
#include "common/augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace examples {
namespace {

/// Where one row or column of the view lies in the picture: between two neighbours, with their weights.
struct tap {
  int low, high;
  float low_weight, high_weight;
};

std::vector<tap> taps(int size, float first, float length, bool reversed) {
  std::vector<tap> all(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    const float middle =
        (first + (static_cast<float>(i) + 0.5F) / static_cast<float>(size) * length) * static_cast<float>(size) - 0.5F;
    const float floor = std::floor(middle), part = middle - floor;
    const int low = static_cast<int>(floor);
    const auto inside = [&](int at) { return at >= 0 && at < size; };
    const auto held = [&](int at) { return std::clamp(at, 0, size - 1); };
    all[static_cast<std::size_t>(reversed ? size - 1 - i : i)] = {held(low), held(low + 1), inside(low) ? 1 - part : 0,
                                                                  inside(low + 1) ? part : 0};
  }
  return all;
}

}  // namespace

view_parameters draw_view(const view_range& range, random_stream& random) {
  const float side = random.uniform(range.smallest_crop, range.largest_crop);
  const float stretch = std::sqrt(std::exp(random.uniform(-1, 1) * std::log(range.largest_stretch)));
  view_parameters view{};
  view.width = side * stretch;
  view.height = side / stretch;
  view.left = (1 - view.width) * random.uniform();
  view.top = (1 - view.height) * random.uniform();
  view.flipped = random.uniform() < range.flip;
  view.brightness = 1 + range.brightness * random.uniform(-1, 1);
  view.noise = range.largest_noise * random.uniform();
  return view;
}

void render_view(const std::uint8_t* picture, int height, int width, const view_parameters& view, random_stream& random,
                 float* out) {
  const auto columns = taps(width, view.left, view.width, view.flipped);
  const auto rows = taps(height, view.top, view.height, false);
  const float unit = view.brightness / 255;
  for (const tap& row : rows) {
    const std::uint8_t* low = picture + static_cast<std::ptrdiff_t>(row.low) * width;
    const std::uint8_t* high = picture + static_cast<std::ptrdiff_t>(row.high) * width;
    const float low_weight = row.low_weight * unit, high_weight = row.high_weight * unit;
    for (const tap& column : columns) {
      const float left = low_weight * low[column.low] + high_weight * high[column.low];
      const float right = low_weight * low[column.high] + high_weight * high[column.high];
      *out++ = column.low_weight * left + column.high_weight * right + view.noise * random.rough_normal();
    }
  }
}

}  // namespace examples
