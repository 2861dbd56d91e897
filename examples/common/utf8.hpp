// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Text as Unicode's code points.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace examples {

/// In UTF-8.
std::string text_of(const std::vector<std::uint32_t>& code_points);

/// Throws std::runtime_error for bytes that are no UTF-8.
std::vector<std::uint32_t> code_points_of(const std::string& text);

}  // namespace examples
