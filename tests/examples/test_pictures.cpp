// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The written pictures and the progress line.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include <array>
#include <cmath>
#include <map>

#include "common/picture.hpp"
#include "common/picture_grid.hpp"
#include "common/progress_line.hpp"
#include "common/scatter_svg.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;

TEST_CASE("picture grid: a PNG that holds each picture in the frame of its kind") {
  const temporary_folder folder;
  const std::string path = folder / "new/grid.png";
  const std::vector<std::uint8_t> picture(28 * 28, 200);
  using examples::grid_cell;
  const grid_cell query{picture.data(), grid_cell::frame::plain}, good{picture.data(), grid_cell::frame::right},
      bad{picture.data(), grid_cell::frame::wrong};
  examples::write_picture_grid(path, "title", {"one", "two"},
                               {{"query", {{query}, {query}}}, {"found", {{good, good}, {good, bad}}}}, 28, 28);

  int width = 0, height = 0, channels = 0;
  stbi_uc* pixels = stbi_load(path.c_str(), &width, &height, &channels, 3);
  REQUIRE(pixels != nullptr);
  std::map<std::array<int, 3>, int> counts;
  for (int i = 0; i < width * height; ++i) ++counts[{pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]}];
  stbi_image_free(pixels);
  const int cell = 56 * 56;  // 28 pixels, twice as large
  CHECK(counts[{200, 200, 200}] == 6 * cell);
  const int frame = 62 * 62 - cell;
  CHECK(counts[{46, 160, 80}] == 3 * frame);
  CHECK(counts[{214, 57, 51}] == frame);
}

TEST_CASE("picture grid: colours, channel after channel; other numbers of channels are refused") {
  const temporary_folder folder;
  std::vector<std::uint8_t> picture(3 * 32 * 32, 10);
  std::fill(picture.begin() + 1024, picture.begin() + 2048, 120);
  std::fill(picture.begin() + 2048, picture.end(), 250);
  const examples::grid_cell cell{picture.data(), examples::grid_cell::frame::plain};
  examples::write_picture_grid(folder / "colour.png", "t", {"a"}, {{"q", {{cell}}}}, 32, 32, 3);
  const examples::picture page = examples::read_picture(folder / "colour.png");
  int found = 0;
  for (int y = 0; y < page.height; ++y)
    for (int x = 0; x < page.width; ++x) found += page.at(0, y, x) == 10 && page.at(1, y, x) == 120 && page.at(2, y, x) == 250;
  CHECK(found == 64 * 64);
  CHECK(contains(words_of([&] {
                   examples::write_picture_grid(folder / "x.png", "t", {"a"}, {{"q", {{cell}}}}, 32, 32, 2);
                 }),
                 "1 or 3 channels"));
}

TEST_CASE("scatter: a dot for each row, a name for each class, signs of XML escaped; NaN is refused") {
  const temporary_folder folder;
  const std::string path = folder / "map.svg";
  examples::matrix points(4, 2);
  points << 0, 0, 1, 2, 3, 1, -1, 5;
  examples::write_scatter_svg(path, "a < b & c", "below", points, {0, 1, 1, 0}, {"first", "second"});
  const std::string svg = examples::read_file(path);
  std::size_t dots = 0;
  for (std::size_t at = svg.find("h0"); at != std::string::npos; at = svg.find("h0", at + 1)) ++dots;
  CHECK(dots == 4);
  CHECK(contains(svg, "a &lt; b &amp; c"));
  CHECK(contains(svg, ">first</text>"));
  CHECK(contains(svg, ">second</text>"));
  points(0, 0) = std::nanf("");
  CHECK(contains(words_of([&] { examples::write_scatter_svg(path, "", "", points, {0, 1, 1, 0}, {"a", "b"}); }), path));
  CHECK(examples::read_file(path) == svg);
}

TEST_CASE("times and numbers read as people write them") {
  CHECK(examples::clock_time(7) == "0:07");
  CHECK(examples::clock_time(151) == "2:31");
  CHECK(examples::clock_time(3729) == "1:02:09");
  CHECK(examples::with_commas(7) == "7");
  CHECK(examples::with_commas(123) == "123");
  CHECK(examples::with_commas(1234567) == "1,234,567");
}
