// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Reading fonts, lists and annotations together.
#include "common/emoji.hpp"

#include <algorithm>
#include <filesystem>
#include <pugixml.hpp>
#include <stdexcept>

#include "common/emoji_font.hpp"
#include "common/file.hpp"
#include "common/utf8.hpp"

namespace examples {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t emoji_style = 0xFE0F, female = 0x2640, male = 0x2642, man = 0x1F468, woman = 0x1F469, person = 0x1F9D1;

/// "cat | face | smile"
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find('|', first), text.size());
    std::size_t from = first, to = end;
    while (from < to && is_space(text[from])) ++from;
    while (to > from && is_space(text[to - 1])) --to;
    if (to > from) parts.push_back(text.substr(from, to - from));
    first = end + 1;
  }
  return parts;
}

}  // namespace

emoji_collection read_emoji(const std::string& folder) {
  const std::string font_path = (fs::path(folder) / "NotoColorEmoji.ttf").string();
  if (!fs::exists(font_path))
    throw std::runtime_error("no " + font_path +
                             ": install the emoji with `sudo apt-get install fonts-noto-color-emoji`, or name the folder of "
                             "NotoColorEmoji.ttf with --data DIR");
  std::string list_path = (fs::path(folder) / "emoji-test.txt").string();
  if (!fs::exists(list_path)) list_path = "/usr/share/unicode/emoji/emoji-test.txt";
  if (!fs::exists(list_path))
    throw std::runtime_error("no " + list_path + ": install the list of emoji with `sudo apt-get install unicode-data`");

  const emoji_font font(read_file(font_path), font_path);
  const emoji_list list = read_emoji_list(list_path);
  emoji_collection all{list.groups, {}};
  for (const auto& emoji : list.emoji)
    if (std::string png = font.png(emoji.code_points); !png.empty())
      all.emoji.push_back({emoji.code_points, emoji.group, emoji.name, std::move(png)});
  if (all.emoji.empty()) throw std::runtime_error(font_path + ": has no picture of any emoji of " + list_path);
  return all;
}

bool is_skin_tone(std::uint32_t code_point) { return code_point >= 0x1F3FB && code_point <= 0x1F3FF; }

std::vector<std::uint32_t> family_of(const std::vector<std::uint32_t>& code_points) {
  std::vector<std::uint32_t> family;
  for (const std::uint32_t c : code_points) {
    if (c == emoji_style || is_skin_tone(c)) continue;
    if ((c == female || c == male) && !family.empty() && family.back() == zero_width_joiner)
      family.pop_back();
    else
      family.push_back(c == man || c == woman ? person : c);
  }
  return family;
}

std::map<std::vector<std::uint32_t>, emoji_words> read_emoji_words(const std::string& folder, const std::string& language) {
  std::map<std::vector<std::uint32_t>, emoji_words> all;
  for (const char* const kind : {"annotations", "annotationsDerived"}) {
    const std::string path = (fs::path(folder) / kind / (language + ".xml")).string();
    if (!fs::exists(path))
      throw std::runtime_error("no " + path +
                               ": install the names of emoji with `sudo apt-get install unicode-cldr-core`, or name the folder "
                               "of annotations and annotationsDerived with --words DIR; the language is the file's name");
    pugi::xml_document document;
    const pugi::xml_parse_result read = document.load_file(path.c_str());
    if (!read) throw std::runtime_error(path + ": byte " + std::to_string(read.offset) + ": " + read.description());
    const pugi::xml_node annotations = document.child("ldml").child("annotations");
    if (!annotations) throw std::runtime_error(path + ": has no annotations of the Common Locale Data Repository");
    for (const pugi::xml_node& annotation : annotations.children("annotation")) {
      std::vector<std::uint32_t> codes = code_points_of(annotation.attribute("cp").value());
      std::erase(codes, emoji_style);
      const std::string text = annotation.child_value();
      if (text == "↑↑↑") continue;  // as in the language that this one is a part of
      emoji_words& words = all[codes];
      if (annotation.attribute("type").empty())
        words.keywords = parts_of(text);
      else
        words.name = text;
    }
  }
  std::erase_if(all, [](const auto& entry) { return entry.second.name.empty(); });
  return all;
}

}  // namespace examples
