// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The emoji of Noto Color Emoji with their pictures, and what people call them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace examples {

struct drawn_emoji {
  std::vector<std::uint32_t> code_points;
  std::size_t group;  // a number of `groups`
  std::string name;   // in English, of the list
  std::string png;    // bytes of a file
};

struct emoji_collection {
  std::vector<std::string> groups;
  std::vector<drawn_emoji> emoji;
};

/// Those of emoji-test.txt that have a picture in NotoColorEmoji.ttf, both in a folder; the list may also be where the package
/// unicode-data puts it. Throws std::runtime_error: where a file is missing, with what to install; where one is damaged, with
/// its name and place.
emoji_collection read_emoji(const std::string& folder);

constexpr std::uint32_t zero_width_joiner = 0x200D;
bool is_skin_tone(std::uint32_t code_point);

/// The same for emoji that are one drawing in versions: without skin tones and signs of gender, a man or a woman a person.
/// Source: UTS #51, sections 2.3 and 2.4.
std::vector<std::uint32_t> family_of(const std::vector<std::uint32_t>& code_points);

/// What speakers of a language call an emoji.
struct emoji_words {
  std::string name;                   // "grinning cat"
  std::vector<std::string> keywords;  // "cat", "face", "smile"; the name may be among them
};

/// By code points without variation selectors, from annotations/LANGUAGE.xml and annotationsDerived/LANGUAGE.xml of the Unicode
/// Common Locale Data Repository in a folder. Emoji without a name are left out. Throws std::runtime_error: where a file is
/// missing, with what to install; where one is no such XML, with its name and byte.
/// Source: UTS #35, part 2, section "Annotations".
std::map<std::vector<std::uint32_t>, emoji_words> read_emoji_words(const std::string& folder, const std::string& language);

}  // namespace examples
