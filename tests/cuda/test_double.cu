// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The CUDA engine in double against the definition and the oracle's cases.
#include <cuda/on_device.cuh>
#include <support/agreement.hpp>
#include <support/cases.hpp>
#include <support/catch.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {

TEST_CASE("cuda: at awkward sizes every loss agrees with its definition in double") {
  cuda::evaluator<double> evaluate({.tiles = {48, 80}});
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<double>(s, [&](const char* what, const any_loss& loss, const views<double>& rows) {
      INFO(what);
      if (!is_compiled_for<double>(loss)) return;
      const answer expected = by_definition(loss, rows), came = on_gpu(evaluate, loss, rows);
      CHECK(error_of(expected, came, s.temperature, s.reduction == reduction::mean) <= tolerance<double>(s.temperature));
    });
  }
}

#if !defined(CONTRASTIVE_TEST_FEWER_KERNELS)
TEST_CASE("cuda: the cases of the oracle come out") {
  cuda::evaluator<double> evaluate;
  for (const char* file : {"info_nce.json", "nt_xent.json", "conditional_contrastive.json", "weighted_info_nce.json",
                           "sup_con.json", "clip.json", "decoupled.json", "hard_negative.json", "sincere.json", "siglip.json",
                           "soft_targets.json", "d2d_ce.json", "big.json"}) {
    CHECK(check_cases<double>(file, [&](const auto& loss, const auto& rows) { return on_gpu(evaluate, loss, rows); }) >= 2);
  }
}
#endif

}  // namespace contrastive::testing
