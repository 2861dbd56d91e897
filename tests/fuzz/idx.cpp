// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// IDX files, plain and compressed.
#include "common/idx.hpp"

#include "examples/big_endian.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/packed.hpp"

namespace {

// The rest is packed before it is read: what is inside can change without the checksum of gzip in the way.
constexpr unsigned pack = 1, one_dimension = 2;

}  // namespace

std::vector<std::string> fuzz::seeds() {
  const std::string pictures = example_tests::idx_bytes({2, 3, 4}, "abcdefghijklmnopqrstuvwx"),
                    labels = example_tests::idx_bytes({5}, "\1\2\3\4\5");
  std::vector<std::string> all;
  for (const auto& [choice, bytes] : {std::pair{0U, pictures}, std::pair{one_dimension, labels}}) {
    all.push_back(fuzz::join(choice, bytes));
    all.push_back(fuzz::join(choice, fuzz::packed(bytes, fuzz::gzip)));
    all.push_back(fuzz::join(choice | pack, bytes));
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::parts input(data, size);
  const fuzz::memory_file file(input.choice & pack ? fuzz::packed(input.bytes, fuzz::gzip) : input.bytes);
  const std::size_t dimensions = input.choice & one_dimension ? 1 : 3;
  fuzz::read_or_refuse([&] {
    const examples::idx_array array = examples::read_idx(file.path(), dimensions);
    fuzz::require(array.dimensions.size() == dimensions);
    std::size_t total = 1;
    for (const std::size_t length : array.dimensions) total *= length;
    fuzz::require(array.values.size() == total);
  });
  return 0;
}
