// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Which temperatures a scalar type can compute with.
#pragma once

#include <contrastive/core/errors.hpp>
#include <limits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// 1 / τ, by which logits and gradients are scaled, has to leave room within the type: a float ends near 1e±38.
template <class T>
struct temperature_bounds;
template <>
struct temperature_bounds<float> {
  static constexpr double least = 1e-30, most = 1e30;
  static constexpr const char* words = "a number from 1e-30 to 1e+30, the bounds of float";
};
template <>
struct temperature_bounds<double> {
  static constexpr double least = 1e-300, most = 1e300;
  static constexpr const char* words = "a number from 1e-300 to 1e+300, the bounds of double";
};

/// T is the scalar that logits are computed in.
template <class T>
void check_temperature(const char* who, double temperature) {
  using bounds = temperature_bounds<T>;
  if (!(temperature > 0 && temperature <= std::numeric_limits<double>::max()))
    refuse(who, "temperature", "a positive finite number", temperature);
  if (temperature < bounds::least || temperature > bounds::most) refuse(who, "temperature", bounds::words, temperature);
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
