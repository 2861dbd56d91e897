// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Everything of contrastive.hpp, metrics.hpp and distributed/threads.hpp in a build of a user's that has more warnings than
// ours. The flags are CMakeLists.txt's.
#include <contrastive/contrastive.hpp>
#include <contrastive/distributed/threads.hpp>
#include <contrastive/metrics.hpp>
#include <iostream>
#include <vector>

namespace {

struct same_parity {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::dot;
  contrastive::reduction reduction = contrastive::reduction::none;

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr contrastive::log_sum rule{};

  double denominator(contrastive::index_type i, contrastive::index_type j) const { return i != j ? 1 : 0; }
  double positive(contrastive::index_type i, contrastive::index_type j) const { return i != j && (i + j) % 2 == 0 ? 1 : 0; }
};

struct weight_by_column {
  double operator()(contrastive::index_type, contrastive::index_type column) const { return column % 2 == 0 ? 1 : 2; }
};

template <class T>
void use_everything() {
  using rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const rows a = rows::Random(8, 4), b = rows::Random(8, 4);
  const std::vector<int> labels(8);
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Ones(8, 8), theta = Eigen::MatrixXf::Ones(8, 2);
  contrastive::evaluator<T> evaluate({.threads = 2, .check_finite = true});
  evaluate.value_and_gradient(contrastive::nt_xent{}, a, b);
  evaluate.value_and_gradient(contrastive::clip{}, a, b);
  evaluate.value_and_gradient(contrastive::info_nce{.negatives = contrastive::negatives::per_anchor}, a, b, b);
  evaluate.value_and_gradient(contrastive::sup_con{.labels = labels}, a);
  evaluate.value_and_gradient(contrastive::conditional_contrastive{.labels = labels}, a, contrastive::no_gradient(b));
  evaluate.value_and_gradient(contrastive::weighted_info_nce{.weights = weights}, a, b);
  evaluate.value_and_gradient(contrastive::basic_weighted_info_nce<weight_by_column>{}, a, b);
  evaluate.value_and_gradient(same_parity{}, a);
  rows da(8, 4), db(8, 4);
  evaluate.value_and_gradient_into({da, db}, contrastive::nt_xent{}, a, b);
  evaluate.value(contrastive::nt_xent{}, std::vector<contrastive::matrix_view<const T>>{a, b});
  contrastive::value_and_gradient(contrastive::nt_xent{}, a, b);
  contrastive::feature_queue<T> queue(8, 4, {.labels = true, .num_parameters = 2});
  queue.push(a, labels, theta);
  queue.save(std::cout);
  queue.load(std::cin);
  contrastive::momentum_update(da, a, 0.99);
  contrastive::distributed::thread_group group(1);
  contrastive::distributed::thread_communicator ranks{group, 0};
  contrastive::distributed::evaluator<T> over_ranks{ranks, contrastive::distributed::grad_scale::mean};
  over_ranks.value_and_gradient(contrastive::nt_xent{}, a, b);
  over_ranks.value_and_gradient(contrastive::sup_con{.labels = labels}, a);
  over_ranks.value_and_gradient(contrastive::weighted_info_nce{.weights = weights}, a, b);
  over_ranks.value_and_gradient(contrastive::conditional_contrastive{.labels = labels}, a,
                                contrastive::distributed::replicated(b));
  over_ranks.value_and_gradient_into({da, db}, contrastive::nt_xent{}, a, b);
}

}  // namespace

int main() {
  use_everything<float>();
  use_everything<double>();
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(8, 4);
  contrastive::check_gradient(same_parity{}, a);
  const Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic> narrow = a.cast<Eigen::bfloat16>();
  contrastive::value(contrastive::nt_xent{}, narrow, narrow);
  std::cout << contrastive::alignment(narrow, narrow) << contrastive::uniformity(narrow)
            << contrastive::recall(narrow, narrow, 1) << contrastive::effective_negatives(narrow, narrow, 0.1) << '\n';
}
