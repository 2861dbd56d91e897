// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// An SVG of points in the plane, coloured by class, with a legend.
#pragma once

#include <string>
#include <vector>

#include "common/matrix.hpp"

namespace examples {

/// `points` is (n, 2), `labels` (n) with numbers of `class_names`. Written atomically.
void write_scatter_svg(const std::string& path, const std::string& title, const std::string& subtitle, const matrix& points,
                       const std::vector<int>& labels, const std::vector<std::string>& class_names);

}  // namespace examples
