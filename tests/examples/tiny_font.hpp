// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A font of a few pictures, as the tests of its reader and the trainers take it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "examples/big_endian.hpp"

namespace example_tests {

/// Glyphs 1, 2, … with PNGs, three or more. Code points A, B, … are these glyphs but the last, which is the ligature of A then
/// B.
inline std::string tiny_font(const std::vector<std::string>& pngs) {
  const std::size_t last = pngs.size();
  const std::string cmap =
      words16({0, 1, 3, 10}) + words32({12}) + words16({12, 0}) + words32({16 + 12, 0, 1, 'A', 'A' + last - 2, 1});
  std::string data = words32({0x00030000});
  std::string offsets;
  for (const auto& png : pngs) {
    offsets += words32({data.size() - 4});
    data += std::string(5, '\1') + words32({png.size()}) + png;
  }
  offsets += words32({data.size() - 4});
  const std::string subtable = words16({1, 17}) + words32({4}) + offsets;
  const std::string strike = words32({8 + 48, 8 + subtable.size(), 1, 0}) + std::string(24, '\0') + words16({1, last}) +
                             std::string("\x20\x20\x20\x01", 4);
  const std::string index = words32({0x00030000, 1}) + strike + words16({1, last}) + words32({8}) + subtable;
  // Header, then one lookup of type 4 with one part: glyph 1, then 2, is the last.
  const std::string part = words16({1, 8, 1, 14}) + words16({1, 1, 1}) + words16({1, 4}) + words16({last, 2, 2});
  const std::string gsub = words16({1, 0, 0, 0, 10}) + words16({1, 4}) + words16({4, 0, 1, 8}) + part;
  const std::vector<std::pair<std::string, std::string>> tables = {
      {"CBDT", data}, {"CBLC", index}, {"GSUB", gsub}, {"cmap", cmap}};
  std::string head = words32({0x00010000}) + words16({tables.size(), 0, 0, 0}), body;
  for (const auto& [tag, bytes] : tables) {
    head += tag + words32({0, 12 + 16 * tables.size() + body.size(), bytes.size()});
    body += bytes;
  }
  return head + body;
}

}  // namespace example_tests
