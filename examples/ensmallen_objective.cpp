// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// An objective of ensmallen, mlpack's optimisers, on this library: L-BFGS fits a linear encoder to two views of each sample.
#include <contrastive/contrastive.hpp>
#include <contrastive/metrics.hpp>
#include <cstdio>
#include <ensmallen.hpp>

// As everywhere in mlpack a sample is a column of Armadillo's matrices, whose columns lie one after another: a row of ours.
template <class Matrix>
static auto rows_of(Matrix& m) {
  return contrastive::matrix_view(m.memptr(), static_cast<contrastive::index_type>(m.n_cols),
                                  static_cast<contrastive::index_type>(m.n_rows));
}

struct view_objective {
  const arma::mat &x1, &x2;
  contrastive::nt_xent loss{.temperature = 0.5};
  contrastive::evaluator<double> evaluate{};

  double EvaluateWithGradient(const arma::mat& encoder, arma::mat& gradient) {
    const arma::mat z1 = encoder * x1, z2 = encoder * x2;
    arma::mat dz1(arma::size(z1)), dz2(arma::size(z2));
    const double value = evaluate.value_and_gradient_into({rows_of(dz1), rows_of(dz2)}, loss, rows_of(z1), rows_of(z2)).loss;
    gradient = dz1 * x1.t() + dz2 * x2.t();
    return value;
  }
};

int main() {
  arma::arma_rng::set_seed(1);
  const arma::uword num_samples = 256, num_numbers = 32;
  arma::mat samples(num_numbers, num_samples, arma::fill::randn);
  samples.tail_rows(24).zeros();  // 8 numbers tell samples apart, the others will be noise
  const auto view = [&] { return arma::mat(samples + 0.3 * arma::randn(num_numbers, num_samples)); };
  const arma::mat x1 = view(), x2 = view(), new1 = view(), new2 = view();
  const auto recall = [&](const arma::mat& encoder) {
    const arma::mat z1 = encoder * new1, z2 = encoder * new2;
    return contrastive::recall(rows_of(z1), rows_of(z2), 1);
  };

  arma::mat encoder(16, num_numbers, arma::fill::randn), start = encoder, gradient;
  view_objective objective{x1, x2};
  const double first = objective.EvaluateWithGradient(encoder, gradient);
  ens::L_BFGS optimizer(10, 100);
  const double last = optimizer.Optimize(objective, encoder);
  const double recall_before = recall(start), recall_after = recall(encoder);
  std::printf("loss %.3f, after L-BFGS %.3f; new views that find each other: %.1f %%, then %.1f %%\n", first, last,
              100 * recall_before, 100 * recall_after);
  return last < first && recall_after > recall_before ? 0 : 1;
}
