// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One picture in memory, from files and to files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace examples {

/// Grey (1 channel) or colour (3: red, green, blue); channel after channel, as networks take it.
struct picture {
  int channels = 1, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // (channels, height, width)

  std::size_t plane() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  std::uint8_t& at(int channel, int y, int x) { return pixels[offset(channel, y, x)]; }
  std::uint8_t at(int channel, int y, int x) const { return pixels[offset(channel, y, x)]; }

 private:
  std::size_t offset(int channel, int y, int x) const {
    return static_cast<std::size_t>(channel) * plane() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
};

/// `filled(3, 8, 8, 255)` is white.
picture filled(int channels, int height, int width, std::uint8_t value);

constexpr std::uint64_t most_pixels_of_a_picture = 100'000'000;  // 0.7 GB of memory while it is read

/// A PNG or JPEG of any kind, as grey (channels = 1) or colour (3); what is transparent lies on white. Throws
/// std::runtime_error that names the file where it is missing, no picture, or one of more pixels than
/// most_pixels_of_a_picture: a header of a few bytes could ask for any memory.
picture read_picture(const std::string& path, int channels = 3);
/// The same from bytes in memory; `name` is what errors call them.
picture decode_picture(const std::string& bytes, const std::string& name, int channels = 3,
                       std::uint64_t most_pixels = most_pixels_of_a_picture);

/// The bytes of a JPEG file of this quality, 1 to 100; throws std::invalid_argument outside it.
std::string encode_jpeg(const picture& image, int quality);

/// Atomically.
void write_png(const std::string& path, const picture& image);

/// The mean over the source's pixels under each new one (the right way to make a picture smaller), bilinear where it grows.
picture resized(const picture& image, int height, int width);

}  // namespace examples
