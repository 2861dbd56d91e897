// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Numbers as IDX files and fonts have them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace example_tests {

inline std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

/// The bytes of an IDX file of unsigned bytes.
inline std::string idx_bytes(const std::vector<std::uint32_t>& dimensions, const std::string& values) {
  std::string bytes = big_endian(0x0800 + static_cast<std::uint32_t>(dimensions.size()));
  for (const auto length : dimensions) bytes += big_endian(length);
  return bytes + values;
}
inline std::string big_endian16(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xff), static_cast<char>(number & 0xff)};
}
inline std::string words16(std::initializer_list<std::size_t> numbers) {
  std::string bytes;
  for (const auto number : numbers) bytes += big_endian16(number);
  return bytes;
}
inline std::string words32(std::initializer_list<std::size_t> numbers) {
  std::string bytes;
  for (const auto number : numbers) bytes += big_endian(static_cast<std::uint32_t>(number));
  return bytes;
}

}  // namespace example_tests
