// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Reading and writing of pictures by stb, resizing, and the page that many are laid out on.
#include "common/picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "common/file.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"  // the parts of stb that we do not call
#pragma GCC diagnostic ignored "-Wconversion"
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace examples {

picture filled(int channels, int height, int width, std::uint8_t value) {
  if (channels < 1 || height < 0 || width < 0) throw std::invalid_argument("filled: no size of a picture");
  picture made{channels, height, width, {}};
  made.pixels.assign(static_cast<std::size_t>(channels) * made.plane(), value);
  return made;
}

picture read_picture(const std::string& path, int channels) { return decode_picture(read_file(path), path, channels); }

namespace {

/// What is wrong with the Huffman tables of a JPEG, or nothing: stb before 2.28 writes past the end of one of more than 256
/// codes, and reads memory that was never written where a scan names one that is not there. Goes from marker to marker as stb
/// does.
const char* fault_of_huffman_tables(const std::string& bytes) {
  const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
  constexpr unsigned progressive_frame = 0xC2, define_tables = 0xC4, image_starts = 0xD8, image_ends = 0xD9, scan = 0xDA;
  bool progressive = false, there[2][16] = {};  // of each class, direct and alternating current, and number
  if (byte(0) != 0xFF) return nullptr;
  for (std::size_t at = 0; at < bytes.size();) {
    if (byte(at++) != 0xFF) continue;
    while (byte(at) == 0xFF) ++at;
    const unsigned marker = byte(at++);
    if (marker == image_ends) break;
    if (marker == 0 || (marker >= 0xD0 && marker <= image_starts)) continue;  // these have no segment
    const std::size_t end = at + std::max(2U, byte(at) << 8 | byte(at + 1));
    if (marker == define_tables)
      for (std::size_t table = at + 2; table < end;) {
        std::size_t codes = 0;
        for (std::size_t length = 1; length <= 16; ++length) codes += byte(table + length);
        if (codes > 256) return "a Huffman table of more than 256 codes";
        there[byte(table) >> 4 & 1][byte(table) & 15] = true;
        table += 17 + codes;
      }
    if (marker == progressive_frame) progressive = true;
    if (marker == scan) {
      const std::size_t components = byte(at + 2), after = at + 3 + 2 * components;
      const bool first_is_direct = byte(after) == 0, refines = byte(after + 2) >> 4 != 0;
      const bool needs_direct = !progressive || (first_is_direct && !refines),
                 needs_alternating = !progressive || !first_is_direct;
      for (std::size_t c = 0; c < components; ++c) {
        const unsigned tables = byte(at + 4 + 2 * c);
        if ((needs_direct && !there[0][tables >> 4]) || (needs_alternating && !there[1][tables & 15]))
          return "a scan by a Huffman table that is not there";
      }
    }
    at = end;
  }
  return nullptr;
}

/// What is wrong with the chunks of a PNG, or nothing: stb takes memory for a chunk of picture data, up to gigabytes, before it
/// looks whether the file has so many bytes.
const char* fault_of_chunks(const std::string& bytes) {
  constexpr std::size_t signature = 8, length_and_name = 8, checksum = 4;
  if (bytes.compare(0, signature, "\x89PNG\r\n\x1a\n") != 0) return nullptr;
  for (std::size_t at = signature; bytes.size() - at >= length_and_name;) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (bytes.size() - at - length_and_name < length) return "a chunk of more bytes than are left of the file";
    at = std::min(bytes.size(), at + length_and_name + length + checksum);
  }
  return nullptr;
}

}  // namespace

picture decode_picture(const std::string& bytes, const std::string& name, int channels, std::uint64_t most_pixels) {
  if (channels != 1 && channels != 3) throw std::invalid_argument("decode_picture: 1 or 3 channels");
  const auto refuse = [&](const std::string& words) {
    throw std::runtime_error(name + ": no PNG or JPEG that can be read: " + words);
  };
  if (bytes.size() > std::numeric_limits<int>::max()) refuse("it has " + std::to_string(bytes.size()) + " bytes");
  const auto* const from_bytes = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  if (const char* const fault = fault_of_huffman_tables(bytes)) refuse(fault);
  if (const char* const fault = fault_of_chunks(bytes)) refuse(fault);
  int width = 0, height = 0, in_file = 0;
  if (stbi_info_from_memory(from_bytes, size, &width, &height, &in_file) == 0) refuse(stbi_failure_reason());
  if (const auto pixels = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height); pixels > most_pixels)
    refuse("it has " + std::to_string(pixels) + " pixels, more than " + std::to_string(most_pixels));
  stbi_uc* const raw = stbi_load_from_memory(from_bytes, size, &width, &height, &in_file, 4);
  if (raw == nullptr) refuse(stbi_failure_reason());
  picture made = filled(channels, height, width, 0);
  for (std::size_t i = 0; i < made.plane(); ++i) {
    const stbi_uc* const from = raw + 4 * i;
    const int alpha = from[3];
    int on_white[3];
    for (int c = 0; c < 3; ++c) on_white[c] = (from[c] * alpha + 255 * (255 - alpha) + 127) / 255;
    if (channels == 3)
      for (std::size_t c = 0; c < 3; ++c) made.pixels[c * made.plane() + i] = static_cast<std::uint8_t>(on_white[c]);
    else  // luma of BT.601
      made.pixels[i] = static_cast<std::uint8_t>((299 * on_white[0] + 587 * on_white[1] + 114 * on_white[2] + 500) / 1000);
  }
  stbi_image_free(raw);
  return made;
}

