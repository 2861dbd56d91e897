// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Fonts of colour bitmaps.
#include "common/emoji_font.hpp"

#include "examples/tiny_font.hpp"
#include "fuzz/fuzz.hpp"

std::vector<std::string> fuzz::seeds() {
  return {example_tests::tiny_font({"first", "the second", "third"}), example_tests::tiny_font({"a", "b", "c"}).substr(0, 300)};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  fuzz::read_or_refuse([&] {
    const examples::emoji_font font(bytes, "font");
    for (const std::vector<std::uint32_t>& codes :
         {std::vector<std::uint32_t>{'A'}, {'B'}, {'C'}, {'A', 'B'}, {'A', 0xFE0F, 'B'}, {'A', 'B', 'A', 'B'}, {}})
      fuzz::require(font.png(codes).size() < bytes.size());
  });
  return 0;
}
