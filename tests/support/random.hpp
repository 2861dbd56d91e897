// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Numbers for tests that are the same in any language, and the seed that all of them start from.
#pragma once

#include <Eigen/Core>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace contrastive::testing {

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The n-th number in [-1, 1) of the sequence of a seed, n = 1, 2, …: splitmix64's scrambler on a state linear in both.
CONTRASTIVE_HOST_DEVICE inline double splitmix(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t u = seed * 0x9E3779B97F4A7C15u + n * 0xBF58476D1CE4E5B9u;
  u ^= u >> 30;
  u *= 0xBF58476D1CE4E5B9u;
  u ^= u >> 27;
  u *= 0x94D049BB133111EBu;
  u ^= u >> 31;
  return static_cast<double>(u >> 11) * 0x1p-52 - 1;
}

/// The generated inputs of the big cases, row after row.
inline matrix<double> splitmix_uniform(std::uint64_t seed, index_type rows, index_type cols) {
  matrix<double> m(rows, cols);
  for (index_type i = 0; i < rows * cols; ++i) m.data()[i] = splitmix(seed, static_cast<std::uint64_t>(i + 1));
  return m;
}

/// CONTRASTIVE_TEST_SEED, or 1. Tests print it on failure: INFO("seed " << run_seed()).
inline std::uint64_t run_seed() {
  const char* given = std::getenv("CONTRASTIVE_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

/// Rows of norm about 1, the `which`-th matrix of this run.
template <class T>
matrix<T> random_rows(index_type rows, index_type cols, std::uint64_t which) {
  const double scale = std::sqrt(3.0 / static_cast<double>(cols));
  return (scale * splitmix_uniform(run_seed() * 100003 + which, rows, cols)).cast<T>();
}

/// Labels in [0, classes), the `which`-th of this run.
template <class Integer = int>
std::vector<Integer> random_labels(index_type count, int classes, std::uint64_t which) {
  std::vector<Integer> labels;
  for (index_type i = 0; i < count; ++i) {
    const double u = splitmix(run_seed() * 100003 + which, static_cast<std::uint64_t>(i + 1));  // in [-1, 1)
    labels.push_back(static_cast<Integer>((u + 1) / 2 * classes));
  }
  return labels;
}

/// Weights in [0, 2) of which about a fifth are 0, the `which`-th of this run.
inline matrix<float> random_weights(index_type rows, index_type cols, std::uint64_t which) {
  const matrix<double> u = splitmix_uniform(run_seed() * 100003 + which, rows, cols);
  return u.unaryExpr([](double v) { return v < -0.6 ? 0.0 : v + 1; }).cast<float>();
}

}  // namespace contrastive::testing
