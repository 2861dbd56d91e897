// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints of the examples.
#include "common/checkpoint.hpp"

#include <zlib.h>

#include <cstring>

#include "common/file.hpp"
#include "fuzz/fuzz.hpp"

namespace {

constexpr unsigned right_frame = 1;
constexpr std::size_t mark_and_version = 12, header = 20, checksum = 4;

const examples::checkpoint made{{{"loss", "nt_xent"}, {"seed", "1"}},
                                123,
                                {{"weights", {1.5F, -2.25F, 1e-30F}}, {"empty", {}}},
                                {{"queue", std::string("a\0b", 3)}}};

std::string written(const examples::checkpoint& state) {
  const std::string path = "/dev/shm/contrastive-fuzz-" + std::to_string(::getpid());
  examples::write_checkpoint(path, state);
  const std::string bytes = examples::read_file(path);
  ::unlink(path.c_str());
  return bytes;
}

template <class Number>
std::string bytes_of(Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  return {raw, sizeof number};
}

/// A payload in a header and before a checksum that fit.
std::string framed(const std::string& payload) {
  static const std::string start = written(made).substr(0, mark_and_version);
  const std::string bytes = start + bytes_of(std::uint64_t{payload.size()}) + payload;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return bytes + bytes_of(static_cast<std::uint32_t>(sum));
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> all;
  for (const examples::checkpoint& state : {examples::checkpoint{}, made}) {
    const std::string bytes = written(state);
    all.push_back(fuzz::join(0, bytes));
    all.push_back(fuzz::join(right_frame, bytes.substr(header, bytes.size() - header - checksum)));
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::parts input(data, size);
  const fuzz::memory_file file(input.choice & right_frame ? framed(input.bytes) : input.bytes);
  fuzz::read_or_refuse([&] { fuzz::require(examples::read_checkpoint(file.path(), made.settings).settings == made.settings); });
  return 0;
}
