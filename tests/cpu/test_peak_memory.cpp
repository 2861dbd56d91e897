// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Memory grows with N d: value and gradient, and the metrics, of 20,000 rows stay far below the N² similarities, measured on
// the whole process.
#include <cmath>
#include <contrastive/contrastive.hpp>
#include <contrastive/metrics.hpp>
#include <fstream>
#include <string>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

/// The most that this process ever had in memory, in KiB; the kernel keeps the figure.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      long kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

void check_peak(const char* after, long most_mib) {
  const long peak = peak_kib();
  WARN("peak after " << after << ": " << peak / 1024 << " MiB");
  CHECK(peak > 0);
  CHECK(peak < most_mib * 1024);
}

}  // namespace

TEST_CASE("trap: value and gradient of 20,000 rows of 64 peak below 100 MiB, where the similarities alone would take 1.5 GiB") {
  const index_type n = 20000, d = 64;
  const matrix<float> a = random_rows<float>(n / 2, d, 1), b = random_rows<float>(n / 2, d, 2);
  const result<float> r = value_and_gradient(nt_xent{.temperature = 0.5}, a, b);
  CHECK(std::isfinite(r.loss));
  CHECK(r.valid_anchors == n);
  CHECK(r.gradients.at(0).allFinite());
  check_peak("nt_xent of two views of 10,000", 100);
}

TEST_CASE("trap: the metrics of 20,000 queries and keys peak below 60 MiB") {
  const index_type n = 20000, d = 64;
  const matrix<float> q = random_rows<float>(n, d, 1), noise = random_rows<float>(n, d, 2), k = q + noise;
  CHECK(std::isfinite(alignment(q, k)));
  CHECK(std::isfinite(uniformity(q)));
  CHECK(std::isfinite(recall(q, k, 5)));
  CHECK(std::isfinite(effective_negatives(q, k, 0.1)));
  check_peak("the metrics of 20,000 queries and keys", 60);
}

TEST_CASE("trap: ids, weights and probabilities of 20,000 pairs make no matrix of pairs: the peak stays below 100 MiB") {
  const index_type n = 20000, d = 64;
  const matrix<float> a = random_rows<float>(n, d, 1), b = random_rows<float>(n, d, 2);
  const std::vector<int> ids = random_labels(n, 10000, 3);
  const std::vector<float> weights(static_cast<std::size_t>(n), 0.5f), q(static_cast<std::size_t>(n), 0.01f);
  const result<float> r =
      value_and_gradient(clip{.temperature = 0.1, .ids = ids, .anchor_weights = weights, .candidate_probabilities = q}, a, b);
  CHECK(std::isfinite(r.loss));
  CHECK(r.valid_anchors == n);
  check_peak("clip of 20,000 pairs with ids, weights and probabilities", 100);
}

TEST_CASE("trap: a queue of 20,000 rows against 20,000 queries, value and gradients, peaks below 100 MiB") {
  const index_type n = 20000, d = 64;
  matrix<float> q = random_rows<float>(n, d, 1), k = random_rows<float>(n, d, 2);
  evaluator<float> evaluate;
  matrix<float> dq(n, d);  // only what MoCo trains: the queries
  const result<float>& r =
      evaluate.value_and_gradient_into({dq, matrix_view<float>{}}, info_nce{.temperature = 0.1}, q, no_gradient(k));
  CHECK(std::isfinite(r.loss));
  CHECK(dq.allFinite());
  check_peak("info_nce of 20,000 queries and keys", 100);
}

TEST_CASE("trap: value and gradient of two views of 20,000 rows of 64 peak below 100 MiB") {
  const index_type n = 20000, d = 64;
  const matrix<float> a = random_rows<float>(n, d, 1), b = random_rows<float>(n, d, 2);
  const result<float> r = value_and_gradient(nt_xent{.temperature = 0.5}, a, b);
  CHECK(std::isfinite(r.loss));
  CHECK(r.valid_anchors == 2 * n);
  check_peak("nt_xent of two views of 20,000", 100);
}

}  // namespace contrastive::testing
