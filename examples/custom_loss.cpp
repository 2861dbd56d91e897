// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss of one's own: rows seen close in time attract, rows far apart repel, what lies between is in neither sum.
#include <Eigen/Core>
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <cstdio>
#include <cstdlib>

// After Sermanet et al. 2018, "Time-contrastive networks", with a softmax for the triplets:
//   l_i = log Σ_{j ≠ i, |t_i - t_j| ≤ near or > far} e^(s_ij / τ) - mean over |t_i - t_j| ≤ near, j ≠ i of s_ij / τ
struct time_contrastive {
  double temperature = 0.2;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  const float* seconds = nullptr;  // when each row was seen
  double near = 0.25, far = 1.0;

  static constexpr const char* name = "time_contrastive";  // for error messages
  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr contrastive::mean_log rule{.average = true};           // the mean over the positives
  static constexpr contrastive::pair_statements says{.symmetric = true};  // half the work

  double apart(contrastive::index_type i, contrastive::index_type j) const { return std::fabs(seconds[i] - seconds[j]); }
  double denominator(contrastive::index_type i, contrastive::index_type j) const {
    return i != j && (apart(i, j) <= near || apart(i, j) > far) ? 1 : 0;
  }
  double positive(contrastive::index_type i, contrastive::index_type j) const { return i != j && apart(i, j) <= near ? 1 : 0; }
};

// The same loss with a false statement about itself: "every positive is in a list", and then no list.
struct mistaken : time_contrastive {
  static constexpr contrastive::pair_statements says{.lists = true, .positives_listed = true};
  contrastive::index_type listed_per_anchor() const { return 0; }
  contrastive::index_type listed(contrastive::index_type, contrastive::index_type) const { return contrastive::no_candidate; }
};

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The share of rows whose nearest neighbour was seen within `near` seconds.
static double neighbours_in_time(const Rows& z, const time_contrastive& loss) {
  const Rows unit = z.rowwise().normalized();
  int found = 0;
  for (Eigen::Index i = 0; i < z.rows(); ++i) {
    Eigen::VectorXf similarity = unit * unit.row(i).transpose();
    similarity(i) = -2;
    Eigen::Index nearest = 0;
    similarity.maxCoeff(&nearest);
    found += loss.apart(i, nearest) <= loss.near;
  }
  return static_cast<double>(found) / static_cast<double>(z.rows());
}

int main() {
  // 1. Check it: a dozen rows are enough. The engine is compared with the two functions above, pair by pair, and the
  //    gradient with central differences.
  std::srand(1);
  const Eigen::VectorXf few_seconds = Eigen::VectorXf::LinSpaced(12, 0, 2.2f);
  const Rows few = Rows::Random(12, 5);
  const auto check = contrastive::check_gradient(time_contrastive{.seconds = few_seconds.data()}, few);
  std::printf("%s\n", check.message.c_str());
  const auto lie = contrastive::check_gradient(mistaken{{.seconds = few_seconds.data()}}, few);
  std::printf("%s   <- wrong on purpose\n", lie.message.c_str());

  // 2. Use it, as any loss of the library: here the embeddings of 300 frames are moved down the gradient.
  const Eigen::VectorXf seconds = Eigen::VectorXf::LinSpaced(300, 0, 30);
  const time_contrastive loss{.seconds = seconds.data()};
  Rows z = Rows::Random(300, 16);
  std::printf("nearest neighbour within %.2f s: %.0f %% of the frames\n", loss.near, 100 * neighbours_in_time(z, loss));
  contrastive::evaluator<float> evaluate;
  float first = 0, last = 0;
  for (int step = 0; step <= 100; ++step) {
    const auto& r = evaluate.value_and_gradient(loss, z);
    if (step == 0) first = r.loss;
    last = r.loss;
    if (step % 25 == 0) std::printf("step %3d  loss %.4f\n", step, static_cast<double>(r.loss));
    z -= 300.0f * r.gradients[0];  // the mean over 300 anchors makes each row's gradient small
  }
  const double found = neighbours_in_time(z, loss);
  std::printf("nearest neighbour within %.2f s: %.0f %% of the frames\n", loss.near, 100 * found);

  const bool as_expected = check.passed && !lie.passed && last < first && found > 0.9;
  return as_expected ? 0 : 1;
}
