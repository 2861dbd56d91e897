// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Compressed bytes, as IDX files and PNGs have them.
#pragma once

#include <zlib.h>

#include <string>

#include "fuzz/fuzz.hpp"

namespace fuzz {

enum packing { zlib = 15, gzip = 15 + 16 };  // what zlib calls windowBits

inline std::string packed(const std::string& bytes, packing how) {
  z_stream stream{};
  require(deflateInit2(&stream, 6, Z_DEFLATED, how, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace fuzz
