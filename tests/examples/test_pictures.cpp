// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The written pictures and the progress line.
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <limits>
#include <map>

#include "common/canvas.hpp"
#include "common/interrupt.hpp"
#include "common/picture.hpp"
#include "common/picture_grid.hpp"
#include "common/progress_line.hpp"
#include "common/results_table.hpp"
#include "common/svg_charts.hpp"
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

  const examples::picture page = examples::read_picture(path);
  std::map<std::array<int, 3>, int> counts;
  for (int y = 0; y < page.height; ++y)
    for (int x = 0; x < page.width; ++x) ++counts[{page.at(0, y, x), page.at(1, y, x), page.at(2, y, x)}];
  const int cell = 56 * 56;  // 28 pixels, twice as large
  CHECK(counts[{200, 200, 200}] == 6 * cell);
  const int frame = 62 * 62 - cell;
  CHECK(counts[{46, 160, 80}] == 3 * frame);
  CHECK(counts[{214, 57, 51}] == frame);
}

TEST_CASE("picture grid: colours, channel after channel, other numbers of channels are refused") {
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

TEST_CASE("scatter: a dot for each row, a name for each class, signs of XML escaped, NaN is refused") {
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

TEST_CASE("canvas: letters of any script that the font has, as high as asked, what lies outside the page is cut off") {
  using examples::canvas;
  const auto ink_of = [](const std::string& text, int size, int left, int top) {
    canvas page(60, 30);
    page.write(left, top, size, text, canvas::ink);
    int first = 30, last = -1, dark = 0;
    for (int y = 0; y < 30; ++y)
      for (int x = 0; x < 60; ++x)
        if (page.page().at(0, y, x) < 128) first = std::min(first, y), last = std::max(last, y), ++dark;
    return std::array{first, last, dark};
  };
  CHECK(ink_of("H", 16, 4, 5)[0] == 5);
  const int height = ink_of("H", 16, 4, 5)[1] - 5 + 1;
  CHECK((height >= 11 && height <= 13));
  CHECK(ink_of("H", 24, 4, 5)[1] > 5 + height);
  CHECK(ink_of("p", 16, 4, 5)[1] > 5 + height);  // below the line
  CHECK(ink_of("é", 16, 4, 5)[2] > ink_of("e", 16, 4, 5)[2]);
  CHECK(ink_of("Ж", 16, 4, 5) != ink_of("Z", 16, 4, 5));
  CHECK(ink_of("H", 16, -100, 5)[2] == 0);
  CHECK(ink_of("H", 16, 55, 22)[2] > 0);
  CHECK(canvas::text_width("", 16) == 0);
  CHECK(canvas::text_width("iiii", 16) < canvas::text_width("mmmm", 16));
  CHECK(std::abs(canvas::text_width("mm", 16) - 2 * canvas::text_width("m", 16)) <= 1);
}

TEST_CASE("times and numbers read as people write them") {
  CHECK(examples::clock_time(7) == "0:07");
  CHECK(examples::clock_time(151) == "2:31");
  CHECK(examples::clock_time(3729) == "1:02:09");
  CHECK(examples::with_commas(7) == "7");
  CHECK(examples::with_commas(123) == "123");
  CHECK(examples::with_commas(1234567) == "1,234,567");
}

TEST_CASE("picture: a PNG comes back as it was, in colour and in grey, what is none is refused by name") {
  const temporary_folder folder;
  examples::picture image = examples::filled(3, 4, 6, 10);
  image.at(0, 1, 2) = 255, image.at(2, 3, 5) = 77;
  examples::write_png(folder / "a.png", image);
  CHECK(examples::read_picture(folder / "a.png").pixels == image.pixels);
  const examples::picture grey = examples::read_picture(folder / "a.png", 1);
  CHECK(grey.channels == 1);
  CHECK(grey.at(0, 0, 0) == 10);
  CHECK(static_cast<int>(grey.at(0, 1, 2)) == 83);  // 0.299 · 255 + 0.701 · 10
  examples::write_png(folder / "b.png", grey);
  CHECK(examples::read_picture(folder / "b.png", 1).pixels == grey.pixels);
  examples::write_file_atomically(folder / "c.png", "no picture");
  CHECK(contains(words_of([&] { examples::read_picture(folder / "c.png"); }), folder / "c.png"));
  CHECK(contains(words_of([&] { examples::read_picture(folder / "none.png"); }), folder / "none.png"));
  image.pixels.pop_back();
  CHECK_THROWS(examples::write_png(folder / "d.png", image));
}

TEST_CASE("picture: a header of more pixels than there may be is refused before memory is asked for") {
  const temporary_folder folder;
  examples::write_png(folder / "one.png", examples::filled(3, 4, 5, 7));
  const std::string small = examples::read_file(folder / "one.png");
  CHECK(examples::decode_picture(small, "one", 3, 20).plane() == 20);
  CHECK(
      contains(words_of([&] { examples::decode_picture(small, "one", 3, 19); }), "one: no PNG or JPEG that can be read: it "));
  std::string huge = small;
  huge.replace(16, 8, big_endian(20'000) + big_endian(10'000));
  CHECK(contains(words_of([&] { examples::decode_picture(huge, "one"); }), "it has 200000000 pixels, more than 100000000"));
}

TEST_CASE("picture: a PNG with a chunk longer than the file is refused before memory is asked for") {
  const temporary_folder folder;
  examples::write_png(folder / "one.png", examples::filled(3, 4, 5, 7));
  const std::string whole = examples::read_file(folder / "one.png");
  for (const std::string name : {"IDAT", "IEND"}) {
    std::string promising = whole;
    promising.replace(whole.find(name) - 4, 4, big_endian(0x7000'0000));
    CHECK(contains(words_of([&] { examples::decode_picture(promising, "one"); }),
                   "one: no PNG or JPEG that can be read: a chunk of more bytes than are left of the file"));
  }
  CHECK_FALSE(words_of([&] { examples::decode_picture(whole.substr(0, 40), "one"); }).empty());
}

TEST_CASE("picture: a JPEG whose Huffman table has more than 256 codes is refused, wherever it stands") {
  const std::string whole = examples::encode_jpeg(examples::filled(3, 16, 16, 90), 80);
  REQUIRE(words_of([&] { examples::decode_picture(whole, "jpeg"); }).empty());
  const auto refused = [&](const std::string& bytes) {
    return contains(words_of([&] { examples::decode_picture(bytes, "jpeg"); }), "a Huffman table of more than 256 codes");
  };
  const std::size_t tables = whole.find("\xFF\xC4"), scan = whole.find("\xFF\xDA");
  REQUIRE(tables < scan);
  // 255 codes of 15 bits and 2 of 16: such a table stb builds as far as it goes.
  const std::string table = std::string("\0", 1) + std::string(14, '\0') + "\xFF\2" + std::string(257, '\1');
  const std::string segment = "\xFF\xC4" + big_endian16(2 + table.size()) + table;
  CHECK(refused(whole.substr(0, tables) + segment + whole.substr(tables)));
  CHECK(refused("\xFF" + whole.substr(0, tables) + "\xFF" + segment + whole.substr(tables)));
  CHECK(refused(whole.substr(0, scan) + segment + whole.substr(scan)));
  CHECK(refused(whole.substr(0, whole.size() - 2) + segment + whole.substr(whole.size() - 2)));
  // The same bytes in a comment are none.
  CHECK_FALSE(
      refused(whole.substr(0, tables) + "\xFF\xFE" + big_endian16(2 + segment.size()) + segment + whole.substr(tables)));
}

TEST_CASE("picture: a JPEG whose scan names a Huffman table that is not there is refused") {
  const std::string whole = examples::encode_jpeg(examples::filled(3, 16, 16, 90), 80);
  const std::size_t frame = whole.find("\xFF\xC0"), scan = whole.find("\xFF\xDA");
  REQUIRE(frame < scan);
  const auto refused = [&](char tables, bool progressive, char first_coefficient, char bits) {
    std::string bytes = whole;
    bytes[frame + 1] = progressive ? '\xC2' : '\xC0';
    bytes[scan + 6] = tables;  // of the first of three components: direct current, alternating current
    bytes[scan + 11] = first_coefficient, bytes[scan + 13] = bits;
    return contains(words_of([&] { examples::decode_picture(bytes, "jpeg"); }), "a scan by a Huffman table that is not there");
  };
  CHECK_FALSE(refused('\x00', false, 0, 0));
  CHECK(refused('\x20', false, 0, 0));
  CHECK(refused('\x02', false, 0, 0));
  CHECK(refused('\x20', true, 0, 0));
  CHECK_FALSE(refused('\x02', true, 0, 0));       // the first scan has direct current alone
  CHECK_FALSE(refused('\x20', true, 0, '\x10'));  // and one that refines it has no codes
  CHECK(refused('\x02', true, 1, 0));
}

TEST_CASE("picture: resized keeps the mean when it shrinks and a ramp when it grows") {
  examples::picture image = examples::filled(1, 6, 8, 0);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 8; ++x) image.at(0, y, x) = static_cast<std::uint8_t>(20 * x + 5 * y);
  const examples::picture half = examples::resized(image, 3, 4);
  CHECK(static_cast<int>(half.at(0, 0, 0)) == 13);  // the mean of 0, 20, 5, 25, rounded
  CHECK(static_cast<int>(half.at(0, 2, 3)) == 153);
  const examples::picture third = examples::resized(image, 6, 3);  // 2 2/3 pixels each
  CHECK(static_cast<int>(third.at(0, 0, 0)) == 18);                // (0 + 20 + 40 · 2/3) / (8/3) = 17.5
  CHECK(examples::resized(image, 6, 8).pixels == image.pixels);
  const examples::picture twice = examples::resized(image, 12, 16);
  CHECK(static_cast<int>(twice.at(0, 0, 0)) == 0);
  CHECK(static_cast<int>(twice.at(0, 5, 5)) == 56);  // x = 2.25, y = 2.25: 20 · 2.25 + 5 · 2.25 = 56.25
  CHECK(static_cast<int>(twice.at(0, 11, 15)) == 165);
}

TEST_CASE("mosaic: each picture at its place, enlarged, grey among colour, different sizes are refused") {
  const examples::picture grey = examples::filled(1, 2, 3, 100);
  examples::picture red = examples::filled(3, 2, 3, 0);
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 3; ++x) red.at(0, y, x) = 200;
  const examples::picture page = examples::mosaic({grey, red, red}, {.columns = 2, .zoom = 2, .gap = 1});
  CHECK(page.width == 1 + 2 * 7);
  CHECK(page.height == 1 + 2 * 5);
  CHECK(page.at(0, 0, 0) == 255);
  CHECK(page.at(1, 1, 1) == 100);
  CHECK(page.at(0, 1, 8) == 200);
  CHECK(page.at(2, 4, 13) == 0);
  CHECK(page.at(0, 6, 6) == 200);
  CHECK(page.at(0, 6, 8) == 255);  // the second row has one picture
  const examples::picture named =
      examples::mosaic({grey, red}, {.columns = 2, .title = "a title", .column_names = {"one", "two"}, .row_names = {"row"}});
  CHECK(named.height > page.height);
  CHECK_THROWS(examples::mosaic({grey, examples::filled(1, 3, 3, 0)}, {}));
  CHECK_THROWS(examples::mosaic({}, {}));
}

TEST_CASE("line chart: a line for each curve with a gap where there is no number, names escaped, axes of round numbers") {
  const temporary_folder folder;
  const std::string path = folder / "curves.svg";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  examples::write_line_chart_svg(
      path, "t < u", "epoch",
      {{"loss", {{"train & test", {{0, 4.13}, {1, 3}, {2, nan}, {3, 1}, {4, 0.2}}}, {"flat", {{0, 1}, {4, 1}}}}},
       {"empty", {}}});
  const std::string svg = examples::read_file(path);
  CHECK(contains(svg, "t &lt; u"));
  CHECK(contains(svg, "train &amp; test"));
  CHECK(contains(svg, ">epoch</text>"));
  for (const char* tick : {">0</text>", ">2</text>", ">4</text>", ">5</text>"}) CHECK(contains(svg, tick));
  const std::size_t line = svg.find("stroke-width=\"2\"");
  REQUIRE(line != std::string::npos);
  const std::string steps = svg.substr(svg.rfind("<path d=", line), line - svg.rfind("<path d=", line));
  CHECK(std::count(steps.begin(), steps.end(), 'M') == 2);
  CHECK(std::count(steps.begin(), steps.end(), 'L') == 2);
  CHECK_FALSE(contains(svg, "nan"));
}

TEST_CASE("line chart: three panels stand side by side, four two by two") {
  const temporary_folder folder;
  const std::string path = folder / "curves.svg";
  const examples::chart_panel panel{"loss", {{"train", {{0, 1}, {4, 0}}}}};
  const auto size_of = [&](std::size_t panels) {
    examples::write_line_chart_svg(path, "t", "epoch", std::vector<examples::chart_panel>(panels, panel));
    const std::string svg = examples::read_file(path);
    double width = 0, height = 0;
    REQUIRE(std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %lf %lf", &width, &height) == 2);
    return std::pair{width, height};
  };
  const auto [width_2, height_2] = size_of(2);
  const auto [width_3, height_3] = size_of(3);
  const auto [width_4, height_4] = size_of(4);
  CHECK(width_3 > width_2);
  CHECK(height_3 == height_2);
  CHECK(width_4 == width_2);
  CHECK(height_4 > 1.5 * height_2);
}

TEST_CASE("results table: text in columns, CSV with quotes where they are needed, and no number as a dash") {
  const temporary_folder folder;
  examples::results_table table("model", {{"PSNR [dB]", 2}, {"n", 0}});
  table.add("bicubic", {28.123, 7});
  table.add("ours, with \"code\"", {std::nan(""), 12345});
  CHECK(table.text() ==
        "model              PSNR [dB]      n\n"
        "bicubic                28.12      7\n"
        "ours, with \"code\"          -  12345\n");
  table.print_and_write(folder / "new/table.csv");
  CHECK(examples::read_file(folder / "new/table.csv") ==
        "model,PSNR [dB],n\nbicubic,28.12,7\n\"ours, with \"\"code\"\"\",,12345\n");
  CHECK_THROWS(table.add("short", {1}));
}

TEST_CASE("interrupt: the first Ctrl-C is noted, and what stood before comes back") {
  static volatile std::sig_atomic_t reached = 0;
  const auto before = std::signal(SIGINT, [](int) { reached = 1; });
  {
    const examples::interrupt_watch watch;
    CHECK_FALSE(watch.interrupted());
    std::raise(SIGINT);
    CHECK(watch.interrupted());
    CHECK(reached == 0);
  }
  std::raise(SIGINT);
  CHECK(reached == 1);
  std::signal(SIGINT, before);
}
