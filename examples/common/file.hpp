// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Whole files: read in one go, written so that nobody ever sees half of one.
#pragma once

#include <string>

namespace examples {

/// The bytes of a file; throws std::runtime_error that names it.
std::string read_file(const std::string& path);

/// Writes beside `path`, flushes to the disk and renames. Where anything fails, what was at `path` stays, and
/// std::runtime_error names the file. What a writer that was killed has left beside `path` the next one removes, on the same
/// machine.
void write_file_atomically(const std::string& path, const std::string& bytes);

/// Makes the folder where it is not there yet; throws where nothing can be written into it.
void prepare_folder(const std::string& folder);

}  // namespace examples
