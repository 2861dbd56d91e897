// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The state of a training run in one file that is either whole or refused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace examples {

/// What a run needs to go on. Layout of the file, all little-endian:
///   "ctrckpt\n"  u32 version  u64 payload bytes  payload  u32 CRC-32 of everything before it
/// payload: settings, u64 step, u64 count, then name and numbers of each array, u64 count, then name and bytes of each blob; a
/// text is u64 size, bytes; numbers are u64 count, IEEE-754 singles.
struct checkpoint {
  std::map<std::string, std::string> settings;  // what must be the same for the run to go on
  std::uint64_t step = 0;                       // optimiser steps done
  std::map<std::string, std::vector<float>> arrays;
  std::map<std::string, std::string> blobs = {};  // what others write and read in their own form

  /// The array of this name; throws where there is none of this size.
  const std::vector<float>& array(const std::string& name, std::size_t size) const;
};

/// Writes the file atomically: at any moment `path` holds the old state or the new one.
void write_checkpoint(const std::string& path, const checkpoint& state);

/// Reads it back. Throws std::runtime_error in words, naming the file, where it is cut, damaged, foreign or of another
/// version, and where its settings are not `settings`.
checkpoint read_checkpoint(const std::string& path, const std::map<std::string, std::string>& settings);

}  // namespace examples
