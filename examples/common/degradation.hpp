// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How a large picture became a small, worse one: blur, x2 smaller, noise, JPEG, all with known parameters.
#pragma once

#include <array>
#include <vector>

#include "common/float_picture.hpp"
#include "common/random_stream.hpp"

namespace examples {

struct degradation {
  float sigma_x = 0, sigma_y = 0;  ///< deviations of the Gaussian blur along its own two axes, in pixels of the large picture
  float angle = 0;                 ///< of its first axis against the rows, radians, towards larger y
  float noise = 0;                 ///< deviation of the Gaussian noise, where white is 1
  int jpeg_quality = 0;            ///< 1 to 100; 0: no JPEG
};

/// What is drawn at random.
struct degradation_range {
  float smallest_sigma = 0.2F, largest_sigma = 3;
  float isotropic = 0.5F;  ///< probability of sigma_x = sigma_y
  float largest_noise = 0.06F;
  float clean = 0.25F;  ///< probability of no noise
  float jpeg = 0.5F;    ///< probability of a JPEG
  int lowest_quality = 40, highest_quality = 95;
};

degradation draw_degradation(const degradation_range& range, random_stream& random);

inline constexpr int num_degradation_parameters = 5;

/// The parameters in comparable ranges, so that their distance means something: the entries xx, yy and xy of the blur's matrix
/// of deviations R diag(σx, σy) Rᵀ over the largest σ (no jump where the angle passes half a turn, and none where σx = σy), the
/// noise over the largest noise, and 100 - quality over 100 - the lowest one (0 without JPEG).
std::array<float, num_degradation_parameters> comparable_parameters(const degradation& how, const degradation_range& range);

/// Gaussian blur exp(-dᵀ Σ⁻¹ d / 2), Σ = R diag(σx², σy²) Rᵀ, sampled at whole pixels up to 3 σ and of sum 1. Pixels at an edge
/// go on beyond it. A deviation of 0 is none.
float_picture blurred(const float_picture& image, float sigma_x, float sigma_y, float angle);

/// The picture after JPEG compression of this quality, 1 to 100, in memory.
float_picture after_jpeg(const float_picture& image, int quality);

/// Half the size: blurred, shrunk by `bicubic`, noise added, cut off below 0 and above 1, rounded to 256 values, JPEG. Throws
/// std::invalid_argument where a side is odd or smaller than 2.
float_picture degraded(const float_picture& large, const degradation& how, random_stream& random);

/// A window of a photograph in both sizes.
struct patch_pair {
  float_picture small;  // (3, side, side)
  float_picture large;  // (3, 2 side, 2 side), the truth
};

/// How much larger the window is in the photograph than the truth, at each edge: the blur of a patch sees what lies around it.
inline constexpr int patch_margin = 8;

/// Takes the more detailed of `candidates` random windows of a photograph, in a random one of the eight orientations, and
/// degrades it. Throws std::invalid_argument where the photograph is smaller than 2 side + 2 patch_margin.
patch_pair draw_patch(const picture& photograph, int side, const degradation& how, int candidates, random_stream& random);

/// Where the most detailed of the windows of side x side lie that tile a picture, most detailed first, at most `most`; of
/// equally detailed ones the upper, then the left one comes first. Throws std::invalid_argument where none fits.
struct window_place {
  int top, left;
};
std::vector<window_place> detailed_windows(const picture& image, int side, int most);

}  // namespace examples
