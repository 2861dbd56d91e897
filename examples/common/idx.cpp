// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The reader of IDX files, on zlib.
#include "common/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace examples {
namespace {

class unpacked_file {
 public:
  explicit unpacked_file(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    if (!file_) throw std::runtime_error(path + ": cannot open: " + std::strerror(errno));
    gzbuffer(file_.get(), 1 << 17);
  }

  /// Up to `count` bytes; fewer only at the end of the data.
  std::size_t read(std::uint8_t* bytes, std::size_t count) {
    const int got = gzread(file_.get(), bytes, static_cast<unsigned>(count));
    int code = Z_OK;
    const char* words = gzerror(file_.get(), &code);
    if (got < 0 || code != Z_OK) {
      if (const char* after_path = std::strstr(words, ": ")) words = after_path + 2;  // zlib names the file too
      const bool cut = code == Z_BUF_ERROR;
      throw std::runtime_error(path_ + ": byte " + std::to_string(gzoffset(file_.get())) + " of the file (byte " +
                               std::to_string(position_ + static_cast<std::size_t>(std::max(got, 0))) + " unpacked): " +
                               (cut ? "the compressed data ends too early" : std::string("damaged compressed data: ") + words));
    }
    position_ += static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }

  std::size_t position() const { return position_; }

  [[noreturn]] void refuse(std::size_t byte, const std::string& words) const {
    const char* kind = gzdirect(file_.get()) ? "" : " unpacked";
    throw std::runtime_error(path_ + ": byte " + std::to_string(byte) + kind + ": " + words);
  }

  std::size_t read_number() {
    std::uint8_t b[4];
    const std::size_t got = read(b, 4);
    if (got < 4) refuse(position_, "the file ends within its header");
    return std::size_t{b[0]} << 24 | std::size_t{b[1]} << 16 | std::size_t{b[2]} << 8 | b[3];
  }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  std::size_t position_ = 0;
};

std::string hexadecimal(std::size_t number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "0x%08zx", number);
  return digits;
}

}  // namespace

idx_array read_idx(const std::string& path, std::size_t num_dimensions) {
  unpacked_file file(path);
  const std::size_t expected = 0x0800 + num_dimensions;  // 0x08: unsigned bytes
  if (const std::size_t magic = file.read_number(); magic != expected)
    file.refuse(0, "expected the IDX magic " + hexadecimal(expected) + " (unsigned bytes, " + std::to_string(num_dimensions) +
                       (num_dimensions == 1 ? " dimension" : " dimensions") + "), got " + hexadecimal(magic));
  idx_array array;
  std::size_t total = 1;
  for (std::size_t d = 0; d < num_dimensions; ++d) {
    const std::size_t length = file.read_number();
    // A header alone must not make us ask for memory without bound.
    if (length == 0 || length > (std::size_t{1} << 40) / total)
      file.refuse(4 + 4 * d, "dimension " + std::to_string(d + 1) + " of " + std::to_string(length) + " cannot be");
    array.dimensions.push_back(length);
    total *= length;
  }

  const std::size_t header = file.position();
  while (array.values.size() < total) {
    const std::size_t before = array.values.size(), piece = std::min<std::size_t>(total - before, 1 << 16);
    array.values.resize(before + piece);
    const std::size_t got = file.read(array.values.data() + before, piece);
    if (got < piece)
      file.refuse(header + before + got, "the data ends here, but the header says " + std::to_string(total) +
                                             " values, up to byte " + std::to_string(header + total));
  }
  // Reading on makes zlib compare the checksum at the end.
  std::uint8_t beyond = 0;
  if (file.read(&beyond, 1) != 0)
    file.refuse(header + total, "the data goes on, but the header says " + std::to_string(total) + " values");
  return array;
}

}  // namespace examples
