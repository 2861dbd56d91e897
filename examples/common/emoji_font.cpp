// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The readers of the font and of the list.
#include "common/emoji_font.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

constexpr std::size_t most_glyphs = 65536;  // a font numbers them with 16 bits

bool is_selector(std::uint32_t code_point) { return code_point == 0xFE0E || code_point == 0xFE0F; }

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

}  // namespace

emoji_font::emoji_font(std::string bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {
  read_tables();
  read_cmap();
  read_strikes();
  read_ligatures();
}

void emoji_font::refuse(std::size_t byte, const std::string& words) const {
  throw std::runtime_error(name_ + ": byte " + std::to_string(byte) + ": " + words);
}

std::uint64_t emoji_font::number(std::size_t at, int bytes) const {
  const auto count = static_cast<std::size_t>(bytes);
  if (at > bytes_.size() || bytes_.size() - at < count)
    refuse(at, "beyond the end of the font, which has " + std::to_string(bytes_.size()) + " bytes");
  std::uint64_t value = 0;
  for (std::size_t b = 0; b < count; ++b) value = value << 8 | static_cast<unsigned char>(bytes_[at + b]);
  return value;
}

std::size_t emoji_font::table(const std::string& tag) const {
  const auto found = tables_.find(tag);
  if (found == tables_.end()) throw std::runtime_error(name_ + ": no table " + tag + ": no font of colour bitmaps");
  return found->second;
}

void emoji_font::read_tables() {
  if (const auto version = u32(0); version != 0x00010000 && version != 0x4F54544F) refuse(0, "no TrueType or OpenType font");
  const std::size_t count = u16(4);
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t at = 12 + 16 * t;
    const std::size_t offset = u32(at + 8), length = u32(at + 12);
    if (offset > bytes_.size() || bytes_.size() - offset < length)
      refuse(at + 8, "table " + bytes_.substr(at, 4) + " of bytes " + std::to_string(offset) + " to " +
                         std::to_string(offset + length) + " in a font of " + std::to_string(bytes_.size()) + " bytes");
    tables_[bytes_.substr(at, 4)] = offset;
  }
}

void emoji_font::read_cmap() {
  const std::size_t cmap = table("cmap"), count = u16(cmap + 2);
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t map = cmap + u32(cmap + 4 + 8 * r + 4);
    if (u16(map) != 12) continue;
    const std::size_t groups = u32(map + 12);
    std::uint32_t free = 0;  // groups ascend
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t at = map + 16 + 12 * g;
      const std::uint32_t first = u32(at), last = u32(at + 4), id = u32(at + 8);
      if (first < free || last < first || last > 0x10FFFF || last - first >= most_glyphs || id >= most_glyphs ||
          id + (last - first) >= most_glyphs)
        refuse(at, "code points " + std::to_string(first) + " to " + std::to_string(last) + " from glyph " +
                       std::to_string(id) + " cannot be");
      glyphs_.push_back({first, last, id});
      free = last + 1;
    }
    return;
  }
  refuse(cmap, "table cmap has no part of format 12");
}

