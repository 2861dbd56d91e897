// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows of bfloat16 embeddings for the kernels that multiply them as they are: not normalised, which would round them, but
// with a factor a row, z = u / factor, that is applied to the products.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/core/arguments.hpp>
#include <contrastive/cpu/aligned_buffer.hpp>
#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/similarity.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// A range of global rows in the role of anchors, of candidates, or of both.
class bf16_rows {
 public:
  static constexpr index_type group = 32;  // rows that are packed together

  void reserve(const bf16_kernel_table& kernels, index_type begin, index_type count, index_type dim) {
    kernels_ = &kernels, begin_ = begin, count_ = count, dim_ = dim;
    padded_ = (count + group - 1) / group * group, depth_ = (dim + 31) / 32 * 32;
    straight_.reserve(padded_ * depth_), panels_.reserve(padded_ * depth_), pairs_.reserve(padded_ * depth_);
    factors_.reserve(padded_), scaled_factors_.reserve(padded_);
  }
  index_type num_groups() const { return padded_ / group; }
  index_type begin() const { return begin_; }
  index_type count() const { return count_; }
  index_type depth() const { return depth_; }

  /// Reads and packs a group. `argument_row(r, line)` reads global row r, `norm(r)` is its length.
  template <class ArgumentRow, class Norm>
  void pack(index_type g, bool cosine, float scale, float* line, ArgumentRow argument_row, Norm norm) {
    for (index_type i = g * group; i < (g + 1) * group; ++i) {
      std::uint16_t* to = straight_.data() + i * depth_;
      float factor = 0, power = 1;
      std::fill_n(line, depth_, 0.0f);
      if (i < count_) {
        argument_row(begin_ + i, line);
        factor = 1;
        if (cosine) {  // a power of two, so that no product leaves the range; it rounds nothing
          const double length = norm(begin_ + i);
          int exponent = 0;
          std::frexp(length, &exponent);
          const bool direction = length >= contrastive::detail::smallest_norm && std::isfinite(length);
          power = direction ? static_cast<float>(std::ldexp(1.0, std::clamp(-exponent, -126, 126))) : 0.0f;
          factor = direction ? static_cast<float>(1 / (length * static_cast<double>(power))) : 0.0f;
        }
      }
      kernels_->narrow(line, power, depth_, to);
      factors_.data()[i] = factor, scaled_factors_.data()[i] = factor * scale;
    }
    const std::uint16_t* rows = straight_.data() + g * group * depth_;
    kernels_->pack_panel(rows, depth_, panels_.data() + g * group * depth_);
    kernels_->pack_pairs(rows, depth_, pairs_.data() + g * group * 32, padded_ * 32);
  }

  const std::uint16_t* straight(index_type i) const { return straight_.data() + i * depth_; }
  const std::uint16_t* panel(index_type i) const { return panels_.data() + i * depth_; }  // i: a multiple of 32
  index_type panel_size() const { return group * depth_; }
  const std::uint16_t* pairs(index_type i) const { return pairs_.data() + i * 32; }  // i: a multiple of 32
  index_type pairs_panel_size() const { return padded_ * 32; }
  const float* factors(index_type i) const { return factors_.data() + i; }
  const float* scaled_factors(index_type i) const { return scaled_factors_.data() + i; }

 private:
  const bf16_kernel_table* kernels_ = nullptr;
  index_type begin_ = 0, count_ = 0, dim_ = 0, padded_ = 0, depth_ = 0;
  aligned_buffer<std::uint16_t> straight_, panels_, pairs_;
  aligned_buffer<float> factors_, scaled_factors_;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
