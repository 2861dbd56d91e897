// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Matrices in a form that numpy.load reads.
#pragma once

#include <string>

#include "common/matrix.hpp"

namespace examples {

/// Format 1.0 of NumPy: float32, (rows, cols), C order. Atomically.
/// Source: numpy.lib.format.
void write_npy(const std::string& path, const matrix& rows);

}  // namespace examples
