// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Thrust as the tile engine's machine: its products, its sorting.
#include <thrust/device_vector.h>
#include <algorithm>
#include <array>
#include <contrastive/thrust/machine.hpp>
#include <limits>
#include <numeric>
#include <support/catch.hpp>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

template <class T>
matrix<T> fetched(const thrust::device_vector<T>& elements, index_type rows, index_type cols) {
  std::vector<T> host(elements.size());
  thrust::copy(elements.begin(), elements.end(), host.begin());
  return Eigen::Map<const matrix<T>>(host.data(), rows, cols);
}
template <class T>
thrust::device_vector<T> moved(const matrix<T>& m) {
  return {m.data(), m.data() + m.size()};
}

}  // namespace

TEMPLATE_TEST_CASE("thrust machine: products at awkward sizes, of factors and transposed ones, set or added", "", float,
                   double) {
  using T = TestType;
  INFO("seed " << run_seed());
  const thrust_engine::machine machine;
  constexpr index_type gap = 3;  // elements of NaN after each row
  const auto laid_out = [](const matrix<T>& m) {
    matrix<T> wide = matrix<T>::Constant(m.rows(), m.cols() + gap, std::numeric_limits<T>::quiet_NaN());
    wide.leftCols(m.cols()) = m;
    return wide;
  };
  for (const auto& [rows, columns, depth] :
       {std::array<index_type, 3>{1, 1, 1}, {3, 70, 5}, {32, 32, 64}, {33, 31, 65}, {65, 2, 130}})
    for (const bool left_transposed : {false, true})
      for (const bool right_transposed : {false, true})
        for (const bool add : {false, true}) {
          INFO(rows << " x " << columns << " x " << depth << ", transposed " << left_transposed << right_transposed << ", add "
                    << add);
          const matrix<T> left = random_rows<T>(rows, depth, 1), right = random_rows<T>(depth, columns, 2),
                          before = random_rows<T>(rows, columns, 3);
          const matrix<double> expected = 0.5 * left.template cast<double>() * right.template cast<double>() +
                                          (add ? 1 : 0) * before.template cast<double>();
          const auto a = moved<T>(laid_out(left_transposed ? matrix<T>(left.transpose()) : left)),
                     b = moved<T>(laid_out(right_transposed ? matrix<T>(right.transpose()) : right));
          auto out = moved<T>(laid_out(add ? before : matrix<T>::Constant(rows, columns, 0)));
          const auto raw = [](auto& v) { return thrust::raw_pointer_cast(v.data()); };
          machine.multiply(device::product<T, T>{rows, columns, depth, raw(a), (left_transposed ? rows : depth) + gap,
                                                 left_transposed, raw(b), (right_transposed ? depth : columns) + gap,
                                                 right_transposed, 0.5, add, raw(out), columns + gap});
          const matrix<T> came = fetched(out, rows, columns + gap);
          const double error = (came.leftCols(columns).template cast<double>() - expected).cwiseAbs().maxCoeff();
          CHECK(error <= (std::is_same_v<T, float> ? 1e-5 : 1e-13));
          CHECK(came.rightCols(gap).array().isNaN().all());
        }
}

TEST_CASE("thrust machine: rows times themselves are symmetric to the last bit") {
  const thrust_engine::machine machine;
  const index_type n = 71, d = 93;
  const auto rows = moved<float>(random_rows<float>(n, d, 1));
  thrust::device_vector<float> out(static_cast<std::size_t>(n * n));
  const float* first = thrust::raw_pointer_cast(rows.data());
  machine.multiply(device::product<float, float>{n, n, d, first, d, false, first, d, true, 3, false,
                                                 thrust::raw_pointer_cast(out.data()), n});
  const matrix<float> came = fetched(out, n, n);
  CHECK(came == came.transpose());
}

TEST_CASE("thrust machine: entries of equal keys keep their order") {
  const std::vector<int> drawn = random_labels(1000, 17, 1);
  const std::vector<index_type> keys(drawn.begin(), drawn.end());
  std::vector<index_type> expected(keys.size());
  std::iota(expected.begin(), expected.end(), index_type{0});
  const thrust::device_vector<index_type> from(keys.begin(), keys.end()), values(expected.begin(), expected.end());
  thrust::device_vector<index_type> sorted_keys(keys.size()), sorted_values(keys.size());
  const auto raw = [](auto& v) { return thrust::raw_pointer_cast(v.data()); };
  thrust_engine::machine{}.sort(raw(from), raw(values), raw(sorted_keys), raw(sorted_values),
                                static_cast<index_type>(keys.size()), 17, nullptr, 0);
  std::stable_sort(expected.begin(), expected.end(), [&](index_type a, index_type b) {
    return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
  });
  CHECK(std::equal(expected.begin(), expected.end(), sorted_values.begin()));
  CHECK(std::is_sorted(sorted_keys.begin(), sorted_keys.end()));
}

}  // namespace contrastive::testing
