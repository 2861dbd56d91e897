// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Random numbers and views: the same from the same seed, and what the words say.
#include "common/augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "support/catch.hpp"

using namespace examples;

namespace {

constexpr int size = 28;
constexpr std::size_t pixels = size * size;

std::vector<std::uint8_t> ramp() {
  std::vector<std::uint8_t> picture;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) picture.push_back(static_cast<std::uint8_t>(7 * x + y));
  return picture;
}

std::vector<float> render(const view_parameters& view, std::uint64_t seed = 1) {
  const auto picture = ramp();
  std::vector<float> out(pixels);
  random_stream random{seed};
  render_view(picture.data(), size, size, view, random, out.data());
  return out;
}

constexpr view_parameters unchanged{
    .left = 0, .top = 0, .width = 1, .height = 1, .flipped = false, .brightness = 1, .noise = 0};

}  // namespace

TEST_CASE("random_stream: the place decides, uniform and normal numbers have their moments") {
  CHECK(random_stream(1, {2, 3}).next() == random_stream(1, {2, 3}).next());
  CHECK(random_stream(1, {2, 3}).next() != random_stream(1, {3, 2}).next());
  CHECK(random_stream(1, {2}).next() != random_stream(2, {2}).next());
  random_stream random{7};
  double mean[3] = {}, square[3] = {};
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const float x[3] = {random.uniform(), random.normal(), random.rough_normal()};
    for (int k = 0; k < 3; ++k) mean[k] += static_cast<double>(x[k]) / n, square[k] += static_cast<double>(x[k] * x[k]) / n;
  }
  CHECK(std::abs(mean[0] - 0.5) < 0.01);
  CHECK(std::abs(square[0] - 1.0 / 3) < 0.01);
  for (const int k : {1, 2}) {
    CHECK(std::abs(mean[k]) < 0.02);
    CHECK(std::abs(square[k] - 1) < 0.02);
  }
}

TEST_CASE("shuffled: every number once, in another order") {
  const auto order = shuffled(1000, random_stream{1});
  CHECK(std::set<std::size_t>(order.begin(), order.end()).size() == 1000);
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("views: the same seed gives the same view, another seed another one") {
  const auto make = [](std::uint64_t seed) {
    random_stream random{seed};
    const auto view = draw_view({}, random);
    return render(view, seed);
  };
  CHECK(make(3) == make(3));
  CHECK(make(3) != make(4));
}

TEST_CASE("views: the whole window gives the picture, flipped its mirror image, brighter its multiple") {
  const auto picture = ramp();
  const auto same = render(unchanged);
  auto flipped = unchanged, brighter = unchanged;
  flipped.flipped = true;
  brighter.brightness = 1.25F;
  const auto mirror = render(flipped), bright = render(brighter);
  for (std::size_t y = 0; y < size; ++y)
    for (std::size_t x = 0; x < size; ++x) {
      const float expected = static_cast<float>(picture[y * size + x]) / 255;
      CHECK(std::abs(same[y * size + x] - expected) < 1e-5F);
      CHECK(std::abs(mirror[y * size + size - 1 - x] - expected) < 1e-5F);
      CHECK(std::abs(bright[y * size + x] - 1.25F * expected) < 1e-5F);
    }
}

TEST_CASE("views: a quarter is that quarter enlarged, beyond the picture all is black") {
  auto quarter = unchanged, beyond = unchanged;
  quarter.left = 0.5F, quarter.width = 0.5F, quarter.height = 0.5F;
  const auto large = render(quarter);
  // Pixel (y, x) of the view shows ((y + 1/2) / 2 - 1/2, 14 + (x + 1/2) / 2 - 1/2) of the ramp 7 x + y.
  for (const std::size_t y : {3U, 20U})
    for (const std::size_t x : {2U, 25U}) {
      const float in_y = (static_cast<float>(y) + 0.5F) / 2 - 0.5F, in_x = 14 + (static_cast<float>(x) + 0.5F) / 2 - 0.5F;
      CHECK(std::abs(large[y * size + x] - (7 * in_x + in_y) / 255) < 1e-5F);
    }
  beyond.left = 1.1F;
  const auto black = render(beyond);
  CHECK(std::all_of(black.begin(), black.end(), [](float v) { return v == 0; }));
}

TEST_CASE("views: noise has the asked deviation, drawn views keep to their range") {
  auto noisy = unchanged;
  noisy.noise = 0.2F;
  const auto clean = render(unchanged), with_noise = render(noisy);
  double square = 0;
  for (std::size_t i = 0; i < pixels; ++i) square += std::pow(static_cast<double>(with_noise[i] - clean[i]), 2) / pixels;
  CHECK(std::abs(std::sqrt(square) - 0.2) < 0.02);

  const view_range range{.smallest_crop = 0.5F,
                         .largest_crop = 1.2F,
                         .largest_stretch = 1.3F,
                         .flip = 0.25F,
                         .brightness = 0.4F,
                         .largest_noise = 0.3F};
  random_stream random{5};
  int flips = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto view = draw_view(range, random);
    flips += view.flipped;
    const float side = std::sqrt(view.width * view.height), stretch = view.width / view.height;
    CHECK((side >= 0.4999F && side <= 1.2001F && stretch >= 1 / 1.3001F && stretch <= 1.3001F));
    CHECK((view.left >= std::min(0.0F, 1 - view.width) && view.left + view.width <= std::max(1.0F, view.width) + 1e-5F));
    CHECK((view.brightness >= 0.6F && view.brightness <= 1.4F && view.noise >= 0 && view.noise <= 0.3F));
  }
  CHECK(std::abs(flips / 2000.0 - 0.25) < 0.04);
}

