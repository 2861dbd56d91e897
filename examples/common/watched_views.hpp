// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Two views of some test pictures, by which a training that knows no labels can be watched.
#pragma once

#include <cstdint>

#include "common/augmentation.hpp"
#include "common/image_dataset.hpp"
#include "common/matrix.hpp"
#include "common/thread_team.hpp"

namespace examples {

struct watched_views {
  matrix first, second;  // (pictures, channels · height · width), 0 to 1
};

/// Two views of each of the first `most` pictures: the same whenever they are drawn, and none that training sees.
watched_views draw_watched_views(const image_set& images, const view_range& range, std::uint64_t seed, thread_team& team,
                                 std::size_t most = 2000);

}  // namespace examples
