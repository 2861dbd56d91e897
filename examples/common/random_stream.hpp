// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on a seed and a place alone, so that any thread may draw those of any sample.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <utility>
#include <vector>

namespace examples {

/// SplitMix64 (Steele et al. 2014), started from a seed and the place of use: random_stream s{seed, {epoch, sample, view}}.
class random_stream {
 public:
  explicit random_stream(std::uint64_t seed, std::initializer_list<std::uint64_t> place = {}) : state_(mix(seed + step)) {
    for (const std::uint64_t part : place) state_ = mix(state_ ^ mix(part + step));
  }

  std::uint64_t next() { return mix(state_ += step); }
  /// In [0, 1).
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24F; }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  /// In [0, count). The bias of the product is below 2^-32 for the counts of the examples.
  std::uint64_t below(std::uint64_t count) { return ((next() >> 32) * count) >> 32; }
  /// Standard normal, by Box and Muller.
  float normal() {
    const double radius = std::sqrt(-2 * std::log(1 - static_cast<double>(uniform())));
    return static_cast<float>(radius * std::cos(6.283185307179586 * static_cast<double>(uniform())));
  }
  /// Mean 0, variance 1, close to normal and much cheaper: the sum of four 16-bit parts of one draw (Irwin-Hall).
  float rough_normal() {
    const std::uint64_t bits = next();
    const auto sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    constexpr float scale = 1.7320508F / 65536;  // a sum of four uniform numbers has variance 4/12
    return (static_cast<float>(sum) - 2 * 65535) * scale;
  }

 private:
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

/// 0 … count - 1 in random order (Fisher and Yates; std::shuffle differs between standard libraries).
inline std::vector<std::size_t> shuffled(std::size_t count, random_stream random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace examples
