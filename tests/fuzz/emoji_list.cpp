// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Lists of emoji.
#include "common/emoji_font.hpp"
#include "fuzz/fuzz.hpp"

std::vector<std::string> fuzz::seeds() {
  return {
      "# a comment\n# group: Smileys & Emotion\n# subgroup: face\n0041 ; fully-qualified # A E1.0 first\n"
      "0041 FE0F ; unqualified # A\n# group: Component\n0042 ; component # B E1.0 part\n# group: Flags\n"
      "0042 ; fully-qualified # B E1.0 second\n0041 0042 ; fully-qualified # AB E1.0 third",
      "# group: Flags\r\n1F3F4 E0067 ; fully-qualified # x\r\n\r\n"};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::memory_file file({reinterpret_cast<const char*>(data), size});
  fuzz::read_or_refuse([&] {
    const examples::emoji_list list = examples::read_emoji_list(file.path());
    fuzz::require(!list.emoji.empty());
    for (const auto& one : list.emoji) {
      fuzz::require(one.group < list.groups.size() && !one.code_points.empty());
      for (const std::uint32_t c : one.code_points) fuzz::require(c <= 0x10FFFF);
    }
  });
  return 0;
}
