// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The file of main.cpp's program that has exceptions.
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <cstring>
#include <stdexcept>

namespace {

constexpr int num_rows = 301, dim = 50;
double a[num_rows * dim], b[num_rows * dim];

}  // namespace

bool caught_where_exceptions_are_on() {
  try {
    contrastive::value(contrastive::nt_xent{}, contrastive::matrix_view<const double>(a, num_rows, dim),
                       contrastive::matrix_view<const double>(b, num_rows - 1, dim));
  } catch (const std::invalid_argument& e) {
    return std::strstr(e.what(), "argument 2") != nullptr;
  }
  return false;
}

/// The loss and a number of either gradient, by one thread.
void loss_and_gradient(double* results) {
  for (int i = 0; i < num_rows * dim; ++i) a[i] = std::sin(i), b[i] = std::cos(i);
  double da[num_rows * dim], db[num_rows * dim];
  contrastive::evaluator<double> evaluate({.threads = 1});
  const contrastive::matrix_view<const double> rows_a(a, num_rows, dim), rows_b(b, num_rows, dim);
  const auto& r = evaluate.value_and_gradient_into(
      {contrastive::matrix_view<double>(da, num_rows, dim), contrastive::matrix_view<double>(db, num_rows, dim)},
      contrastive::nt_xent{}, rows_a, rows_b);
  results[0] = r.loss, results[1] = da[7], results[2] = db[7];
}
