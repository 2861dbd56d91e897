// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Blur, noise and JPEG, with stb for the JPEG.
#include "common/degradation.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/image_quality.hpp"

namespace examples {
namespace {

/// The symmetric matrix R diag(a, b) Rᵀ.
struct symmetric {
  double xx, yy, xy;
};

symmetric rotated(double a, double b, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {a * c * c + b * s * s, a * s * s + b * c * c, (a - b) * c * s};
}

/// Weights of a blur, (2 radius + 1)², of sum 1.
struct kernel {
  int radius;
  std::vector<float> weights;
};

kernel gaussian(double sigma_x, double sigma_y, double angle) {
  constexpr double least = 0.01;  // a deviation of nothing would be divided by
  sigma_x = std::max(sigma_x, least), sigma_y = std::max(sigma_y, least);
  const symmetric inverse = rotated(1 / (sigma_x * sigma_x), 1 / (sigma_y * sigma_y), angle);
  const int radius = static_cast<int>(std::ceil(3 * std::max(sigma_x, sigma_y)));
  std::vector<double> weights;
  double sum = 0;
  for (int y = -radius; y <= radius; ++y)
    for (int x = -radius; x <= radius; ++x) {
      weights.push_back(std::exp(-(inverse.xx * x * x + 2 * inverse.xy * x * y + inverse.yy * y * y) / 2));
      sum += weights.back();
    }
  kernel out{radius, {}};
  for (const double w : weights) out.weights.push_back(static_cast<float>(w / sum));
  return out;
}

/// The picture with its edge pixels repeated `radius` times around it.
float_picture padded(const float_picture& image, int radius) {
  float_picture out(image.channels, image.height + 2 * radius, image.width + 2 * radius);
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < out.height; ++y) {
      const float* from = image.row(c, std::clamp(y - radius, 0, image.height - 1));
      float* to = out.row(c, y);
      std::fill_n(to, radius, from[0]);
      std::copy_n(from, image.width, to + radius);
      std::fill_n(to + radius + image.width, radius, from[image.width - 1]);
    }
  return out;
}

/// Sum of the differences between neighbours in the window, of the middle channel, at every second pixel.
int detail(const picture& image, int top, int left, int side) {
  const int channel = image.channels / 2;
  int sum = 0;
  for (int y = top; y < top + side - 1; y += 2)
    for (int x = left; x < left + side - 1; x += 2) {
      const int here = image.at(channel, y, x);
      sum += std::abs(image.at(channel, y, x + 1) - here) + std::abs(image.at(channel, y + 1, x) - here);
    }
  return sum;
}

}  // namespace

degradation draw_degradation(const degradation_range& range, random_stream& random) {
  degradation how;
  how.sigma_x = random.uniform(range.smallest_sigma, range.largest_sigma);
  how.sigma_y = random.uniform(range.smallest_sigma, range.largest_sigma);
  how.angle = random.uniform(0, 3.14159265F);
  if (random.uniform() < range.isotropic) how.sigma_y = how.sigma_x, how.angle = 0;
  how.noise = random.uniform(0, range.largest_noise);
  if (random.uniform() < range.clean) how.noise = 0;
  const auto qualities = static_cast<std::uint64_t>(range.highest_quality - range.lowest_quality + 1);
  how.jpeg_quality = range.lowest_quality + static_cast<int>(random.below(qualities));
  if (random.uniform() >= range.jpeg) how.jpeg_quality = 0;
  return how;
}

std::array<float, num_degradation_parameters> comparable_parameters(const degradation& how, const degradation_range& range) {
  const symmetric blur =
      rotated(static_cast<double>(how.sigma_x), static_cast<double>(how.sigma_y), static_cast<double>(how.angle));
  const auto widest = static_cast<double>(range.largest_sigma);
  const float jpeg =
      how.jpeg_quality == 0 ? 0 : static_cast<float>(100 - how.jpeg_quality) / static_cast<float>(100 - range.lowest_quality);
  return {static_cast<float>(blur.xx / widest), static_cast<float>(blur.yy / widest), static_cast<float>(blur.xy / widest),
          how.noise / range.largest_noise, jpeg};
}

