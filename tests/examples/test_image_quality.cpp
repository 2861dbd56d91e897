// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// PSNR, SSIM and bicubic against closed forms, scikit-image and Pillow.
#include "common/image_quality.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"

using namespace examples;

namespace {

/// 0.5 + 0.25 sin(0.3 x) + 0.2 cos(0.4 y + 0.1 x).
float_picture waves(int height, int width) {
  float_picture out(1, height, width);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      out.at(0, y, x) = static_cast<float>(0.5 + 0.25 * std::sin(0.3 * x) + 0.2 * std::cos(0.4 * y + 0.1 * x));
  return out;
}

/// 0.8 a + 0.1 and a pattern of deviation 0.03, ((37 x + 57 y + 3 x y) mod 256) / 2550 - 0.05, cut off at 0 and 1.
float_picture disturbed(const float_picture& a) {
  float_picture out = a;
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x) {
      const double pattern = (37 * x + 57 * y + 3 * x * y) % 256 / 255.0 - 0.5;
      out.at(0, y, x) =
          static_cast<float>(std::clamp(0.8 * static_cast<double>(a.at(0, y, x)) + 0.1 + 0.1 * pattern, 0.0, 1.0));
    }
  return out;
}

}  // namespace

TEST_CASE("psnr: a constant difference d is -20 log10 d, the border does not count, equal pictures are infinite") {
  const float_picture a(3, 20, 24, 0.5F);
  float_picture b(3, 20, 24, 0.6F);
  CHECK(psnr(a, b) == Approx(20).epsilon(1e-5));
  CHECK(psnr(a, a) == std::numeric_limits<double>::infinity());
  for (int x = 0; x < 24; ++x) b.at(1, 0, x) = 1, b.at(1, 19, x) = 0;
  CHECK(psnr(a, b) < 19);
  CHECK(psnr(a, b, 1) == Approx(20).epsilon(1e-5));
}

TEST_CASE("ssim: one for equal pictures, the luminance term alone for flat ones") {
  const float_picture a = waves(30, 31);
  CHECK(ssim(a, a) == Approx(1).epsilon(1e-12));
  const float_picture dark(1, 16, 16, 0.25F), light(1, 16, 16, 0.75F);
  // (2 μa μb + C1) / (μa² + μb² + C1) with C1 = 1e-4; the second factor is C2 / C2.
  CHECK(ssim(dark, light) == Approx((2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4)).epsilon(1e-6));
}

// Made once by scikit-image 0.19.3 with a = waves(40, 50), b = disturbed(a), both rounded to single precision:
//   peak_signal_noise_ratio(a, b, data_range=1)
//   structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1)
// and the same of a[4:-4, 4:-4] and b[4:-4, 4:-4].
TEST_CASE("psnr and ssim: the numbers of scikit-image") {
  const float_picture a = waves(40, 50), b = disturbed(a);
  CHECK(psnr(a, b) == Approx(25.268619097050692).epsilon(1e-6));
  CHECK(ssim(a, b) == Approx(0.924322504624739).epsilon(1e-6));
  CHECK(psnr(a, b, 4) == Approx(25.305966042508757).epsilon(1e-6));
  CHECK(ssim(a, b, 4) == Approx(0.9240593252902009).epsilon(1e-6));
}

// Made once by Pillow 9.4.0: r = Image.fromarray(waves(40, 50), mode="F").resize((w, h), Image.BICUBIC), the pixels (0, 0), (3,
// 7), (h - 1, w - 1), (h // 2, w // 2) and the sum of all.
TEST_CASE("bicubic: the numbers of Pillow, smaller and larger") {
  struct expected {
    int height, width;
    double first, inner, last, middle, sum;
  };
  const float_picture a = waves(40, 50);
  for (const expected& e :
       {expected{20, 25, 0.731037974357605, 0.1442500352859497, 0.768399715423584, 0.6511535048484802, 261.81820046901703},
        expected{80, 100, 0.6949024200439453, 0.8426607847213745, 0.6841440796852112, 0.6112726330757141, 4187.359152320772},
        expected{17, 31, 0.7107217311859131, 0.3289276659488678, 0.7729116082191467, 0.5851089358329773, 275.8616537936032}}) {
    const float_picture r = bicubic(a, e.height, e.width);
    CHECK(r.at(0, 0, 0) == Approx(e.first).margin(2e-6));
    CHECK(r.at(0, 3, 7) == Approx(e.inner).margin(2e-6));
    CHECK(r.at(0, e.height - 1, e.width - 1) == Approx(e.last).margin(2e-6));
    CHECK(r.at(0, e.height / 2, e.width / 2) == Approx(e.middle).margin(2e-6));
    double sum = 0;
    for (const float v : r.values) sum += static_cast<double>(v);
    CHECK(sum == Approx(e.sum).epsilon(1e-6));
  }
}

