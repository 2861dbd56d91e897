// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss on the fused kernels of the emulated GPU.
#pragma once

#include <support/any_loss.hpp>
#include <vector>

namespace contrastive::testing {

/// Is a loss compiled for the emulated GPU? All are; but the sanitizers, which take minutes to compile them, have seven that
/// stand for all.
bool is_on_emulated_gpu(const any_loss& loss);

/// What the tile engine gives on the emulated GPU for embeddings of bfloat16. Defined in on_emulated_gpu.cpp.
answer on_emulated_gpu(const any_loss& loss, const views<Eigen::bfloat16>& embeddings, const std::vector<bool>& fixed = {});

/// Rows rounded to bfloat16, and the same numbers in double.
class rounded_rows {
 public:
  explicit rounded_rows(const views<double>& rows) {
    for (const auto& v : rows) {
      matrix<Eigen::bfloat16> m(v.rows, v.cols);
      for (index_type r = 0; r < v.rows; ++r)
        for (index_type c = 0; c < v.cols; ++c) m(r, c) = static_cast<Eigen::bfloat16>(v(r, c));
      exact_.push_back(m.cast<double>());
      rounded_.push_back(std::move(m));
    }
  }
  views<Eigen::bfloat16> rounded() const { return {rounded_.begin(), rounded_.end()}; }
  views<double> exact() const { return {exact_.begin(), exact_.end()}; }

 private:
  std::vector<matrix<Eigen::bfloat16>> rounded_;
  std::vector<matrix<double>> exact_;
};

}  // namespace contrastive::testing
