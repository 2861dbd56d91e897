// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the fuzzers share. Each is a file with seeds() and LLVMFuzzerTestOneInput: a reader is given bytes and must take them,
// or refuse them by std::runtime_error in words; anything else ends the program, as do the sanitizers.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace fuzz {

/// The inputs that a fuzzer starts from: made by what writes the format, so they are never older than it.
std::vector<std::string> seeds();

/// Ends the program where something that was read is not as it must be.
inline void require(bool holds) {
  if (!holds) std::abort();
}

template <class Read>
void read_or_refuse(const Read& read) {
  try {
    read();
  } catch (const std::runtime_error& refused) {
    require(std::string(refused.what()).find(": ") != std::string::npos);  // a file, and what is wrong with it
  }
}

/// An input is a number that says what is done with the rest, and the rest.
struct parts {
  unsigned choice = 0;
  std::string bytes;

  parts(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    choice = data[0];
    bytes.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  }
};
inline std::string join(unsigned choice, const std::string& bytes) { return static_cast<char>(choice) + bytes; }

/// A file in memory, for readers that take a path.
class memory_file {
 public:
  explicit memory_file(const std::string& bytes) : number_(::memfd_create("input", MFD_CLOEXEC)) {
    require(number_ >= 0);
    require(::write(number_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~memory_file() { ::close(number_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
