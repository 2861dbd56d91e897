// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the code knows of a degradation, and how near the enlargements come to the truth.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/progress_line.hpp"
#include "common/results_table.hpp"
#include "common/ridge_regression.hpp"
#include "degradation_encoder/networks.hpp"
#include "degradation_encoder/patches.hpp"
#include "torch_common/tensors.hpp"

namespace examples::degradation_encoder {

/// Codes of pictures of one size, (n, code size), without gradients and in blocks.
inline torch::Tensor codes_of(encoder_network& encoder, const torch::Tensor& small) {
  const torch::NoGradGuard no_gradients;
  encoder.eval();
  std::vector<torch::Tensor> codes;
  for (const auto& block : small.split(100)) codes.push_back(encoder.forward(block));
  return torch::cat(codes);
}

/// The targets of the regression from a code: the patches' true degradations.
struct known_targets {
  static constexpr std::array names = {"blur width", "blur stretch", "noise", "JPEG loss"};
  static constexpr std::array units = {"[px]", "[px]", "", ""};
  /// (n, 4): mean of the blur's two deviations, their difference, deviation of the noise, (100 - quality) / 100.
  static matrix of(const std::vector<degradation>& all) {
    matrix out(static_cast<index>(all.size()), 4);
    index row = 0;
    for (const degradation& how : all)
      out.row(row++) << (how.sigma_x + how.sigma_y) / 2, std::abs(how.sigma_x - how.sigma_y), how.noise,
          how.jpeg_quality == 0 ? 0.0F : static_cast<float>(100 - how.jpeg_quality) / 100;
    return out;
  }
};

/// Ridge regression from codes of patches of the training photographs, measured on patches of the test photographs.
inline regression_quality regression_from_codes(encoder_network& encoder, const patches& train, const patches& test) {
  const ridge_regression regression(to_matrix(codes_of(encoder, train.small)), known_targets::of(train.how));
  return quality_of(regression.predict(to_matrix(codes_of(encoder, test.small))), known_targets::of(test.how));
}

/// The degradations under which everything is tested: each blur with each noise, with and without JPEG.
struct test_degradation {
  std::string blur_name, noise_name, jpeg_name;
  degradation how;
};

inline std::vector<test_degradation> test_degradations() {
  struct blur {
    const char* name;
    float x, y, angle;
  };
  std::vector<test_degradation> all;
  for (const blur& b : {blur{"blur 0.6", 0.6F, 0.6F, 0}, blur{"blur 1.8", 1.8F, 1.8F, 0}, blur{"blur 2.8", 2.8F, 2.8F, 0},
                        blur{"blur 2.8 x 0.8", 2.8F, 0.8F, 0.785398F}})
    for (const float noise : {0.0F, 0.02F, 0.05F})
      for (const int quality : {0, 60}) {
        char noise_name[32];
        std::snprintf(noise_name, sizeof noise_name, "noise %.2f", static_cast<double>(noise));
        all.push_back({b.name,
                       noise == 0 ? "no noise" : noise_name,
                       quality == 0 ? "no JPEG" : "JPEG " + std::to_string(quality),
                       {b.x, b.y, b.angle, noise, quality}});
      }
  return all;
}

/// Whatever enlarges.
struct enlargement {
  std::string name;
  upsampler_network* network;  // none: bicubic
  bool reads_code;             // else it is given zeros, the mean code
};

/// One test picture under one degradation, enlarged by all.
struct enlarged_picture {
  float_picture small, truth;
  std::vector<float_picture> large;  // one an enlargement
};

class super_resolution_test {
 public:
  /// `code` says the code of a low-resolution picture, (1, code size).
  super_resolution_test(std::vector<enlargement> all, std::function<torch::Tensor(const float_picture&)> code)
      : all_(std::move(all)), code_(std::move(code)) {}

  enlarged_picture enlarge(const picture& photograph, const degradation& how, random_stream random) const {
    const torch::NoGradGuard no_gradients;
    enlarged_picture out;
    out.truth = as_floats(photograph);
    out.small = degraded(out.truth, how, random);
    const torch::Tensor base = tensor_of(bicubic(out.small, out.truth.height, out.truth.width)), small = tensor_of(out.small);
    const torch::Tensor code = code_(out.small);
    for (const enlargement& one : all_)
      out.large.push_back(picture_of(
          (one.network == nullptr ? base
                                  : one.network->forward(small, base, one.reads_code ? code : torch::zeros_like(code)))[0]));
    return out;
  }

  /// PSNR and SSIM of every enlargement, means over all pictures and degradations and over groups of them. Luma, without 4
  /// pixels at each edge.
  results_table run(const std::vector<photograph>& photographs, std::uint64_t seed) const {
    const auto cases = test_degradations();
    std::vector<std::pair<std::string, mean>> groups;  // in the order of the table
    const auto group = [&](const std::string& name) -> mean& {
      for (auto& [known, one] : groups)
        if (known == name) return one;
      groups.push_back({name, {std::vector<double>(2 * all_.size(), 0.0), 0}});
      return groups.back().second;
    };
    group("all");
    for (const auto part : {&test_degradation::blur_name, &test_degradation::noise_name, &test_degradation::jpeg_name})
      for (const auto& one : cases) group(one.*part);
    progress_line progress("testing", "pictures", photographs.size() * cases.size());
    std::uint64_t done = 0;
    for (std::size_t p = 0; p < photographs.size(); ++p)
      for (std::size_t d = 0; d < cases.size(); ++d) {
        const enlarged_picture result = enlarge(photographs[p].image, cases[d].how, random_stream{seed, {p, d}});
        const float_picture truth = luma(result.truth);
        std::vector<double> values;
        for (const auto& large : result.large) values.push_back(psnr(luma(large), truth, border));
        for (const auto& large : result.large) values.push_back(ssim(luma(large), truth, border));
        for (const std::string& name :
             {std::string("all"), cases[d].blur_name, cases[d].noise_name, cases[d].jpeg_name, photographs[p].name}) {
          mean& one = group(name);
          for (std::size_t i = 0; i < values.size(); ++i) one.sums[i] += values[i];
          ++one.count;
        }
        progress.show(++done, photographs[p].name);
      }
    progress.finish(std::to_string(photographs.size()) + " photographs under " + std::to_string(cases.size()) +
                    " degradations");

    std::vector<results_table::column> columns;
    for (const auto& one : all_) columns.push_back({one.name + " [dB]", 2});
    for (const auto& one : all_) columns.push_back({one.name + " SSIM", 4});
    results_table table("test pictures", columns);
    for (auto& [name, one] : groups) {
      for (double& sum : one.sums) sum /= one.count;
      table.add(name, one.sums);
    }
    return table;
  }

 private:
  static constexpr int border = 4;
  struct mean {
    std::vector<double> sums;
    int count;
  };

  std::vector<enlargement> all_;
  std::function<torch::Tensor(const float_picture&)> code_;
};

}  // namespace examples::degradation_encoder
