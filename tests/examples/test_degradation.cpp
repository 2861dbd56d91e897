// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Degradations: what their words say, the same from the same seed; regression and the reading of photographs.
#include "common/degradation.hpp"

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "common/image_quality.hpp"
#include "common/photographs.hpp"
#include "common/ridge_regression.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace examples;
using namespace example_tests;

namespace {

/// Covariance of a picture's values about their centre: (xx, yy, xy), after dividing by their sum.
struct moments {
  double sum = 0, xx = 0, yy = 0, xy = 0;
};
moments moments_of(const float_picture& p) {
  moments m;
  const double cy = (p.height - 1) / 2.0, cx = (p.width - 1) / 2.0;
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const auto v = static_cast<double>(p.at(0, y, x));
      m.sum += v, m.xx += v * (x - cx) * (x - cx), m.yy += v * (y - cy) * (y - cy), m.xy += v * (x - cx) * (y - cy);
    }
  m.xx /= m.sum, m.yy /= m.sum, m.xy /= m.sum;
  return m;
}

picture made_photograph(int height, int width, std::uint64_t seed) {
  picture out = filled(3, height, width, 0);
  random_stream random{seed};
  for (auto& value : out.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return out;
}

}  // namespace

TEST_CASE("blurred: the spot of a point has the variances and the angle asked for") {
  float_picture point(1, 41, 41);
  point.at(0, 20, 20) = 1;
  struct known {
    float sigma_x, sigma_y, angle;
  };
  for (const known& k : {known{1.5F, 1.5F, 0}, known{2.5F, 1, 0}, known{3, 1.2F, 0.5F}, known{2, 0.9F, 2.4F}}) {
    const moments m = moments_of(blurred(point, k.sigma_x, k.sigma_y, k.angle));
    const double a = static_cast<double>(k.sigma_x * k.sigma_x), b = static_cast<double>(k.sigma_y * k.sigma_y);
    const double c = std::cos(static_cast<double>(k.angle)), s = std::sin(static_cast<double>(k.angle));
    CHECK(m.sum == Approx(1).epsilon(1e-5));
    // The Gaussian ends at 3 σ, which takes 3 % of its variance along the longer axis.
    CHECK(m.xx == Approx(a * c * c + b * s * s).epsilon(0.04));
    CHECK(m.yy == Approx(a * s * s + b * c * c).epsilon(0.04));
    CHECK(m.xy == Approx((a - b) * c * s).margin(0.04 * a));
  }
}

TEST_CASE("blurred: nothing changes without a deviation, a flat picture or its edge stays flat") {
  const float_picture photograph = as_floats(made_photograph(12, 14, 1));
  CHECK(blurred(photograph, 0, 0, 0).values == photograph.values);
  const float_picture flat(3, 9, 11, 0.25F);
  for (const float v : blurred(flat, 2, 1, 0.7F).values) CHECK(v == Approx(0.25).epsilon(1e-5));
}

TEST_CASE("degraded: half the size, noise of the deviation asked for, JPEG worse at lower quality") {
  const float_picture flat(3, 64, 64, 0.5F);
  random_stream random{1};
  const float_picture noisy = degraded(flat, {.noise = 0.05F}, random);
  CHECK((noisy.channels == 3 && noisy.height == 32 && noisy.width == 32));
  double mean = 0, squares = 0;
  const auto n = static_cast<double>(noisy.values.size());
  for (const float v : noisy.values) mean += static_cast<double>(v) / n;
  for (const float v : noisy.values) squares += std::pow(static_cast<double>(v) - mean, 2) / n;
  CHECK(mean == Approx(0.5).margin(0.004));
  CHECK(std::sqrt(squares) == Approx(0.05).epsilon(0.05));

  float_picture smooth(3, 64, 64);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x)
        smooth.at(c, y, x) = static_cast<float>(0.5 + 0.4 * std::sin(0.2 * x * (c + 1)) * std::cos(0.3 * y));
  const auto quality = [&](int q) { return psnr(after_jpeg(smooth, q), smooth); };
  CHECK(quality(95) > quality(50));
  CHECK(quality(50) > quality(10));
  CHECK(quality(95) > 30);
  CHECK_THROWS_AS(after_jpeg(smooth, 0), std::invalid_argument);
  CHECK_THROWS_AS(degraded(float_picture(3, 63, 64), {}, random), std::invalid_argument);
  // A grey picture stays grey.
  CHECK(after_jpeg(luma(smooth), 90).channels == 1);
}

