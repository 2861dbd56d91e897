// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// log(1 + e^x) and its derivative, without overflow and without cancellation.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/instruction_flags.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// log(1 + e^x): with e = e^-|x| it is max(x, 0) + log1p(e).
template <class T>
CONTRASTIVE_HOST_DEVICE T softplus(T x) {
  return (x > 0 ? x : T(0)) + std::log1p(std::exp(x > 0 ? -x : x));
}

/// 1 / (1 + e^-x), the derivative of softplus.
template <class T>
CONTRASTIVE_HOST_DEVICE T sigmoid(T x) {
  const T e = std::exp(x > 0 ? -x : x);
  return (x > 0 ? T(1) : e) / (1 + e);
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
