// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// PSNR, SSIM and bicubic resampling, rows and columns apart.
#include "common/image_quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace examples {
namespace {

/// Checks that two pictures can be compared, and takes the border off both.
std::pair<float_picture, float_picture> without_border(const float_picture& a, const float_picture& b, int border,
                                                       int smallest) {
  const auto size = [](const float_picture& p) {
    return std::to_string(p.channels) + " x " + std::to_string(p.height) + " x " + std::to_string(p.width);
  };
  if (a.channels != b.channels || a.height != b.height || a.width != b.width)
    throw std::invalid_argument("pictures of " + size(a) + " and " + size(b) + " cannot be compared");
  const int height = a.height - 2 * border, width = a.width - 2 * border;
  if (border < 0 || height < smallest || width < smallest)
    throw std::invalid_argument("pictures of " + size(a) + " without a border of " + std::to_string(border) +
                                " pixels are too small to be compared");
  return {window(a, border, border, height, width), window(b, border, border, height, width)};
}

constexpr int window_side = 11;

/// Weights of the window along one axis; their products over both sum to 1.
std::array<double, window_side> window_weights() {
  std::array<double, window_side> weights{};
  double sum = 0;
  for (int i = 0; i < window_side; ++i)
    sum += weights[static_cast<std::size_t>(i)] = std::exp(-(i - 5) * (i - 5) / (2 * 1.5 * 1.5));
  for (double& w : weights) w /= sum;
  return weights;
}

/// Weighted means of an (height, width) array of doubles under the window, (height - 10, width - 10).
std::vector<double> window_means(const std::vector<double>& values, int height, int width) {
  static const auto weights = window_weights();
  const auto columns = static_cast<std::size_t>(width), less = static_cast<std::size_t>(width - window_side + 1);
  const auto rows = static_cast<std::size_t>(height), fewer = static_cast<std::size_t>(height - window_side + 1);
  std::vector<double> along(rows * less, 0.0), means(fewer * less, 0.0);
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t k = 0; k < window_side; ++k)
      for (std::size_t x = 0; x < less; ++x) along[y * less + x] += weights[k] * values[y * columns + x + k];
  for (std::size_t y = 0; y < fewer; ++y)
    for (std::size_t k = 0; k < window_side; ++k)
      for (std::size_t x = 0; x < less; ++x) means[y * less + x] += weights[k] * along[(y + k) * less + x];
  return means;
}

/// The inputs of one output pixel along an axis, first … first + weights.size() - 1.
struct reach {
  int first;
  std::vector<float> weights;
};

double keys_kernel(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

std::vector<reach> reaches(int from, int to) {
  const double scale = static_cast<double>(from) / to, widening = std::max(scale, 1.0);
  std::vector<reach> all;
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - 2 * widening + 0.5));
    const int last = std::min(from, static_cast<int>(centre + 2 * widening + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int x = first; x < last; ++x) {
      weights.push_back(keys_kernel((x + 0.5 - centre) / widening));
      sum += weights.back();
    }
    reach one{first, {}};
    for (const double w : weights) one.weights.push_back(static_cast<float>(w / sum));
    all.push_back(one);
  }
  return all;
}

}  // namespace

float_picture luma(const float_picture& image) {
  if (image.channels == 1) return image;
  float_picture out(1, image.height, image.width);
  const std::size_t n = out.values.size();
  for (std::size_t i = 0; i < n; ++i)
    out.values[i] = 0.299F * image.values[i] + 0.587F * image.values[n + i] + 0.114F * image.values[2 * n + i];
  return out;
}

double psnr(const float_picture& a, const float_picture& b, int border) {
  const auto [x, y] = without_border(a, b, border, 1);
  double squares = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double difference = static_cast<double>(x.values[i]) - static_cast<double>(y.values[i]);
    squares += difference * difference;
  }
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return -10 * std::log10(squares / static_cast<double>(x.values.size()));
}

double ssim(const float_picture& a, const float_picture& b, int border) {
  constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
  const auto [x, y] = without_border(a, b, border, window_side);
  const std::size_t n = x.plane_size();
  double sum = 0;
  std::size_t places = 0;
  std::vector<double> u(n), v(n), uu(n), vv(n), uv(n);
  for (int c = 0; c < x.channels; ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      u[i] = static_cast<double>(x.row(c, 0)[i]), v[i] = static_cast<double>(y.row(c, 0)[i]);
      uu[i] = u[i] * u[i], vv[i] = v[i] * v[i], uv[i] = u[i] * v[i];
    }
    const auto mean_u = window_means(u, x.height, x.width), mean_v = window_means(v, x.height, x.width);
    const auto mean_uu = window_means(uu, x.height, x.width), mean_vv = window_means(vv, x.height, x.width);
    const auto mean_uv = window_means(uv, x.height, x.width);
    for (std::size_t i = 0; i < mean_u.size(); ++i) {
      const double product = mean_u[i] * mean_v[i], squares = mean_u[i] * mean_u[i] + mean_v[i] * mean_v[i];
      sum +=
          (2 * product + c1) * (2 * (mean_uv[i] - product) + c2) / ((squares + c1) * (mean_uu[i] + mean_vv[i] - squares + c2));
    }
    places += mean_u.size();
  }
  return sum / static_cast<double>(places);
}

float_picture bicubic(const float_picture& image, int height, int width) {
  if (image.height < 1 || image.width < 1 || height < 1 || width < 1)
    throw std::invalid_argument("bicubic: neither picture may be empty");
  const auto across = reaches(image.width, width), down = reaches(image.height, height);
  float_picture narrow(image.channels, image.height, width), out(image.channels, height, width);
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < image.height; ++y) {
      const float* from = image.row(c, y);
      float* to = narrow.row(c, y);
      for (const reach& one : across) {
        float sum = 0;
        for (std::size_t k = 0; k < one.weights.size(); ++k)
          sum += one.weights[k] * from[static_cast<std::size_t>(one.first) + k];
        *to++ = sum;
      }
    }
    for (int y = 0; y < height; ++y) {
      const reach& one = down[static_cast<std::size_t>(y)];
      float* to = out.row(c, y);
      for (std::size_t k = 0; k < one.weights.size(); ++k) {
        const float* from = narrow.row(c, one.first + static_cast<int>(k));
        for (int x = 0; x < width; ++x) to[x] += one.weights[k] * from[x];
      }
    }
  }
  return out;
}

}  // namespace examples
