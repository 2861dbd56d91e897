// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Files of CIFAR-10.
#include "common/cifar.hpp"

#include "fuzz/fuzz.hpp"

namespace {

constexpr std::size_t record = 3073;

/// An input of a few bytes is a file of any length up to four records: the length, then where each record starts another one.
std::string file_of(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return "";
  const std::size_t length = std::min<std::size_t>(data[0] * 256U + data[1], 4 * record + 1);
  std::string bytes(length, '\0');
  for (std::size_t i = 2; i < size && (i - 2) * record / 4 < length; ++i)
    bytes[(i - 2) * record / 4] = static_cast<char>(data[i]);
  return bytes;
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> all;
  for (std::size_t records = 0; records < 4; ++records) {
    const std::size_t length = records * record;
    all.push_back({static_cast<char>(length / 256), static_cast<char>(length % 256), 9, 1, 2, 3, 0, 4, 5, 6, 8});
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = file_of(data, size);
  fuzz::read_or_refuse([&] {
    examples::image_set set;
    set.channels = 3, set.height = set.width = 32;
    examples::append_cifar_records(set, bytes, "file");
    fuzz::require(set.size() > 0 && set.size() * record == bytes.size() && set.pixels.size() == set.size() * set.pixels_each());
    for (const int label : set.labels) fuzz::require(label >= 0 && label <= 9);
  });
  return 0;
}