TEST_CASE("views: turned by a quarter the window is the picture turned, what lies outside has its colour") {
  const auto picture = ramp();
  auto turned = unchanged, eighth = unchanged;
  turned.rotation = 90;
  const auto quarter = render(turned);
  // A step to the right in the view is a step down in the picture.
  for (std::size_t y = 0; y < size; ++y)
    for (std::size_t x = 0; x < size; ++x)
      CHECK(std::abs(quarter[y * size + x] - static_cast<float>(picture[x * size + size - 1 - y]) / 255) < 1e-4F);
  eighth.rotation = 45, eighth.outside = 1;
  const auto corner = render(eighth);
  CHECK(corner[0] == 1);
  CHECK(std::abs(corner[14 * size + 14] - static_cast<float>(picture[14 * size + 14]) / 255) < 0.03F);
}

TEST_CASE("views: contrast goes from the mean, saturation from the grey, a turned hue keeps the grey") {
  auto half = unchanged;
  half.contrast = 0.5F;
  const auto flat = render(half), same = render(unchanged);
  double mean = 0;
  for (const float v : same) mean += static_cast<double>(v) / pixels;
  for (const std::size_t i : {0U, 400U, 783U})
    CHECK(std::abs(flat[i] - static_cast<float>(mean + (static_cast<double>(same[i]) - mean) / 2)) < 1e-4F);

  // One pixel of 4 x 4: red above, the rest of other colours.
  std::vector<std::uint8_t> colours(3 * 16);
  for (std::size_t i = 0; i < colours.size(); ++i) colours[i] = static_cast<std::uint8_t>(37 * i % 256);
  const auto show = [&](const view_parameters& view) {
    std::vector<float> out(48);
    random_stream random{1};
    render_view(colours.data(), 3, 4, 4, view, random, out.data());
    return out;
  };
  const auto grey_of = [](const std::vector<float>& c, std::size_t i) {
    return 0.299F * c[i] + 0.587F * c[16 + i] + 0.114F * c[32 + i];
  };
  auto grey = unchanged, pale = unchanged, turned = unchanged, round = unchanged;
  grey.saturation = 0, pale.saturation = 0.5F, turned.hue = 0.2F, round.hue = 1;
  const auto plain = show(unchanged), without = show(grey), half_way = show(pale), other = show(turned), back = show(round);
  float change = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const float y = grey_of(plain, i);
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t at = 16 * c + i;
      CHECK(std::abs(plain[at] - static_cast<float>(colours[at]) / 255) < 1e-6F);
      CHECK(std::abs(without[at] - y) < 2e-3F);
      CHECK(std::abs(half_way[at] - (y + plain[at]) / 2) < 2e-3F);
      CHECK(std::abs(back[at] - plain[at]) < 5e-3F);
      change = std::max(change, std::abs(other[at] - plain[at]));
    }
    CHECK(std::abs(grey_of(other, i) - y) < 2e-3F);
  }
  CHECK(change > 0.2F);
}

TEST_CASE("views: new ranges draw within their bounds, and none of them changes what was drawn before") {
  const view_range range{.rotation = 20, .contrast = 0.3F, .saturation = 0.5F, .hue = 0.1F, .grey = 0.25F, .outside = 1};
  random_stream random{3};
  int greys = 0;
  float widest = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto view = draw_view(range, random);
    widest = std::max(widest, std::abs(view.rotation));
    CHECK((std::abs(view.rotation) <= 20 && std::abs(view.contrast - 1) <= 0.3001F && std::abs(view.hue) <= 0.1F &&
           view.outside == 1));
    CHECK((view.saturation == 0 || std::abs(view.saturation - 1) <= 0.5001F));
    greys += view.saturation == 0;
  }
  CHECK(widest > 19);
  CHECK(std::abs(greys / 2000.0 - 0.25) < 0.04);
  random_stream one{4}, two{4};
  const auto plain = draw_view({}, one), more = draw_view(range, two);
  CHECK((plain.left == more.left && plain.noise == more.noise && plain.brightness == more.brightness));
  CHECK((plain.rotation == 0 && plain.contrast == 1 && plain.saturation == 1 && plain.hue == 0));
  CHECK(one.next() != two.next());
}
