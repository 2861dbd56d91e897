// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Sets of pictures by name: CIFAR-10 from made files, clip art from made folders, emoji from a made font and from the real one,
// damaged bytes, the split by class.
#include "common/datasets.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "common/cifar.hpp"
#include "common/emoji_font.hpp"
#include "common/file.hpp"
#include "common/picture.hpp"
#include "examples/temporary_folder.hpp"
#include "examples/tiny_font.hpp"
#include "support/catch.hpp"

using namespace example_tests;
using namespace examples;

namespace {

std::string png_of(const temporary_folder& folder, std::uint8_t value, int height = 8, int width = 6) {
  write_png(folder / "one.png", filled(3, height, width, value));
  return read_file(folder / "one.png");
}

std::string cifar_record(int label, int seed) {
  std::string bytes(1, static_cast<char>(label));
  for (int p = 0; p < 3072; ++p) bytes += static_cast<char>((p * 7 + seed) & 0xff);
  return bytes;
}

void write_cifar(const std::string& folder) {
  for (int b = 1; b <= 5; ++b)
    write_file_atomically(folder + "/data_batch_" + std::to_string(b) + ".bin",
                          cifar_record(b, b) + cifar_record(b + 1, 2 * b));
  write_file_atomically(folder + "/test_batch.bin", cifar_record(9, 100));
}

}  // namespace

TEST_CASE("cifar10: pictures and labels as written, a missing, cut or wrong file is refused with its byte") {
  const temporary_folder folder;
  thread_team team(1);
  CHECK(
      contains(words_of([&] { load_dataset("cifar10", "", team); }), "name the folder of its six .bin files with --data DIR"));
  CHECK(contains(words_of([&] { load_dataset("cifar10", folder.path(), team); }), "no data_batch_1.bin in " + folder.path()));
  write_cifar(folder.path());
  const image_dataset data = load_dataset("cifar10", folder.path(), team);
  CHECK(data.train.labels == std::vector<int>{1, 2, 2, 3, 3, 4, 4, 5, 5, 6});
  CHECK(data.test.labels == std::vector<int>{9});
  CHECK((data.train.channels == 3 && data.train.height == 32 && data.train.width == 32 && data.class_names.size() == 10));
  REQUIRE(data.train.pixels_each() == 3072);
  for (const std::size_t p : {0U, 1023U, 1024U, 3071U}) CHECK(data.train.picture(3)[p] == static_cast<std::uint8_t>(p * 7 + 4));
  CHECK(pixel_rows(data.train).cols() == 3072);

  const std::string third = folder / "data_batch_3.bin", whole = read_file(third);
  write_file_atomically(third, whole.substr(0, 4000));
  CHECK(words_of([&] { load_cifar10(folder.path()); }) ==
        third + ": byte 4000: the file ends after 927 bytes of record 1, which has 3073");
  auto wrong = whole;
  wrong[3073] = 10;
  write_file_atomically(third, wrong);
  CHECK(words_of([&] { load_cifar10(folder.path()); }) == third + ": byte 3073: label 10, expected 0 to 9");
  write_file_atomically(third, "");
  CHECK(contains(words_of([&] { load_cifar10(folder.path()); }), third + ": byte 0: the file is empty"));
}

TEST_CASE("emoji font: single code points, ligatures and what is not there") {
  const temporary_folder folder;
  const std::vector<std::string> pngs = {png_of(folder, 10), png_of(folder, 20), png_of(folder, 30)};
  const emoji_font font(tiny_font(pngs), "font");
  CHECK(font.png({'A'}) == pngs[0]);
  CHECK(font.png({'B', 0xFE0F}) == pngs[1]);
  CHECK(font.png({'A', 0xFE0F, 'B'}) == pngs[2]);
  CHECK(font.png({'B', 'A'}).empty());
  CHECK(font.png({'C'}).empty());
  CHECK(font.png({}).empty());
}

TEST_CASE("emoji font: damaged bytes are refused or read, never beyond the end") {
  const temporary_folder folder;
  const std::string whole = tiny_font({png_of(folder, 10), png_of(folder, 20), png_of(folder, 30)});
  const auto use = [](const std::string& bytes) {
    const emoji_font font(bytes, "font");
    for (const std::vector<std::uint32_t>& codes : {std::vector<std::uint32_t>{'A'}, {'B'}, {'A', 'B'}})
      if (font.png(codes).size() > bytes.size()) throw std::logic_error("more bytes than the font has");
  };
  REQUIRE(words_of([&] { use(whole); }).empty());
  // Cut anywhere before its last table: always refused. The tables come before the PNGs do, by their offsets.
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(contains(words_of([&] { use(whole.substr(0, length)); }), "font: byte "));
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int bit : {0, 3, 7}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const std::string words = words_of([&] { use(bytes); });
      CHECK((words.empty() || contains(words, "font: ")));
      refused += !words.empty();
    }
  CHECK(refused > 100);
  std::string format = whole;
  const std::size_t image_format = whole.find(words16({1, 17}));
  REQUIRE(image_format != std::string::npos);
  format[image_format + 3] = 5;
  CHECK(contains(words_of([&] { use(format); }), "image format 5, expected 17 to 19 (PNG)"));
}

