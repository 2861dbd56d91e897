// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// CIFAR-10 in its binary form.
#pragma once

#include <string>

#include "common/image_dataset.hpp"

namespace examples {

/// Reads data_batch_1.bin to data_batch_5.bin and test_batch.bin from a folder: records of a label, 0 to 9, and 32 x 32 bytes
/// of red, of green and of blue. A file may have any number of records.
///
/// Throws std::runtime_error: where a file is missing, with where to get it; where one is cut or has a wrong label, with file
/// and byte.
image_dataset load_cifar10(const std::string& folder);

/// Appends the records of one such file, of which these are the bytes and the name.
void append_cifar_records(image_set& set, const std::string& bytes, const std::string& name);

}  // namespace examples
