// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the tests of the examples share: a folder that goes away, made IDX files, and the words of an exception.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/file.hpp"
#include "common/random_stream.hpp"
#include "examples/big_endian.hpp"

namespace example_tests {

class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "contrastive-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline void write_gz(const std::string& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  if (file == nullptr || gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) != static_cast<int>(bytes.size()) ||
      gzclose(file) != Z_OK)
    throw std::runtime_error("cannot write " + path);
}

/// Four files as those of Fashion-MNIST: pictures of 28 x 28 whose class is where a bright bar lies, under noise.
inline void write_picture_files(const std::string& folder, std::uint32_t num_train, std::uint32_t num_test) {
  for (const auto& [prefix, count] : {std::pair{"train", num_train}, std::pair{"t10k", num_test}}) {
    std::string pixels, labels;
    for (std::uint32_t i = 0; i < count; ++i) {
      examples::random_stream random{count, {i}};
      const std::uint32_t label = i % 10;
      labels += static_cast<char>(label);
      for (std::uint32_t y = 0; y < 28; ++y)
        for (std::uint32_t x = 0; x < 28; ++x) {
          const bool bar = y / 3 == label && x > 4 && x < 24;
          pixels += static_cast<char>((bar ? 180 : 0) + static_cast<int>(random.below(70)));
        }
    }
    const std::string base = folder + "/" + prefix;
    write_gz(base + "-images-idx3-ubyte.gz", idx_bytes({count, 28, 28}, pixels));
    write_gz(base + "-labels-idx1-ubyte.gz", idx_bytes({count}, labels));
  }
}

/// What `call` throws, in its words; empty where it throws nothing.
template <class Call>
std::string words_of(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace example_tests
