// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Numbers to and from a binary stream, the same bytes on every machine, with a checksum over all of them.
#pragma once

#include <bit>
#include <contrastive/core/errors.hpp>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

template <std::size_t Bytes>
using bits_of_size = std::conditional_t<Bytes == 8, std::uint64_t, std::uint32_t>;

/// FNV-1a of 64 bits: finds damage, not malice.
class checksum {
 public:
  void add(const char* bytes, std::size_t count) {
    for (std::size_t b = 0; b < count; ++b) state_ = (state_ ^ static_cast<unsigned char>(bytes[b])) * 0x100000001B3u;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325u;
};

/// Writes numbers of 4 or 8 bytes, little-endian.
class checked_writer {
 public:
  /// Takes memory for the longest write at once: where there is none, nothing is written.
  checked_writer(std::ostream& stream, std::size_t longest_write) : stream_(stream) { buffer_.reserve(longest_write); }

  void write_bytes(const char* bytes, std::size_t count) {
    sum_.add(bytes, count);
    stream_.write(bytes, static_cast<std::streamsize>(count));
  }
  template <class Number>
  void write(const Number* numbers, std::size_t count) {
    using bits = bits_of_size<sizeof(Number)>;
    buffer_.resize(count * sizeof(Number));
    for (std::size_t i = 0; i < count; ++i) {
      const bits word = std::bit_cast<bits>(numbers[i]);
      for (std::size_t b = 0; b < sizeof(Number); ++b)
        buffer_[i * sizeof(Number) + b] = static_cast<char>(static_cast<unsigned char>(word >> (8 * b)));
    }
    write_bytes(buffer_.data(), buffer_.size());
  }
  void write_checksum() {
    const std::uint64_t sum = sum_.value();
    write(&sum, 1);
  }

 private:
  std::ostream& stream_;
  checksum sum_;
  std::vector<char> buffer_;
};

/// Reads what checked_writer wrote; throws std::runtime_error "contrastive: <who>: …" where the stream ends early.
class checked_reader {
 public:
  checked_reader(std::istream& stream, std::string who) : stream_(stream), who_(std::move(who)) {}

  [[noreturn]] void fail(const std::string& what) const {
    detail::fail<std::runtime_error>("contrastive: " + who_ + ": " + what);
  }

  void read_bytes(char* bytes, std::size_t count, const char* part) {
    stream_.read(bytes, static_cast<std::streamsize>(count));
    const auto got = static_cast<std::size_t>(stream_.gcount());
    if (got != count) fail("the stream ends after " + std::to_string(position_ + got) + " bytes, inside the " + part);
    position_ += count;
    sum_.add(bytes, count);
  }
  template <class Number>
  void read(Number* numbers, std::size_t count, const char* part) {
    using bits = bits_of_size<sizeof(Number)>;
    buffer_.resize(count * sizeof(Number));
    read_bytes(buffer_.data(), buffer_.size(), part);
    for (std::size_t i = 0; i < count; ++i) {
      bits word = 0;
      for (std::size_t b = 0; b < sizeof(Number); ++b)
        word |= static_cast<bits>(static_cast<unsigned char>(buffer_[i * sizeof(Number) + b])) << (8 * b);
      numbers[i] = std::bit_cast<Number>(word);
    }
  }
  void read_checksum() {
    const std::uint64_t expected = sum_.value();
    std::uint64_t got = 0;
    read(&got, 1, "checksum");
    if (got != expected) fail("the bytes are damaged: the checksum does not match");
  }

 private:
  std::istream& stream_;
  std::string who_;
  checksum sum_;
  std::size_t position_ = 0;
  std::vector<char> buffer_;
};

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