void emoji_font::read_strikes() {
  const std::size_t index = table("CBLC"), data = table("CBDT");
  if (u32(index + 4) == 0) refuse(index + 4, "table CBLC has no bitmaps");
  // The first strike; fonts of emoji have one.
  const std::size_t pieces = index + u32(index + 8), count = u32(index + 16);
  if (count > most_glyphs) refuse(index + 16, std::to_string(count) + " index subtables cannot be");
  std::size_t free = 0;  // their glyphs ascend
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t at = pieces + 8 * p, first = u16(at), last = u16(at + 2), header = pieces + u32(at + 4);
    if (first < free || last < first)
      refuse(at,
             "glyphs " + std::to_string(first) + " to " + std::to_string(last) + " after those below " + std::to_string(free));
    free = last + 1;
    const int format = static_cast<int>(u16(header)), image_format = static_cast<int>(u16(header + 2));
    if (image_format < 17 || image_format > 19)
      refuse(header + 2, "image format " + std::to_string(image_format) + ", expected 17 to 19 (PNG)");
    const std::size_t images = data + u32(header + 4);
    const auto add = [&](std::size_t id, std::size_t from, std::size_t to, std::size_t byte) {
      if (to < from) refuse(byte, "the picture of glyph " + std::to_string(id) + " ends before it starts");
      if (id < first || id > last) refuse(byte, "glyph " + std::to_string(id) + " among those from " + std::to_string(first));
      if (to > from) pieces_[static_cast<glyph>(id)] = {images + from, to - from, byte, image_format};
    };
    const std::size_t glyphs = last - first + 1;
    if (format == 1 || format == 3) {  // an offset a glyph, of 4 or 2 bytes
      const int width = format == 1 ? 4 : 2;
      for (std::size_t g = 0; g < glyphs; ++g) {
        const std::size_t byte = header + 8 + g * static_cast<std::size_t>(width);
        add(first + g, number(byte, width), number(byte + static_cast<std::size_t>(width), width), byte);
      }
    } else if (format == 2) {  // all of one size
      const std::size_t size = u32(header + 8);
      for (std::size_t g = 0; g < glyphs; ++g) add(first + g, g * size, (g + 1) * size, header + 8);
    } else if (format == 4) {  // pairs of glyph and offset
      const std::size_t pairs = u32(header + 8);
      if (pairs > glyphs) refuse(header + 8, std::to_string(pairs) + " glyphs cannot be");
      for (std::size_t g = 0; g < pairs; ++g) {
        const std::size_t byte = header + 12 + 4 * g;
        add(u16(byte), u16(byte + 2), u16(byte + 6), byte);
      }
    } else if (format == 5) {  // some glyphs, all of one size
      const std::size_t size = u32(header + 8), listed = u32(header + 20);
      if (listed > glyphs) refuse(header + 20, std::to_string(listed) + " glyphs cannot be");
      for (std::size_t g = 0; g < listed; ++g) add(u16(header + 24 + 2 * g), g * size, (g + 1) * size, header + 24 + 2 * g);
    } else {
      refuse(header, "index format " + std::to_string(format) + ", expected 1 to 5");
    }
  }
}

std::vector<emoji_font::glyph> emoji_font::covered(std::size_t coverage, std::size_t most) const {
  std::vector<glyph> all;
  const std::uint32_t format = u16(coverage), count = u16(coverage + 2);
  if (format == 1) {
    if (count > most) refuse(coverage + 2, "coverage of " + std::to_string(count) + " glyphs, not " + std::to_string(most));
    for (std::size_t g = 0; g < count; ++g) all.push_back(u16(coverage + 4 + 2 * g));
  } else if (format == 2) {
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t at = coverage + 4 + 6 * r;
      const std::uint32_t first = u16(at), last = u16(at + 2);
      if (last < first || all.size() + (last - first) >= most)
        refuse(at, "coverage of glyphs " + std::to_string(first) + " to " + std::to_string(last));
      for (std::uint32_t id = first; id <= last; ++id) all.push_back(id);
    }
  } else {
    refuse(coverage, "coverage format " + std::to_string(format) + ", expected 1 or 2");
  }
  return all;
}

void emoji_font::read_ligatures() {
  if (tables_.count("GSUB") == 0) return;
  const std::size_t gsub = table("GSUB"), lookups = gsub + u16(gsub + 8), count = u16(lookups);
  std::size_t left = bytes_.size();  // parts may share bytes, but not so often that a few stand for any number of ligatures
  const auto spend = [&](std::size_t bytes, std::size_t at) {
    if (bytes > left) refuse(at, "more ligatures than the font has bytes for");
    left -= bytes;
  };
  for (std::size_t l = 0; l < count; ++l) {
    const std::size_t lookup = lookups + u16(lookups + 2 + 2 * l), parts = u16(lookup + 4);
    std::map<glyph, std::vector<ligature>> of_first;
    for (std::size_t p = 0; p < parts; ++p) {
      std::size_t part = lookup + u16(lookup + 6 + 2 * p);
      spend(1, part);
      std::uint32_t type = u16(lookup);
      if (type == 7) {  // stands farther away
        type = u16(part + 2);
        part += u32(part + 4);
      }
      if (type != 4 || u16(part) != 1) continue;
      const std::size_t sets = u16(part + 4);
      spend(sets, part + 4);
      const std::vector<glyph> firsts = covered(part + u16(part + 2), sets);
      if (sets != firsts.size())
        refuse(part + 4, std::to_string(sets) + " sets of ligatures for " + std::to_string(firsts.size()) + " glyphs");
      for (std::size_t s = 0; s < sets; ++s) {
        const std::size_t set = part + u16(part + 6 + 2 * s), ligatures = u16(set);
        for (std::size_t i = 0; i < ligatures; ++i) {
          const std::size_t at = set + u16(set + 2 + 2 * i), length = u16(at + 2);
          if (length == 0) refuse(at + 2, "a ligature of no glyphs");
          spend(length, at + 2);
          ligature one{{}, u16(at)};
          for (std::size_t g = 1; g < length; ++g) one.rest.push_back(u16(at + 2 + 2 * g));
          of_first[firsts[s]].push_back(std::move(one));
        }
      }
    }
    if (!of_first.empty()) ligatures_.push_back(std::move(of_first));
  }
}

