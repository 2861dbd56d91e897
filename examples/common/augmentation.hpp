// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Random views of a grey picture: crop, flip, brightness and noise.
#pragma once

#include <cstdint>

#include "common/random_stream.hpp"

namespace examples {

/// How far views may go.
struct view_range {
  float smallest_crop = 0.5F;    ///< side of the window, as a part of the picture's side
  float largest_crop = 1.15F;    ///< above 1 the picture shrinks, with black around it
  float largest_stretch = 1.1F;  ///< the window's width over its height is at most this, or its inverse
  float flip = 0.2F;             ///< probability of a mirror image
  float brightness = 0.6F;       ///< pixels are multiplied by 1 ± this
  float largest_noise = 0.3F;    ///< standard deviation of the noise, where black is 0 and white is 1
};

/// What was done to one view. Lengths are parts of the picture's side.
struct view_parameters {
  float left, top, width, height;  // the window
  bool flipped;
  float brightness, noise;
};

view_parameters draw_view(const view_range& range, random_stream& random);

/// Writes the view, (height · width) numbers around 0 to 1, of a picture of that size: bilinear, black outside.
void render_view(const std::uint8_t* picture, int height, int width, const view_parameters& view, random_stream& random,
                 float* out);

}  // namespace examples
