// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Many pictures of any size as one set of small ones.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/picture.hpp"
#include "common/thread_team.hpp"

namespace examples {

/// On white, in the middle of a square, side x side.
picture square_thumbnail(const picture& image, int side);

/// The thumbnails of the colour pictures that make(i) gives for each label i; the progress goes under the title.
image_set thumbnails(const std::string& title, std::vector<int> labels, int side, thread_team& team,
                     const std::function<picture(std::size_t)>& make);

}  // namespace examples
