// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The pictures inside a colour font, and the list of emoji.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace examples {

/// A TrueType font whose glyphs are PNGs: the tables cmap (format 12), CBLC and CBDT (index formats 1 to 5 with PNGs, image
/// formats 17 to 19), and of GSUB the ligatures (lookup type 4), by which a sequence of code points becomes one glyph. Every
/// offset is checked against the file. Source: OpenType specification 1.9, chapters of these names.
class emoji_font {
 public:
  /// `name` is what errors call it. Throws std::runtime_error, naming the byte, where the tables are damaged or of other
  /// formats.
  emoji_font(std::string bytes, std::string name);

  /// The PNG of a sequence of code points; empty where the font has no single picture for it. Variation selectors are skipped.
  std::string png(const std::vector<std::uint32_t>& code_points) const;

 private:
  using glyph = std::uint32_t;
  struct ligature {
    std::vector<glyph> rest;  // after the first
    glyph result;
  };
  struct glyph_range {
    std::uint32_t first, last;  // code points
    glyph id;                   // of the first
  };
  struct strike_piece {
    std::size_t offset, length, byte;  // in the file; `byte` is where the index says so
    int image_format;
  };

  void read_tables();
  void read_cmap();
  void read_ligatures();
  void read_strikes();
  std::vector<glyph> covered(std::size_t coverage, std::size_t most) const;

  std::uint64_t number(std::size_t at, int bytes) const;
  std::uint32_t u16(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 2)); }
  std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  [[noreturn]] void refuse(std::size_t byte, const std::string& words) const;
  std::size_t table(const std::string& tag) const;

  std::string bytes_, name_;
  std::map<std::string, std::size_t> tables_;
  std::vector<glyph_range> glyphs_;                                // ascending
  std::vector<std::map<glyph, std::vector<ligature>>> ligatures_;  // one map a lookup
  std::map<glyph, strike_piece> pieces_;
};

/// One line of emoji-test.txt.
struct listed_emoji {
  std::vector<std::uint32_t> code_points;
  std::size_t group;  // a number of `groups`
  std::string name;
};

struct emoji_list {
  std::vector<std::string> groups;  // without "Component", whose parts are no emoji of their own
  std::vector<listed_emoji> emoji;  // the fully qualified ones
};

/// Reads emoji-test.txt of the Unicode Consortium (UTS #51). Throws std::runtime_error that names the line that does not fit.
emoji_list read_emoji_list(const std::string& path);

}  // namespace examples