TEST_CASE("emoji font: a few bytes that stand for endless work are refused") {
  const std::string whole = tiny_font({"a", "b", "c"});
  /// The font with another table of this name.
  const auto with = [&](const std::string& tag, const std::string& table) {
    std::string bytes = whole;
    bytes.replace(bytes.find(tag) + 8, 8, words32({whole.size(), table.size()}));
    return bytes + table;
  };
  const auto words = [](const std::string& bytes) { return words_of([&] { emoji_font(bytes, "font"); }); };
  REQUIRE(words(whole).empty());

  const auto cmap = [&](std::initializer_list<std::size_t> groups) {
    return with("cmap", words16({0, 1, 3, 10}) + words32({12}) + words16({12, 0}) + words32({100, 0, groups.size() / 3}) +
                            words32(groups));
  };
  CHECK(words(cmap({0, 0xFFF, 0, 0x1000, 0x1FFF, 0})).empty());
  CHECK(contains(words(cmap({0, 0xFFF, 0, 0, 0xFFF, 0})), "code points 0 to 4095 from glyph 0 cannot be"));
  CHECK(contains(words(cmap({0, 1, 0xFFFFFFFF})), "from glyph 4294967295 cannot be"));

  // Two subtables, all glyphs of one size, of which the index needs no bytes.
  const auto strikes = [&](std::size_t first, std::size_t last, std::size_t next, const std::string& subtable) {
    return with("CBLC", words32({0x00030000, 1, 56, 100, 2, 0}) + std::string(32, '\0') + words16({first, last}) +
                            words32({16}) + words16({next, 0xFFFF}) + words32({16}) + subtable);
  };
  const std::string of_one_size = words16({2, 17}) + words32({4, 10}) + std::string(8, '\1');
  CHECK(words(strikes(0, 999, 1000, of_one_size)).empty());
  CHECK(contains(words(strikes(0, 999, 999, of_one_size)), "glyphs 999 to 65535 after those below 1000"));
  CHECK(contains(words(strikes(0, 1, 2, words16({4, 17}) + words32({4, 3}) + std::string(40, '\1'))), "3 glyphs cannot be"));
  CHECK(
      contains(words(strikes(0, 1, 2, words16({5, 17}) + words32({4, 9}) + std::string(8, '\1') + words32({1}) + words16({7}))),
               "glyph 7 among those from 0"));

  // Lookups that are all the same bytes, and parts of each that are.
  const auto ligatures = [&](std::size_t count) {
    std::string lookups = words16({count}), parts = words16({4, 0, count});
    for (std::size_t l = 0; l < count; ++l) {
      lookups += words16({2 + 2 * count});
      parts += words16({6 + 2 * count});
    }
    return with("GSUB", words16({1, 0, 0, 0, 10}) + lookups + parts + words16({1, 6, 0}) + words16({1, 0}));
  };
  CHECK(words(ligatures(1)).empty());
  CHECK(contains(words(ligatures(300)), "more ligatures than the font has bytes for"));
}

TEST_CASE("emoji: groups of the list, without components, skin tones and joined ones, stratified, missing files in words") {
  const temporary_folder folder;
  thread_team team(2);
  CHECK(contains(words_of([&] { load_dataset("emoji", folder.path(), team); }), "apt-get install fonts-noto-color-emoji"));
  write_file_atomically(folder / "NotoColorEmoji.ttf", tiny_font({png_of(folder, 10), png_of(folder, 20), png_of(folder, 30)}));
  const std::string list =
      "# a comment\n# group: Smileys & Emotion\n# subgroup: face\n0041 ; fully-qualified # A E1.0 first\n0041 FE0F ; "
      "unqualified # A\n"
      "# group: Component\n0042 ; component # B E1.0 part\n# group: Flags\n0042 ; fully-qualified # B E1.0 second\n"
      "0041 0042 ; fully-qualified # AB E1.0 third\n0041 1F3FB ; fully-qualified # dark\n0041 200D 0042 ; fully-qualified # "
      "joined\n";
  write_file_atomically(folder / "emoji-test.txt", list);
  const image_dataset data = load_dataset("emoji", folder.path(), team);
  CHECK(data.class_names == std::vector<std::string>{"Smileys", "Flags"});
  CHECK(data.train.size() + data.test.size() == 3);
  CHECK(data.test.labels == std::vector<int>{1});
  // On a white square: the middle is the picture, its left side is white.
  CHECK(data.train.picture(0)[16 * 32 + 16] == 10);
  CHECK(data.train.picture(0)[16 * 32] == 255);

  write_file_atomically(folder / "emoji-test.txt", "# group: Flags\n004x ; fully-qualified # A\n");
  CHECK(words_of([&] { load_dataset("emoji", folder.path(), team); }) ==
        (folder / "emoji-test.txt") + ": line 2: no code point: 004x");
  write_file_atomically(folder / "emoji-test.txt", "nothing\n");
  CHECK(contains(words_of([&] { load_dataset("emoji", folder.path(), team); }),
                 "line 1: expected \"code points ; status # emoji\""));
}

