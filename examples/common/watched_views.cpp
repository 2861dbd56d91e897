// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawing and rendering of the watched views.
#include "common/watched_views.hpp"

#include <algorithm>

namespace examples {

watched_views draw_watched_views(const image_set& images, const view_range& range, std::uint64_t seed, thread_team& team,
                                 std::size_t most) {
  const auto count = static_cast<index>(std::min(most, images.size())), pixels = static_cast<index>(images.pixels_each());
  watched_views views{matrix(count, pixels), matrix(count, pixels)};
  team.for_blocks(count, 32, [&](index begin, index length) {
    for (index i = begin; i < begin + length; ++i)
      for (const std::uint64_t v : {0U, 1U}) {
        const auto sample = static_cast<std::size_t>(i);
        random_stream random{seed, {4, sample, v}};  // 1 to 3 are what training draws from
        const view_parameters view = draw_view(range, random);
        render_view(images.picture(sample), images.channels, images.height, images.width, view, random,
                    (v == 0 ? views.first : views.second).row(i).data());
      }
  });
  return views;
}

}  // namespace examples