TEST_CASE("degraded: without blur, noise and JPEG it is bicubic in 256 values") {
  const float_picture large = as_floats(made_photograph(20, 24, 2));
  random_stream random{1};
  CHECK(degraded(large, {}, random).values == as_floats(as_bytes(bicubic(large, 10, 12))).values);
}

TEST_CASE("draw_degradation: within its range, isotropic, clean and without JPEG as often as asked") {
  const degradation_range range;
  random_stream random{3};
  int isotropic = 0, clean = 0, jpeg = 0;
  constexpr int n = 4000;
  for (int i = 0; i < n; ++i) {
    const degradation d = draw_degradation(range, random);
    isotropic += d.sigma_x == d.sigma_y, clean += d.noise == 0, jpeg += d.jpeg_quality != 0;
    CHECK((d.sigma_x >= range.smallest_sigma && d.sigma_x <= range.largest_sigma));
    CHECK((d.sigma_y >= range.smallest_sigma && d.sigma_y <= range.largest_sigma));
    CHECK((d.noise >= 0 && d.noise <= range.largest_noise));
    CHECK((d.jpeg_quality == 0 || (d.jpeg_quality >= range.lowest_quality && d.jpeg_quality <= range.highest_quality)));
    for (const float p : comparable_parameters(d, range)) CHECK((p >= -0.5F && p <= 1.0001F));
  }
  CHECK(isotropic / double(n) == Approx(0.5).margin(0.04));
  CHECK(clean / double(n) == Approx(0.25).margin(0.04));
  CHECK(jpeg / double(n) == Approx(0.5).margin(0.04));
}

TEST_CASE("comparable_parameters: the same blur said in two ways is the same, other ones differ") {
  const degradation_range range;
  const auto of = [&](const degradation& d) { return comparable_parameters(d, range); };
  const auto near = [](const auto& a, const auto& b) {
    float most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most < 1e-5F;
  };
  constexpr float pi = 3.14159265F;
  CHECK(near(of({2, 1, 0.3F, 0, 0}), of({2, 1, 0.3F + pi, 0, 0})));
  CHECK(near(of({2, 1, 0.3F, 0, 0}), of({1, 2, 0.3F + pi / 2, 0, 0})));
  CHECK(near(of({2, 2, 0.3F, 0, 0}), of({2, 2, 1.1F, 0, 0})));
  CHECK_FALSE(near(of({2, 1, 0.3F, 0, 0}), of({2, 1, -0.3F, 0, 0})));
  const auto full = of({3, 3, 0, range.largest_noise, range.lowest_quality});
  CHECK(near(full, std::array<float, 5>{1, 1, 0, 1, 1}));
  CHECK(of({1, 1, 0, 0, 0})[4] == 0);
}

TEST_CASE("draw_patch: the truth is a window of the photograph, the small one its degraded half, a seed decides") {
  const picture photograph = made_photograph(80, 90, 4);
  const auto draw = [&](std::uint64_t seed, const degradation& how) {
    random_stream random{seed};
    return draw_patch(photograph, 24, how, 3, random);
  };
  const degradation how{1.5F, 0.7F, 0.4F, 0.03F, 70};
  const patch_pair a = draw(1, how), again = draw(1, how), other = draw(2, how);
  CHECK(a.small.values == again.small.values);
  CHECK(a.large.values == again.large.values);
  CHECK(a.large.values != other.large.values);
  CHECK((a.small.height == 24 && a.small.width == 24 && a.large.height == 48 && a.large.width == 48));
  // Without any blur the inner pixels are those of the truth made smaller: the margin changes the edges alone.
  const patch_pair plain = draw(3, {});
  const float_picture small = bicubic(plain.large, 24, 24);
  for (int y = 4; y < 20; ++y)
    for (int x = 4; x < 20; ++x) CHECK(plain.small.at(1, y, x) == Approx(small.at(1, y, x)).margin(1 / 255.0));
  random_stream random{1};
  CHECK_THROWS_AS(draw_patch(photograph, 40, how, 1, random), std::invalid_argument);
}

