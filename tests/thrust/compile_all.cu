// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Losses with the Thrust engine in CONTRASTIVE_SCALAR, for nvcc: what is not marked for the device shows as a warning. All of
// them, or with CONTRASTIVE_TEST_FEWER_KERNELS three and a user's own: the tests of the CUDA engine compile the others.
#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/d2d_ce.hpp>
#include <contrastive/losses/decoupled.hpp>
#include <contrastive/losses/hard_negative.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sincere.hpp>
#include <contrastive/losses/soft_targets.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>
#include <contrastive/thrust/evaluator.hpp>

namespace contrastive::testing {
namespace {

/// A rule of the user's own with a function of its own: l = log(1 + Σ D x²) - Σ P x.
struct squares_rule {
  static constexpr auto sums = row_sums(own_of(weight::D), x_of(weight::P));

  CONTRASTIVE_HOST_DEVICE double value(int, double x) const { return x * x; }
  CONTRASTIVE_HOST_DEVICE double slope(int, double x) const { return 2 * x; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<2> finish(const S& s) const {
    return {.loss = std::log1p(s[0]) - s[1], .mass = 1, .slopes = {1 / (1 + s[0]), -1}};
  }
};

/// A loss of the user's own: neighbours attract.
struct neighbours {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr squares_rule rule{};

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const { return i != j ? 1 : 0; }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const { return i - j == 1 || j - i == 1 ? 1 : 0; }
};

/// Weights of negatives by a function of the user's own.
struct by_column {
  CONTRASTIVE_HOST_DEVICE double operator()(index_type i, index_type column) const {
    return static_cast<double>((i + column) % 3);
  }
};

using scalar = CONTRASTIVE_SCALAR;
using rows = thrust_engine::device_rows<scalar>;

template <class L>
scalar both(thrust_engine::evaluator<scalar>& evaluate, const L& loss, const rows& a, const rows& b) {
  return evaluate.value(loss, a, b) + evaluate.value_and_gradient(loss, a, no_gradient(b)).loss;
}

}  // namespace

scalar all_losses(thrust_engine::evaluator<scalar>& evaluate, const rows& a, const rows& b);
scalar all_losses(thrust_engine::evaluator<scalar>& evaluate, const rows& a, const rows& b) {
  const scalar fewer = both(evaluate, nt_xent{}, a, b) + both(evaluate, sup_con{}, a, b) + both(evaluate, siglip{}, a, b) +
                       both(evaluate, neighbours{}, a, b) + both(evaluate, basic_weighted_info_nce<by_column>{}, a, b);
#if defined(CONTRASTIVE_TEST_FEWER_KERNELS)
  return fewer;
#else
  return fewer + both(evaluate, info_nce{}, a, b) + both(evaluate, clip{}, a, b) +
         both(evaluate, conditional_contrastive{}, a, b) + both(evaluate, weighted_info_nce{}, a, b) +
         both(evaluate, decoupled{}, a, b) + both(evaluate, hard_negative{}, a, b) + both(evaluate, sincere{}, a, b) +
         both(evaluate, soft_targets{}, a, b) + both(evaluate, d2d_ce{}, a, b) +
         both(evaluate, basic_weighted_info_nce<parameter_weights<degradation_prior> >{}, a, b);
#endif
}

}  // namespace contrastive::testing
