// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing and rendering of views.
#include "common/augmentation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
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

/// A window that stands upright, without more: rows and columns apart.
void render_plain(const std::uint8_t* picture, int height, int width, const view_parameters& view, random_stream& random,
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

/// Any window, what lies outside included, without colours or noise.
void sample_window(const std::uint8_t* picture, int channels, int height, int width, const view_parameters& view, float* out) {
  const float angle = view.rotation * std::numbers::pi_v<float> / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const float h = static_cast<float>(height), w = static_cast<float>(width), unit = view.brightness / 255;
  const float middle_x = (view.left + view.width / 2) * w, middle_y = (view.top + view.height / 2) * h;
  const float background = 255 * view.outside;
  const auto plane = static_cast<std::ptrdiff_t>(height) * width;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, ++out) {
      // Where the middle of this pixel lies in the window, around its middle, and then in the picture.
      const float across = ((static_cast<float>(view.flipped ? width - 1 - x : x) + 0.5F) / w - 0.5F) * view.width * w;
      const float down = ((static_cast<float>(y) + 0.5F) / h - 0.5F) * view.height * h;
      const float from_x = middle_x + cosine * across - sine * down - 0.5F;
      const float from_y = middle_y + sine * across + cosine * down - 0.5F;
      const float floor_x = std::floor(from_x), floor_y = std::floor(from_y);
      const float part_x = from_x - floor_x, part_y = from_y - floor_y;
      const int left = static_cast<int>(floor_x), top = static_cast<int>(floor_y);
      for (int c = 0; c < channels; ++c) {
        const std::uint8_t* from = picture + c * plane;
        const auto at = [&](int row, int column) {
          const bool inside = row >= 0 && row < height && column >= 0 && column < width;
          return inside ? static_cast<float>(from[static_cast<std::ptrdiff_t>(row) * width + column]) : background;
        };
        const float above = at(top, left) + part_x * (at(top, left + 1) - at(top, left));
        const float below = at(top + 1, left) + part_x * (at(top + 1, left + 1) - at(top + 1, left));
        out[c * plane] = unit * (above + part_y * (below - above));
      }
    }
}

constexpr std::array<float, 3> greyness = {0.299F, 0.587F, 0.114F};  // of red, green and blue

void change_contrast(float* out, int channels, std::ptrdiff_t plane, float contrast) {
  double sum = 0;
  for (int c = 0; c < channels; ++c) {
    double of_channel = 0;
    for (std::ptrdiff_t i = 0; i < plane; ++i) of_channel += static_cast<double>(out[c * plane + i]);
    sum += of_channel *
           static_cast<double>(channels == 3 ? greyness[static_cast<std::size_t>(c)] : 1.0F / static_cast<float>(channels));
  }
  const float mean = static_cast<float>(sum / static_cast<double>(plane));
  for (std::ptrdiff_t i = 0; i < channels * plane; ++i) out[i] = mean + contrast * (out[i] - mean);
}

/// Saturation and hue together are one matrix: in YIQ a turn and a stretch of (I, Q).
void change_colours(float* out, std::ptrdiff_t plane, float saturation, float hue) {
  const float angle = 2 * std::numbers::pi_v<float> * hue, c = saturation * std::cos(angle), s = saturation * std::sin(angle);
  float *red = out, *green = out + plane, *blue = out + 2 * plane;
  for (std::ptrdiff_t p = 0; p < plane; ++p) {
    const float y = greyness[0] * red[p] + greyness[1] * green[p] + greyness[2] * blue[p];
    const float i = 0.596F * red[p] - 0.274F * green[p] - 0.322F * blue[p];
    const float q = 0.211F * red[p] - 0.523F * green[p] + 0.312F * blue[p];
    const float turned_i = c * i - s * q, turned_q = s * i + c * q;
    red[p] = y + 0.956F * turned_i + 0.621F * turned_q;
    green[p] = y - 0.272F * turned_i - 0.647F * turned_q;
    blue[p] = y - 1.106F * turned_i + 1.703F * turned_q;
  }
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
  const auto drawn = [&](float most) { return most > 0 ? most * random.uniform(-1, 1) : 0.0F; };
  view.rotation = drawn(range.rotation);
  view.contrast = 1 + drawn(range.contrast);
  view.saturation = 1 + drawn(range.saturation);
  view.hue = drawn(range.hue);
  if (range.grey > 0 && random.uniform() < range.grey) view.saturation = 0;
  view.outside = range.outside;
  return view;
}

void render_view(const std::uint8_t* picture, int channels, int height, int width, const view_parameters& view,
                 random_stream& random, float* out) {
  const auto plane = static_cast<std::ptrdiff_t>(height) * width;
  const bool recoloured = channels == 3 && (view.saturation != 1 || view.hue != 0);
  if (view.rotation == 0 && view.outside == 0 && view.contrast == 1 && !recoloured) {
    for (int c = 0; c < channels; ++c) render_plain(picture + c * plane, height, width, view, random, out + c * plane);
    return;
  }
  sample_window(picture, channels, height, width, view, out);
  if (view.contrast != 1) change_contrast(out, channels, plane, view.contrast);
  if (recoloured) change_colours(out, plane, view.saturation, view.hue);
  if (view.noise > 0)
    for (std::ptrdiff_t i = 0; i < channels * plane; ++i) out[i] += view.noise * random.rough_normal();
}

}  // namespace examples