TEST_CASE("bicubic: a ramp enlarged is a ramp away from the edges, each channel by itself") {
  float_picture ramp(2, 12, 16);
  for (int y = 0; y < 12; ++y)
    for (int x = 0; x < 16; ++x) ramp.at(0, y, x) = static_cast<float>(x), ramp.at(1, y, x) = static_cast<float>(2 * y);
  const float_picture large = bicubic(ramp, 24, 32);
  for (int y = 4; y < 20; ++y)
    for (int x = 4; x < 28; ++x) {
      CHECK(large.at(0, y, x) == Approx((x + 0.5) / 2 - 0.5).epsilon(1e-5));
      CHECK(large.at(1, y, x) == Approx(y + 0.5 - 1).epsilon(1e-5));
    }
}

TEST_CASE("luma: the weights of BT.601") {
  float_picture colours(3, 1, 3);
  for (int c = 0; c < 3; ++c) colours.at(c, 0, c) = 1;
  const float_picture y = luma(colours);
  CHECK(y.at(0, 0, 0) == Approx(0.299));
  CHECK(y.at(0, 0, 1) == Approx(0.587));
  CHECK(y.at(0, 0, 2) == Approx(0.114));
}

TEST_CASE("image quality: pictures that cannot be compared are refused") {
  const float_picture a(1, 20, 20), wide(1, 20, 21), colour(3, 20, 20);
  CHECK_THROWS_AS(psnr(a, wide), std::invalid_argument);
  CHECK_THROWS_AS(psnr(a, colour), std::invalid_argument);
  CHECK_THROWS_AS(psnr(a, a, 10), std::invalid_argument);
  CHECK_THROWS_AS(ssim(a, a, 5), std::invalid_argument);
  CHECK_THROWS_AS(bicubic(a, 0, 3), std::invalid_argument);
}

TEST_CASE("float pictures: bytes and back, windows, eight orientations") {
  picture bytes = filled(3, 4, 6, 0);
  for (std::size_t i = 0; i < bytes.pixels.size(); ++i) bytes.pixels[i] = static_cast<std::uint8_t>(i * 3);
  const float_picture floats = as_floats(bytes);
  CHECK(floats.at(0, 0, 1) == Approx(3.0 / 255));
  CHECK(as_bytes(floats).pixels == bytes.pixels);
  float_picture beyond(1, 1, 2);
  beyond.values = {-0.5F, 1.5F};
  CHECK(as_bytes(beyond).pixels == std::vector<std::uint8_t>{0, 255});

  const float_picture part = as_floats(bytes, 1, 2, 3, 4);
  CHECK((part.height == 3 && part.width == 4));
  CHECK(part.at(2, 1, 3) == floats.at(2, 2, 5));
  CHECK(window(floats, 1, 2, 3, 4).values == part.values);
  CHECK_THROWS_AS(window(floats, 2, 0, 3, 4), std::invalid_argument);
  CHECK_THROWS_AS(as_floats(bytes, 0, -1, 1, 1), std::invalid_argument);

  CHECK(turned(floats, 0).values == floats.values);
  for (int orientation = 0; orientation < 8; ++orientation) {
    const float_picture t = turned(floats, orientation);
    const bool swapped = orientation >= 4;
    CHECK((t.height == (swapped ? 6 : 4) && t.width == (swapped ? 4 : 6)));
    const int y = (orientation & 2) != 0 ? 3 : 0, x = (orientation & 1) != 0 ? 5 : 0;  // where the first pixel goes
    CHECK((swapped ? t.at(1, x, y) : t.at(1, y, x)) == floats.at(1, 0, 0));
    for (int other = 0; other < orientation; ++other) CHECK(turned(floats, other).values != t.values);
  }
}
