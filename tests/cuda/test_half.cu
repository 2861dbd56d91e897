// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CUDA engine on embeddings of 16 bits, against the definition on the same rounded numbers.
#include <cuda/on_device.cuh>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

template <class S>
void check_rounded(double bound) {
  cuda::evaluator<S> evaluate({.tiles = {48, 80}});
  for (const similarity kind : all_similarities)
    for (const index_type d : {33, 64}) {
      const setting s{70, d, kind, reduction::mean, 0.1, 0};
      INFO(s.text());
      each_loss<double>(s, [&](const char* what, const any_loss& loss, const views<double>& rows) {
        if (!is_compiled_for<S>(loss)) return;
        INFO(what);
        std::vector<matrix<double>> exact;
        for (const auto& v : rows) {
          exact.emplace_back(v.rows, v.cols);
          for (index_type r = 0; r < v.rows; ++r)
            for (index_type k = 0; k < v.cols; ++k)
              exact.back()(r, k) = static_cast<double>(static_cast<float>(static_cast<S>(v(r, k))));
        }
        const views<double> rounded(exact.begin(), exact.end());
        const answer expected = by_definition(loss, rounded), came = on_gpu(evaluate, loss, rounded);
        CHECK(error_of(expected.loss, came.loss) <= tolerance<float>(0.1));
        CHECK(error_of(expected.temperature_gradient, came.temperature_gradient) * 0.1 <= tolerance<float>(0.1));
        const double share = 1 / std::max(1.0, static_cast<double>(expected.valid_anchors));
        for (std::size_t g = 0; g < came.gradients.size(); ++g)
          CHECK(relative_error(expected.gradients[g], came.gradients[g], share / 0.1) <= bound);
      });
    }
}

}  // namespace

// The gradient's matrix is rounded to the 8 bits of bfloat16.
TEST_CASE("cuda: embeddings of bfloat16 agree with the definition") { check_rounded<__nv_bfloat16>(4e-3); }
TEST_CASE("cuda: embeddings of half agree with the definition") { check_rounded<__half>(tolerance<float>(0.1)); }

}  // namespace contrastive::testing
