// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A long sum of floats without double, which many GPUs compute at a sixty-fourth of float's rate.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/instruction_flags.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Knuth 1997, The Art of Computer Programming 2, section 4.2.2: the error of an addition is a float too, and is kept.
class running_sum {
 public:
  CONTRASTIVE_HOST_DEVICE void add(float value) {
    const float sum = high_ + value, part = sum - high_;
    low_ += (high_ - (sum - part)) + (value - part);
    high_ = sum;
  }
  CONTRASTIVE_HOST_DEVICE void scale(float by) { high_ *= by, low_ *= by; }
  CONTRASTIVE_HOST_DEVICE double total() const { return static_cast<double>(high_) + static_cast<double>(low_); }

 private:
  float high_ = 0, low_ = 0;
};

/// The sum over the four lanes that share the rows of a tensor core's product.
template <class Gpu>
CONTRASTIVE_HOST_DEVICE double sum_of_four(double value) {
  value += Gpu::exchange(value, 1);
  return value + Gpu::exchange(value, 2);
}

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