TEST_CASE("emoji: the installed font") {
  thread_team team(2);
  if (!std::filesystem::exists(known_dataset("emoji").folder + "/NotoColorEmoji.ttf") ||
      !std::filesystem::exists("/usr/share/unicode/emoji/emoji-test.txt")) {
    WARN("skipped: apt-get install fonts-noto-color-emoji unicode-data");
    return;
  }
  const image_dataset data = load_dataset("emoji", "", team);
  CHECK(data.class_names.size() == 9);
  CHECK(data.train.size() + data.test.size() > 1400);
  std::map<int, int> train, test;
  for (const int label : data.train.labels) ++train[label];
  for (const int label : data.test.labels) ++test[label];
  for (int c = 0; c < 9; ++c) {
    INFO(data.class_names[static_cast<std::size_t>(c)] << ": " << train[c] << " and " << test[c]);
    CHECK(train[c] > 50);
    CHECK(test[c] == (train[c] + test[c]) / 5);
  }
}

TEST_CASE("openclipart: a folder is a class, links are left out, damaged pictures are named") {
  const temporary_folder folder;
  thread_team team(2);
  CHECK(contains(words_of([&] { load_dataset("openclipart", folder.path(), team); }), "apt-get install openclipart-png"));
  CHECK(contains(words_of([&] { load_dataset("openclipart", folder / "none", team); }), "apt-get install openclipart-png"));
  for (const std::string name : {"b", "a", "a/deep"}) prepare_folder(folder / name);
  for (int i = 0; i < 5; ++i) {
    write_png((folder / "a/deep/") + std::to_string(i) + ".png", filled(3, 40 + i, 20, 10));
    write_png((folder / "b/") + std::to_string(i) + ".png", filled(3, 32, 32, 200));
  }
  write_file_atomically(folder / "b/readme.txt", "no picture");
  std::filesystem::create_symlink(folder / "a/deep/0.png", folder / "b/linked.png");
  // The header of a drawing that nobody has the memory for.
  write_file_atomically(folder / "b/huge.png", png_of(folder, 1).substr(0, 16) + words32({20990, 29700}));
  std::filesystem::remove(folder / "one.png");
  const image_dataset data = load_dataset("openclipart", folder.path(), team);
  CHECK(data.class_names == std::vector<std::string>{"a", "b"});
  CHECK(data.train.labels == std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1});
  CHECK(data.test.labels == std::vector<int>{0, 1});
  CHECK(data.train.picture(0)[16 * 32 + 16] == 10);
  CHECK(data.train.picture(0)[16 * 32] == 255);
  CHECK(data.train.picture(4)[16 * 32] == 200);
  write_file_atomically(folder / "b/3.png", "no PNG");
  CHECK(contains(words_of([&] { load_dataset("openclipart", folder.path(), team); }), folder / "b/3.png"));
}

TEST_CASE("split by class: a fixed part of each class, every picture once") {
  image_set all;
  all.height = all.width = 1;
  for (int i = 0; i < 100; ++i) {
    all.labels.push_back(i < 70 ? 0 : i < 98 ? 1 : 2);
    all.pixels.push_back(static_cast<std::uint8_t>(i));
  }
  image_set train, test, train_again, test_again, others;
  split_by_class(all, 5, 1, train, test);
  split_by_class(all, 5, 1, train_again, test_again);
  CHECK(train.pixels == train_again.pixels);
  split_by_class(all, 5, 2, train_again, others);
  CHECK(test.pixels != others.pixels);
  CHECK(std::count(test.labels.begin(), test.labels.end(), 0) == 14);
  CHECK(std::count(test.labels.begin(), test.labels.end(), 1) == 5);
  CHECK(std::count(test.labels.begin(), test.labels.end(), 2) == 1);
  std::set<int> seen(train.pixels.begin(), train.pixels.end());
  seen.insert(test.pixels.begin(), test.pixels.end());
  CHECK(seen.size() == 100);
  CHECK(train.size() + test.size() == 100);
}