std::string emoji_font::png(const std::vector<std::uint32_t>& code_points) const {
  std::vector<glyph> run;
  for (const std::uint32_t c : code_points) {
    if (is_selector(c)) continue;
    const auto after = std::upper_bound(glyphs_.begin(), glyphs_.end(), c,
                                        [](std::uint32_t code, const auto& range) { return code < range.first; });
    if (after == glyphs_.begin() || c > std::prev(after)->last) return "";
    run.push_back(std::prev(after)->id + (c - std::prev(after)->first));
  }
  for (const auto& lookup : ligatures_)
    for (std::size_t at = 0; at < run.size(); ++at) {
      const auto found = lookup.find(run[at]);
      if (found == lookup.end()) continue;
      for (const ligature& one : found->second) {
        const auto after = run.begin() + static_cast<std::ptrdiff_t>(at) + 1;
        if (static_cast<std::size_t>(run.end() - after) < one.rest.size()) continue;
        if (!std::equal(one.rest.begin(), one.rest.end(), after)) continue;
        run[at] = one.result;
        run.erase(after, after + static_cast<std::ptrdiff_t>(one.rest.size()));
        break;
      }
    }
  if (run.size() != 1) return "";
  const auto found = pieces_.find(run[0]);
  if (found == pieces_.end()) return "";
  const strike_piece& piece = found->second;
  // Small metrics are 5 bytes, big ones 8; format 19 has them elsewhere. Then come the length and the PNG.
  const std::size_t metrics = piece.image_format == 17 ? 5 : piece.image_format == 18 ? 8 : 0;
  const std::size_t length = u32(piece.offset + metrics), start = piece.offset + metrics + 4;
  if (piece.length < metrics + 4 || length > piece.length - metrics - 4)
    refuse(piece.offset + metrics,
           "a PNG of " + std::to_string(length) + " bytes in a piece of " + std::to_string(piece.length));
  if (start > bytes_.size() || bytes_.size() - start < length)
    refuse(piece.byte, "the picture of glyph " + std::to_string(run[0]) + " lies beyond the end of the font");
  return bytes_.substr(start, length);
}

emoji_list read_emoji_list(const std::string& path) {
  const std::string text = read_file(path);
  emoji_list list;
  bool counts = false;  // the present group is one of ours
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++line_number;
    const auto refuse = [&](const std::string& words) {
      throw std::runtime_error(path + ": line " + std::to_string(line_number) + ": " + words);
    };
    const std::string mark = "# group:";
    if (line.compare(0, mark.size(), mark) == 0) {
      const std::string group = trimmed(line.substr(mark.size()));
      counts = group != "Component";
      if (counts) list.groups.push_back(group);
      continue;
    }
    if (trimmed(line).empty() || line[0] == '#') continue;
    const std::size_t semicolon = line.find(';'), hash = line.find('#');
    if (semicolon == std::string::npos || hash == std::string::npos || hash < semicolon)
      refuse("expected \"code points ; status # emoji\"");
    if (!counts || trimmed(line.substr(semicolon + 1, hash - semicolon - 1)) != "fully-qualified") continue;
    listed_emoji one{{}, list.groups.size() - 1, trimmed(line.substr(hash + 1))};
    const char *from = line.data(), *const to = line.data() + semicolon;
    while (from != to) {
      if (*from == ' ') {
        ++from;
        continue;
      }
      std::uint32_t code_point = 0;
      const auto [next, error] = std::from_chars(from, to, code_point, 16);
      if (error != std::errc{} || code_point > 0x10FFFF) refuse("no code point: " + trimmed(line.substr(0, semicolon)));
      one.code_points.push_back(code_point);
      from = next;
    }
    if (one.code_points.empty()) refuse("no code points");
    list.emoji.push_back(std::move(one));
  }
  if (list.emoji.empty()) throw std::runtime_error(path + ": no list of emoji: it has no fully-qualified one");
  return list;
}

}  // namespace examples