TEST_CASE("draw_patch: of more candidates the detailed one, detailed_windows: most detail first") {
  // All grey but for a noisy square of 32 x 32 at (96, 64).
  picture image = filled(3, 160, 160, 128);
  random_stream noise{5};
  for (int c = 0; c < 3; ++c)
    for (int y = 96; y < 128; ++y)
      for (int x = 64; x < 96; ++x) image.at(c, y, x) = static_cast<std::uint8_t>(noise.below(256));
  const auto spread = [](const float_picture& p) { return *std::max_element(p.values.begin(), p.values.end()) - 0.5F; };
  int found_by_one = 0, found_by_many = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random_stream one{seed}, many{seed};
    found_by_one += spread(draw_patch(image, 8, {}, 1, one).large) > 0.1F;
    found_by_many += spread(draw_patch(image, 8, {}, 8, many).large) > 0.1F;
  }
  CHECK(found_by_many > found_by_one + 5);

  const auto windows = detailed_windows(image, 32, 3);
  REQUIRE(windows.size() == 3);
  CHECK((windows[0].top == 96 && windows[0].left == 64));
  CHECK((windows[1].top == 0 && windows[1].left == 0));  // the others are equal: upper left first
  CHECK(detailed_windows(image, 80, 9).size() == 4);
  CHECK_THROWS_AS(detailed_windows(image, 161, 1), std::invalid_argument);
}

TEST_CASE("ridge_regression: a linear law is found, noise says nothing, errors are in the targets' unit") {
  random_stream random{6};
  const auto drawn = [&](examples::index rows) {
    matrix x(rows, 4);
    for (examples::index i = 0; i < x.size(); ++i) x.data()[i] = random.normal();
    x.col(3).setConstant(7);  // a column that says nothing
    return x;
  };
  const auto law = [](const matrix& x) {
    matrix y(x.rows(), 2);
    y.col(0) = 3 * x.col(0) - 2 * x.col(1) + matrix::Constant(x.rows(), 1, 5).col(0);
    y.col(1) = x.col(2);
    return y;
  };
  const matrix train = drawn(500), test = drawn(300);
  const ridge_regression found(train, law(train), 1e-6);
  const auto good = quality_of(found.predict(test), law(test));
  CHECK(good.r_squared[0] > 0.9999);
  CHECK(good.r_squared[1] > 0.9999);
  CHECK(good.mean_abs_error[0] < 0.01);
  const ridge_regression misled(train, law(drawn(500)), 1e-6);
  CHECK(misled.predict(test).rows() == 300);
  CHECK(quality_of(misled.predict(test), law(test)).r_squared[0] < 0.1);
  // Always 1 beside the truth: R² = 1 - n / Σ (t - mean)².
  const matrix truth = law(test), beside = (truth.array() + 1).matrix();
  const auto off = quality_of(beside, truth);
  CHECK(off.mean_abs_error[1] == Approx(1).epsilon(1e-5));
  const double spread = (truth.col(1).array() - truth.col(1).mean()).square().sum();
  CHECK(off.r_squared[1] == Approx(1 - 300 / spread).epsilon(1e-4));
  CHECK_THROWS_AS(ridge_regression(train, law(test)), std::invalid_argument);
}

TEST_CASE("photographs: read by name, shrunk to the longest side, cut to even sides, what is missing is said") {
  const temporary_folder folder;
  write_png(folder / "b.png", made_photograph(101, 63, 7));
  write_png(folder / "a.PNG", made_photograph(30, 40, 8));
  write_file_atomically(folder / "notes.txt", "no picture");
  const auto files = picture_files(folder.path());
  REQUIRE(files.size() == 2);
  CHECK(files[0] == folder / "a.PNG");
  thread_team team(2);
  const auto whole = read_photographs(files, 0, team, "reading");
  CHECK((whole[1].name == "b" && whole[1].image.height == 100 && whole[1].image.width == 62));
  CHECK(whole[0].image.pixels == made_photograph(30, 40, 8).pixels);
  const auto shrunk = read_photographs(files, 50, team, "reading");
  CHECK((shrunk[1].image.height == 50 && shrunk[1].image.width == 30));  // 31.2, even
  CHECK((shrunk[0].image.height == 30 && shrunk[0].image.width == 40));

  CHECK(contains(words_of([&] { picture_files(folder / "none"); }), folder / "none"));
  std::filesystem::create_directory(folder / "empty");
  CHECK(contains(words_of([&] { picture_files(folder / "empty"); }), "no .jpg, .jpeg or .png"));
  write_file_atomically(folder / "c.jpg", "damaged");
  CHECK(contains(words_of([&] { read_photographs(picture_files(folder.path()), 0, team, "reading"); }), folder / "c.jpg"));
}
