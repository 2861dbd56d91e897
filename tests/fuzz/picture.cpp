// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// PNGs and JPEGs.
#include "common/picture.hpp"

#include "examples/big_endian.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/packed.hpp"

namespace {

using example_tests::big_endian;

constexpr std::uint64_t most_pixels = 1 << 16;  // so that a run stays short

std::string chunk(const std::string& name, const std::string& bytes) {
  const std::string named = name + bytes;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(named.data()), named.size());
  return big_endian(static_cast<std::uint32_t>(bytes.size())) + named + big_endian(static_cast<std::uint32_t>(sum));
}

/// 5 x 3 pixels: of `bits` for each of the values of a pixel.
std::string png(char bits, char colour_type, std::size_t values, char interlaced) {
  std::string rows;
  for (std::size_t y = 0; y < 3; ++y) {
    rows += static_cast<char>(y % 5);  // the filter
    for (std::size_t b = 0; b < (5 * values * static_cast<std::size_t>(bits) + 7) / 8; ++b)
      rows += static_cast<char>(17 * b + 40 * y);
  }
  std::string bytes = "\x89PNG\r\n\x1a\n";
  bytes += chunk("IHDR", big_endian(5) + big_endian(3) + bits + colour_type + std::string(2, '\0') + interlaced);
  if (colour_type == 3)
    bytes += chunk("PLTE", std::string(bits == 8 ? 768 : 48, '\x55')) + chunk("tRNS", std::string("\0\x80", 2));
  if (colour_type == 0) bytes += chunk("tRNS", std::string("\0\x01", 2));
  if (colour_type == 2) bytes += chunk("tRNS", std::string("\0\x01\0\x02\0\x03", 6));
  return bytes + chunk("IDAT", fuzz::packed(rows, fuzz::zlib)) + chunk("IEND", "");
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> all = {png(8, 0, 1, 0), png(8, 2, 3, 0),  png(8, 3, 1, 0),  png(8, 4, 2, 0), png(8, 6, 4, 0),
                                  png(8, 6, 4, 1), png(16, 6, 4, 0), png(16, 0, 1, 0), png(1, 0, 1, 0), png(4, 3, 1, 0)};
  for (const int channels : {1, 3})
    for (const int quality : {60, 95}) {  // above 90 the colours have as many samples as the brightness
      examples::picture image = examples::filled(channels, 9, 17, 0);
      for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * i);
      all.push_back(examples::encode_jpeg(image, quality));
      std::string progressive = all.back();
      if (const auto start = progressive.find("\xFF\xC0"); start != std::string::npos) progressive[start + 1] = '\xC2';
      all.push_back(progressive);
    }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const int channels : {1, 3})
    fuzz::read_or_refuse([&] {
      const examples::picture image = examples::decode_picture(bytes, "picture", channels, most_pixels);
      fuzz::require(image.channels == channels && image.plane() > 0 && image.plane() <= most_pixels);
      fuzz::require(image.pixels.size() == static_cast<std::size_t>(channels) * image.plane());
    });
  return 0;
}
