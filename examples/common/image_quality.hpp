// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How near one picture is to another, and the bicubic resampling that others are measured against.
#pragma once

#include "common/float_picture.hpp"

namespace examples {

/// Luma of BT.601, Y = 0.299 R + 0.587 G + 0.114 B, from 0 to 1; a grey picture stays.
float_picture luma(const float_picture& image);

/// Peak signal-to-noise ratio in dB, 10 log10(1 / mean squared difference), over all channels but `border` pixels at each
/// edge; infinite for equal pictures. Throws std::invalid_argument where sizes differ or nothing is left.
double psnr(const float_picture& a, const float_picture& b, int border = 0);

/// Structural similarity, at most 1: the mean over all places where the window fits of
///   (2 μa μb + C1) (2 σab + C2) / ((μa² + μb² + C1) (σa² + σb² + C2)),  C1 = 0.01², C2 = 0.03²,
/// with moments under a Gaussian window of 11 x 11, σ = 1.5, channel by channel, without `border` pixels at each edge.
/// Throws std::invalid_argument where sizes differ or no window fits.
/// Source: Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from error visibility to structural similarity".
double ssim(const float_picture& a, const float_picture& b, int border = 0);

/// Bicubic by Keys' kernel with a = -1/2 (Catmull-Rom); where the picture shrinks the kernel is widened by as much, which
/// keeps out aliasing. At the edges the weights that fall inside are scaled to sum 1. As Pillow's BICUBIC does it.
/// Source: Keys 1981, "Cubic convolution interpolation for digital image processing".
float_picture bicubic(const float_picture& image, int height, int width);

}  // namespace examples
