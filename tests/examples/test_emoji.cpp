// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Emoji and their names: families, UTF-8, the annotations of the Common Locale Data Repository, and vectors as NumPy reads
// them.
#include "common/emoji.hpp"

#include <cstring>
#include <filesystem>

#include "common/file.hpp"
#include "common/npy.hpp"
#include "common/utf8.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;
using namespace examples;

namespace {

using codes = std::vector<std::uint32_t>;

std::string annotations(const std::string& inside) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<!DOCTYPE ldml SYSTEM \"ldml.dtd\">\n<ldml><annotations>" + inside +
         "</annotations></ldml>\n";
}

}  // namespace

TEST_CASE("emoji: versions of a drawing are one family, other drawings are not") {
  const codes cook{0x1F9D1, 0x200D, 0x1F373};
  CHECK(family_of({0x1F468, 0x200D, 0x1F373}) == cook);                   // man cook
  CHECK(family_of({0x1F469, 0x1F3FD, 0x200D, 0x1F373}) == cook);          // woman cook, medium skin tone
  CHECK(family_of({0x1F3C3, 0x200D, 0x2640, 0xFE0F}) == codes{0x1F3C3});  // woman running
  CHECK(family_of({0x1F44D, 0x1F3FF}) == codes{0x1F44D});                 // thumbs up, dark skin tone
  CHECK(family_of({0x2642, 0xFE0F}) == codes{0x2642});                    // the sign by itself
  CHECK(family_of({0x1F1E9, 0x1F1EA}) != family_of({0x1F1EB, 0x1F1F7}));  // flags
  CHECK_FALSE(is_skin_tone(0x1F3FA));
  CHECK(is_skin_tone(0x1F3FB));
}

TEST_CASE("emoji: UTF-8 there and back, other bytes are refused") {
  const codes all{'a', 0xE9, 0x7FF, 0x800, 0x732B, 0xFFFF, 0x10000, 0x1F63A};
  CHECK(text_of(all) == "a\u00e9\u07ff\u0800\u732b\uffff\U00010000\U0001F63A");
  CHECK(code_points_of(text_of(all)) == all);
  CHECK(code_points_of("").empty());
  CHECK(words_of([] { code_points_of("ab\xE7"); }) == "no UTF-8 at byte 2 of \"ab\xE7\"");
  for (const char* bad : {"\x80", "\xC3(", "\xF0\x9F\x98", "\xFF"})
    CHECK(contains(words_of([&] { code_points_of(bad); }), "no UTF-8"));
}

TEST_CASE("emoji: names and keywords of a language, derived ones too, what is missing or damaged is said in words") {
  const temporary_folder folder;
  CHECK(contains(words_of([&] { read_emoji_words(folder.path(), "en"); }), "apt-get install unicode-cldr-core"));
  for (const char* kind : {"annotations", "annotationsDerived"}) std::filesystem::create_directory(folder / kind);
  const std::string first = folder / "annotations/en.xml", derived = folder / "annotationsDerived/en.xml";
  write_file_atomically(first, annotations("<annotation cp=\"😺\">cat | face\n | smile&amp;wave</annotation>"
                                           "<annotation cp=\"😺\" type=\"tts\">grinning cat</annotation>"
                                           "<annotation cp=\"🏀\">only | keywords</annotation>"
                                           "<annotation cp=\"⚽\" type=\"tts\">↑↑↑</annotation>"));
  write_file_atomically(derived, annotations("<annotation cp=\"👍🏽\" type=\"tts\">thumbs up: medium</annotation>"
                                             "<annotation cp=\"❤️\" type=\"tts\">red heart</annotation>"));
  const auto words = read_emoji_words(folder.path(), "en");
  REQUIRE(words.size() == 3);
  CHECK(words.at({0x1F63A}).name == "grinning cat");
  CHECK(words.at({0x1F63A}).keywords == std::vector<std::string>{"cat", "face", "smile&wave"});
  CHECK(words.at({0x1F44D, 0x1F3FD}).name == "thumbs up: medium");
  CHECK(words.at({0x2764}).name == "red heart");  // without its variation selector
  CHECK(contains(words_of([&] { read_emoji_words(folder.path(), "de"); }), folder / "annotations/de.xml"));

  write_file_atomically(derived, "<ldml><annotations><annotation></ldml>");
  CHECK(contains(words_of([&] { read_emoji_words(folder.path(), "en"); }), derived + ": byte "));
  write_file_atomically(derived, "<html></html>");
  CHECK(words_of([&] { read_emoji_words(folder.path(), "en"); }) ==
        derived + ": has no annotations of the Common Locale Data Repository");
}

TEST_CASE("npy: format 1.0 of NumPy, numbers aligned to 64 bytes") {
  const temporary_folder folder;
  matrix rows(2, 3);
  rows << 1, 2, 3, 4, 5, -6;
  write_npy(folder / "rows.npy", rows);
  const std::string bytes = read_file(folder / "rows.npy");
  CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  CHECK((10 + length) % 64 == 0);
  CHECK(contains(bytes.substr(10, length), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  CHECK(bytes[9 + length] == '\n');
  REQUIRE(bytes.size() == 10 + length + 6 * sizeof(float));
  CHECK(std::memcmp(bytes.data() + 10 + length, rows.data(), 6 * sizeof(float)) == 0);
}
