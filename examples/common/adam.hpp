// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A step of Adam on arrays of Eigen.
#pragma once

namespace examples {

/// Adam (Kingma & Ba 2015, algorithm 1) for one array: with the gradient g and its moments m and v
///
///   m += (1 - β1) (g - m),   v += (1 - β2) (g² - v),   value = keep · value - rate · m / (correction · √v + ε)
///
/// `rate` and `correction` take the bias of the moments off; keep < 1 is decoupled weight decay.
template <class T>
struct adam_step {
  T rate;
  T correction = 1, keep = 1;
  T first_share = static_cast<T>(1 - 0.9), second_share = static_cast<T>(1 - 0.999), epsilon = static_cast<T>(1e-8);

  /// All of one shape, as arrays.
  template <class Gradient, class Moment, class Value>
  void apply(const Gradient& gradient, Moment first, Moment second, Value value) const {
    first += first_share * (gradient - first);
    second += second_share * (gradient.square() - second);
    value = keep * value - rate * first / (second.sqrt() * correction + epsilon);
  }
};

}  // namespace examples
