// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Random views of a picture, grey or in colour: crop, flip, rotation, colour jitter and noise.
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
  float rotation = 0;            ///< in degrees: the window is turned by up to ± this around its middle
  float contrast = 0;            ///< the distance from the picture's mean grey is multiplied by 1 ± this
  float saturation = 0;          ///< of colours: the distance from their grey is multiplied by 1 ± this
  float hue = 0;                 ///< of colours: turned by up to ± this part of the colour circle
  float grey = 0;                ///< of colours: probability that they are all taken away
  float outside = 0;             ///< what lies around the picture: 0 is black, 1 white
};

/// What was done to one view. Lengths are parts of the picture's side.
struct view_parameters {
  float left, top, width, height;  // the window
  bool flipped;
  float brightness, noise;
  float rotation = 0;  // degrees, counterclockwise as seen in the view
  float contrast = 1, saturation = 1, hue = 0;
  float outside = 0;
};

/// Draws numbers for the ranges above 0 alone from `rotation` on. Brightness, contrast, saturation, hue and loss of colour as
/// in Chen et al. 2020, "A simple framework for contrastive learning of visual representations", appendix A (there each view is
/// jittered with probability 0.8; here always).
view_parameters draw_view(const view_range& range, random_stream& random);

/// Writes the view, (channels · height · width) numbers around 0 to 1, of a picture of that size: bilinear; brightness, then
/// contrast, saturation, hue and noise. Saturation and hue change pictures of 3 channels alone. Greys and turned hues are those
/// of YIQ (0.299 red + 0.587 green + 0.114 blue).
void render_view(const std::uint8_t* picture, int channels, int height, int width, const view_parameters& view,
                 random_stream& random, float* out);
/// The same of a grey picture.
inline void render_view(const std::uint8_t* picture, int height, int width, const view_parameters& view, random_stream& random,
                        float* out) {
  render_view(picture, 1, height, width, view, random, out);
}

}  // namespace examples
