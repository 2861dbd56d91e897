// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Bytes and numbers.
#include "common/utf8.hpp"

#include <stdexcept>

namespace examples {

std::string text_of(const std::vector<std::uint32_t>& code_points) {
  std::string text;
  for (const std::uint32_t c : code_points) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xC0 | (c >> 6)), tail(0);
    } else if (c < 0x10000) {
      text += static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0);
    } else {
      text += static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0);
    }
  }
  return text;
}

std::vector<std::uint32_t> code_points_of(const std::string& text) {
  std::vector<std::uint32_t> all;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    std::uint32_t c = length == 1 ? lead : lead & ((1U << (7 - length)) - 1);
    bool whole = length > 0 && at + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[at + k]);
      whole = byte >> 6 == 2;
      c = c << 6 | (byte & 0x3FU);
    }
    if (!whole) throw std::runtime_error("no UTF-8 at byte " + std::to_string(at) + " of \"" + text + "\"");
    all.push_back(c);
    at += length;
  }
  return all;
}

}  // namespace examples
