// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// IDX files of unsigned bytes, gzip-compressed or plain: the format of MNIST and its relatives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace examples {

struct idx_array {
  std::vector<std::size_t> dimensions;  // such as {60000, 28, 28}
  std::vector<std::uint8_t> values;     // row-major
};

/// Reads `path`, which must hold an array of unsigned bytes with `num_dimensions` dimensions.
///
/// Throws std::runtime_error that names the file and the byte where it is not what it should be: a byte of the unpacked
/// data, and where the compression itself is damaged also the byte of the file.
idx_array read_idx(const std::string& path, std::size_t num_dimensions);

}  // namespace examples