namespace {

/// Pixel after pixel, as stb takes them.
std::vector<std::uint8_t> interleaved(const picture& image) {
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> out(image.pixels.size());
  for (std::size_t i = 0; i < image.plane(); ++i)
    for (std::size_t c = 0; c < channels; ++c) out[channels * i + c] = image.pixels[c * image.plane() + i];
  return out;
}

/// Where stb puts what it makes: `to` is a std::string.
void append(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace

std::string encode_jpeg(const picture& image, int quality) {
  std::string bytes;
  if (quality < 1 || quality > 100 ||
      stbi_write_jpg_to_func(append, &bytes, image.width, image.height, image.channels, interleaved(image).data(), quality) ==
          0)
    throw std::invalid_argument("cannot make a JPEG of quality " + std::to_string(quality));
  return bytes;
}

void write_png(const std::string& path, const picture& image) {
  const auto channels = static_cast<std::size_t>(image.channels);
  if ((channels != 1 && channels != 3) || image.pixels.size() != channels * image.plane() || image.plane() == 0)
    throw std::invalid_argument(path + ": not written: no grey or coloured picture");
  std::string bytes;
  if (stbi_write_png_to_func(append, &bytes, image.width, image.height, image.channels, interleaved(image).data(),
                             image.channels * image.width) == 0)
    throw std::runtime_error(path + ": cannot make the PNG");
  write_file_atomically(path, bytes);
}

namespace {

/// What part of each source pixel makes a new one: first source pixel, then weights that sum to 1.
struct contributions {
  int first;
  std::vector<float> weights;
};

std::vector<contributions> contributions_of(int from, int to) {
  std::vector<contributions> all;
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    // A box of the new pixel's size where there are more old pixels than new ones, else a tent as wide as two old pixels.
    const double middle = (i + 0.5) * step, reach = step >= 1 ? step / 2 : 1;
    const int first = std::max(0, static_cast<int>(std::floor(middle - reach + (step >= 1 ? 0 : 0.5))));
    contributions c{first, {}};
    double sum = 0;
    std::vector<double> weights;
    for (int s = first; s < from; ++s) {
      const double weight =
          step >= 1 ? std::min(s + 1.0, middle + reach) - std::max<double>(s, middle - reach) : 1 - std::abs(s + 0.5 - middle);
      if (weight <= 0) break;
      weights.push_back(weight);
      sum += weight;
    }
    for (const double weight : weights) c.weights.push_back(static_cast<float>(weight / sum));
    all.push_back(std::move(c));
  }
  return all;
}

}  // namespace

picture resized(const picture& image, int height, int width) {
  if (image.plane() == 0 || height < 1 || width < 1) throw std::invalid_argument("resized: no size of a picture");
  const auto down = contributions_of(image.height, height), across = contributions_of(image.width, width);
  picture made = filled(image.channels, height, width, 0);
  std::vector<float> row(static_cast<std::size_t>(image.width));
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < height; ++y) {
      const contributions& v = down[static_cast<std::size_t>(y)];
      std::fill(row.begin(), row.end(), 0.0F);
      for (std::size_t k = 0; k < v.weights.size(); ++k)
        for (int x = 0; x < image.width; ++x)
          row[static_cast<std::size_t>(x)] += v.weights[k] * static_cast<float>(image.at(c, v.first + static_cast<int>(k), x));
      for (int x = 0; x < width; ++x) {
        const contributions& h = across[static_cast<std::size_t>(x)];
        float sum = 0.5F;
        for (std::size_t k = 0; k < h.weights.size(); ++k) sum += h.weights[k] * row[static_cast<std::size_t>(h.first) + k];
        made.at(c, y, x) = static_cast<std::uint8_t>(std::clamp(sum, 0.0F, 255.0F));
      }
    }
  return made;
}

}  // namespace examples
