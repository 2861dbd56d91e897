// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the examples of documentation may take as given.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <contrastive/distributed/threads.hpp>
#include <contrastive/metrics.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// A loss of the reader's own: rows of the same label attract.
struct my_loss {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  contrastive::label_view labels = {};

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr contrastive::log_sum rule{};

  double denominator(contrastive::index_type i, contrastive::index_type j) const { return i != j ? 1 : 0; }
  double positive(contrastive::index_type i, contrastive::index_type j) const {
    return i != j && labels[i] == labels[j] ? 1 : 0;
  }
};

struct snippet_variables {
  static constexpr int n = 12, d = 128, num_negatives = 40, num_classes = 3;

  static std::vector<int> some_labels() {
    std::vector<int> labels;
    for (int i = 0; i < n; ++i) labels.push_back(i % num_classes);
    return labels;
  }

  std::vector<int> labels = some_labels();
  std::vector<float> times = std::vector<float>(n, 0.5f);
  Rows z1 = Rows::Random(n, d), z2 = Rows::Random(n, d), z3 = Rows::Random(n, d);  // views
  Rows z = Rows::Random(n, 8);                                                     // few columns, for check_gradient
  Rows q = Rows::Random(n, d), k = Rows::Random(n, d), keys = Rows::Random(n, d);
  Rows negatives = Rows::Random(num_negatives, d), own_negatives = Rows::Random(5 * n, d);
  Rows h = Rows::Random(n, d), proxies = Rows::Random(num_classes, d);
  Rows images = Rows::Random(n, d), texts = Rows::Random(n, d);
  Rows weights = Rows::Random(n, n).cwiseAbs(), queue_weights = Rows::Random(n, num_negatives).cwiseAbs();
  Rows theta = Rows::Random(n, 2), queue_theta = Rows::Random(num_negatives, 2);  // known parameters of each row
  Eigen::MatrixXf query_weight = Eigen::MatrixXf::Random(d, 8), key_weight = Eigen::MatrixXf::Random(d, 8);
};

// Counts what throws, and says where it stands.
inline int failed_snippets = 0;

template <class Snippet>
void run(const char* path, int line) {
  try {
    Snippet{}.run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s:%d: %s\n", path, line, e.what());
    ++failed_snippets;
  }
}
