// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Random patches of photographs, degraded, as tensors.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/degradation.hpp"
#include "common/image_quality.hpp"
#include "common/matrix.hpp"
#include "common/photographs.hpp"
#include "common/thread_team.hpp"

namespace examples::degradation_encoder {

/// (1, channels, height, width), a copy.
inline torch::Tensor tensor_of(const float_picture& image) {
  return torch::from_blob(const_cast<float*>(image.values.data()), {1, image.channels, image.height, image.width},
                          torch::kFloat)
      .clone();
}

/// The picture of a (channels, height, width) tensor of floats, as a file would hold it: 256 values.
inline float_picture picture_of(const torch::Tensor& image) {
  const auto values = image.detach().contiguous();
  float_picture out(static_cast<int>(values.size(0)), static_cast<int>(values.size(1)), static_cast<int>(values.size(2)));
  std::copy_n(values.data_ptr<float>(), out.values.size(), out.values.begin());
  return as_floats(as_bytes(out));
}

/// What one step trains on.
struct patches {
  torch::Tensor small;    // (n, 3, side, side)
  torch::Tensor bicubic;  // (n, 3, 2 side, 2 side), small enlarged
  torch::Tensor large;    // (n, 3, 2 side, 2 side), the truth
  matrix parameters;      // (n, num_degradation_parameters), comparable
  std::vector<degradation> how;
};

/// Draws patches; the k-th of a purpose is the same whatever was drawn before it.
class patch_source {
 public:
  static constexpr int candidates = 4;  // the most detailed of four windows is taken: much of a photograph is sky

  patch_source(const std::vector<photograph>& from, const degradation_range& range, int side, std::uint64_t seed,
               thread_team& team)
      : from_(from), range_(range), side_(side), seed_(seed), team_(team) {
    const int seen = 2 * side + 2 * patch_margin;
    for (const photograph& one : from)
      if (one.image.height < seen || one.image.width < seen)
        throw std::runtime_error(one.name + ": " + std::to_string(one.image.height) + " x " + std::to_string(one.image.width) +
                                 " pixels are too few for patches, which take " + std::to_string(seen) + " x " +
                                 std::to_string(seen));
  }

  /// Patches number first … first + count - 1 of a purpose, and where more `views` are wanted as many patches of each
  /// low-resolution picture, at different places: one photograph, one degradation. Only the first have bicubic and large.
  std::vector<patches> draw(std::uint64_t purpose, std::uint64_t first, int count, int views, bool enlarged) const {
    std::vector<patches> drawn;
    for (int v = 0; v < views; ++v) {
      patches one{torch::empty({count, 3, side_, side_}), {}, {}, matrix(count, num_degradation_parameters), {}};
      if (enlarged && v == 0)
        one.bicubic = torch::empty({count, 3, 2 * side_, 2 * side_}), one.large = torch::empty_like(one.bicubic);
      one.how.resize(static_cast<std::size_t>(count));
      drawn.push_back(std::move(one));
    }
    const auto put = [](const float_picture& image, torch::Tensor& to, index i) {
      std::copy(image.values.begin(), image.values.end(), to.data_ptr<float>() + i * static_cast<index>(image.values.size()));
    };
    team_.for_each(count, [&](index i) {
      random_stream random{seed_, {purpose, first + static_cast<std::uint64_t>(i)}};
      const picture& photograph = from_[random.below(from_.size())].image;
      const degradation how = draw_degradation(range_, random);
      const auto parameters = comparable_parameters(how, range_);
      for (patches& one : drawn) {
        const patch_pair patch = draw_patch(photograph, side_, how, candidates, random);
        put(patch.small, one.small, i);
        if (one.large.defined())
          put(bicubic(patch.small, 2 * side_, 2 * side_), one.bicubic, i), put(patch.large, one.large, i);
        for (int p = 0; p < num_degradation_parameters; ++p) one.parameters(i, p) = parameters[static_cast<std::size_t>(p)];
        one.how[static_cast<std::size_t>(i)] = how;
      }
    });
    return drawn;
  }
  patches draw(std::uint64_t purpose, std::uint64_t first, int count) const { return draw(purpose, first, count, 1, true)[0]; }

 private:
  const std::vector<photograph>& from_;
  degradation_range range_;
  int side_;
  std::uint64_t seed_;
  thread_team& team_;
};

}  // namespace examples::degradation_encoder
