// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Calls of the library, compiled once plainly and once for AVX-512; -DENTRY=<name> names the function.
// They use no Eigen matrix: Eigen's functions bear the same names whatever they are built for, and its memory must be
// freed by a file with the flags of the one that allocated it.
#include <cmath>
#include <contrastive/contrastive.hpp>

namespace {

constexpr int num_rows = 150, dim = 24;

struct inputs_and_gradients {
  double a[num_rows * dim], b[num_rows * dim], gradient_a[num_rows * dim], gradient_b[num_rows * dim];
  float weights[num_rows * num_rows];
};
inputs_and_gradients memory;

double* append(double* results, const contrastive::result<double>& r) {
  double sum_a = 0, sum_b = 0;
  for (int i = 0; i < num_rows * dim; ++i) {
    sum_a += memory.gradient_a[i] * memory.gradient_a[i];
    sum_b += memory.gradient_b[i] * memory.gradient_b[i];
  }
  *results++ = r.loss;
  *results++ = r.temperature_gradient;
  *results++ = sum_a;
  *results++ = sum_b;
  return results;
}

}  // namespace

/// Four numbers for each of two losses.
void ENTRY(double* results) {
  for (int i = 0; i < num_rows * dim; ++i) {
    memory.a[i] = std::sin(1.0 + 0.7 * i);
    memory.b[i] = std::sin(2.0 + 0.7 * i + i % 7);
  }
  for (int i = 0; i < num_rows * num_rows; ++i) memory.weights[i] = 0.25f * static_cast<float>(i % 5);
  const contrastive::matrix_view<const double> a{memory.a, num_rows, dim, dim}, b{memory.b, num_rows, dim, dim};
  const contrastive::matrix_view<double> gradient_a{memory.gradient_a, num_rows, dim, dim};
  const contrastive::matrix_view<double> gradient_b{memory.gradient_b, num_rows, dim, dim};
  const contrastive::matrix_view<const float> weights{memory.weights, num_rows, num_rows, num_rows};
  contrastive::evaluator<double> evaluate;
  results = append(results, evaluate.value_and_gradient_into({gradient_a, gradient_b}, contrastive::nt_xent{}, a, b));
  append(results,
         evaluate.value_and_gradient_into({gradient_a, gradient_b}, contrastive::weighted_info_nce{.weights = weights}, a, b));
}