float_picture blurred(const float_picture& image, float sigma_x, float sigma_y, float angle) {
  if (sigma_x <= 0 && sigma_y <= 0) return image;
  const kernel blur = gaussian(static_cast<double>(sigma_x), static_cast<double>(sigma_y), static_cast<double>(angle));
  const float_picture from = padded(image, blur.radius);
  float_picture out(image.channels, image.height, image.width);
  const int side = 2 * blur.radius + 1, width = image.width;
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < image.height; ++y) {
      float* to = out.row(c, y);
      const float* weight = blur.weights.data();
      for (int ky = 0; ky < side; ++ky)
        for (int kx = 0; kx < side; ++kx, ++weight) {
          const float w = *weight;
          const float* row = from.row(c, y + ky) + kx;
          for (int x = 0; x < width; ++x) to[x] += w * row[x];
        }
    }
  return out;
}

float_picture after_jpeg(const float_picture& image, int quality) {
  const picture bytes = as_bytes(image);
  return as_floats(decode_picture(encode_jpeg(bytes, quality), "JPEG in memory", bytes.channels));
}

float_picture degraded(const float_picture& large, const degradation& how, random_stream& random) {
  if (large.height < 2 || large.width < 2 || large.height % 2 != 0 || large.width % 2 != 0)
    throw std::invalid_argument("a picture of " + std::to_string(large.height) + " x " + std::to_string(large.width) +
                                " has no half: both sides must be even");
  float_picture small = bicubic(blurred(large, how.sigma_x, how.sigma_y, how.angle), large.height / 2, large.width / 2);
  if (how.noise > 0)
    for (float& value : small.values) value += how.noise * random.normal();
  return how.jpeg_quality > 0 ? after_jpeg(small, how.jpeg_quality) : as_floats(as_bytes(small));
}

patch_pair draw_patch(const picture& photograph, int side, const degradation& how, int candidates, random_stream& random) {
  const int seen = 2 * side + 2 * patch_margin;
  if (photograph.height < seen || photograph.width < seen)
    throw std::invalid_argument("a photograph of " + std::to_string(photograph.height) + " x " +
                                std::to_string(photograph.width) + " is too small for patches, which take " +
                                std::to_string(seen) + " x " + std::to_string(seen));
  const auto place = [&](int length) { return static_cast<int>(random.below(static_cast<std::uint64_t>(length - seen + 1))); };
  int top = 0, left = 0, most = -1;
  for (int i = 0; i < candidates; ++i) {
    const int y = place(photograph.height), x = place(photograph.width);
    const int found = detail(photograph, y + patch_margin, x + patch_margin, 2 * side);
    if (found > most) top = y, left = x, most = found;
  }
  const float_picture around = turned(as_floats(photograph, top, left, seen, seen), static_cast<int>(random.below(8)));
  return {window(degraded(around, how, random), patch_margin / 2, patch_margin / 2, side, side),
          window(around, patch_margin, patch_margin, 2 * side, 2 * side)};
}

std::vector<window_place> detailed_windows(const picture& image, int side, int most) {
  if (side < 1 || image.height < side || image.width < side)
    throw std::invalid_argument("a picture of " + std::to_string(image.height) + " x " + std::to_string(image.width) +
                                " has no window of " + std::to_string(side) + " x " + std::to_string(side));
  std::vector<std::pair<int, window_place>> found;
  for (int top = 0; top + side <= image.height; top += side)
    for (int left = 0; left + side <= image.width; left += side) found.push_back({detail(image, top, left, side), {top, left}});
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<window_place> places;
  for (std::size_t i = 0; i < found.size() && static_cast<int>(i) < most; ++i) places.push_back(found[i].second);
  return places;
}

}  // namespace examples
