// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CUDA engine in float against the definition: all losses, options, layouts, awkward sizes, cold temperatures, NaN.
#include <cmath>
#include <cuda/on_device.cuh>
#include <limits>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {

TEST_CASE("cuda: at awkward sizes every loss agrees with its definition in float") {
  cuda::evaluator<float> small({.tiles = {48, 80}}), usual;
  int turn = 0;
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    auto& evaluate = turn++ % 2 == 0 ? small : usual;
    each_loss<float>(s, [&](const char* what, const any_loss& loss, const views<float>& rows) {
      INFO(what);
      const answer expected = by_definition(loss, rows), came = on_gpu(evaluate, loss, rows);
      CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<float>(s.temperature));
      CHECK(error_of(came, on_gpu(evaluate, loss, rows), s.temperature, false) == 0);  // the same bits again
    });
  }
}

TEST_CASE("cuda: temperatures from 30 down to 0.0001 are finite and agree with the definition") {
  cuda::evaluator<float> evaluate;
  for (const double temperature : {30.0, 0.021, 0.019, 0.001, 0.0001}) {
    const setting s{23, 5, similarity::cosine, reduction::mean, temperature, 0};
    INFO(s.text());
    each_loss<float>(s, [&](const char* what, const any_loss& loss, const views<float>& rows) {
      INFO(what);
      CHECK(error_of(by_definition(loss, rows), on_gpu(evaluate, loss, rows), temperature, true) <=
            tolerance<float>(temperature) * std::max(1.0, 0.1 / temperature));
    });
  }
}

TEST_CASE("cuda: NaN or infinity in a row gives NaN everywhere") {
  cuda::evaluator<float> evaluate;
  for (const similarity kind : all_similarities)
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
      each_loss<float>({40, 3, kind, reduction::none, 0.2, 0},
                       [&](const char* what, const any_loss& loss, const views<float>& rows) {
                         INFO(what);
                         std::vector<matrix<float>> copies;
                         for (const auto& v : rows) {
                           copies.emplace_back(v.rows, v.cols);
                           for (index_type i = 0; i < v.rows; ++i)
                             for (index_type k = 0; k < v.cols; ++k) copies.back()(i, k) = v(i, k);
                         }
                         copies.back()(copies.back().rows() - 1, 1) = bad;
                         const answer r = on_gpu(evaluate, loss, views<float>(copies.begin(), copies.end()));
                         CHECK(std::isnan(r.loss));
                         CHECK(std::isnan(r.temperature_gradient));
                         for (const auto& g : r.gradients) CHECK(g.array().isNaN().all());
                         for (const double l : r.per_anchor) CHECK(std::isnan(l));
                       });
}

}  // namespace contrastive::testing
