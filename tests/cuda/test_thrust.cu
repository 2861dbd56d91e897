// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The Thrust engine on CUDA's system, in float, against the definition: the losses of the library, or with
// CONTRASTIVE_TEST_FEWER_KERNELS three, and a user's own. What is not marked for the device shows as a warning.
#include <cmath>
#include <cuda/on_device.cuh>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/naive_answer.hpp>
#include <support/on_thrust.hpp>
#include <support/random.hpp>
#include <support/settings.hpp>

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

template <class L>
constexpr bool runs_on_thrust =
#if defined(CONTRASTIVE_TEST_FEWER_KERNELS)
    std::is_same_v<L, nt_xent> || std::is_same_v<L, sup_con> || std::is_same_v<L, siglip>;
#else
    is_of_the_library<L>;
#endif

template <class L>
void check_agrees(const L& loss, const answer& expected, const views<float>& rows, index_type gap) {
  device_memory memory;
  const auto there = memory.loss(loss);
  const on_device<float> arguments(rows, gap);
  thrust_engine::evaluator<float> evaluate;
  const answer came = widened(evaluate.value_and_gradient(there, arguments.rows()), arguments.rows());
  CHECK(error_of(expected, came, loss.temperature, loss.reduction == reduction::mean) <= tolerance<float>(loss.temperature));
  if (rows.size() != 2) return;
  const float alone = evaluate.value(there, arguments.rows()[0], arguments.rows()[1]);
  CHECK(error_of(came.loss, static_cast<double>(alone)) == 0);
}

}  // namespace

TEST_CASE("thrust: on a GPU every loss agrees with its definition") {
  for (const setting& s : awkward_settings()) {
    INFO(s.text());
    each_loss<float>(s, [&](const char* what, const any_loss& loss, const views<float>& rows) {
      INFO(what);
      std::visit(
          [&](const auto& l) {
            if constexpr (runs_on_thrust<std::remove_cvref_t<decltype(l)>>)
              check_agrees(l, by_definition(loss, rows), rows, s.layout);
          },
          loss);
    });
  }
}

TEST_CASE("thrust: on a GPU losses and weights of a user's own agree with their definition") {
  const matrix<float> a = random_rows<float>(37, 9, 1), b = random_rows<float>(37, 9, 2);
  const matrix<double> wide_a = a.cast<double>(), wide_b = b.cast<double>();
  const views<double> both{wide_a, wide_b};
  check_agrees(neighbours{}, naive_answer(neighbours{}, both), {a, b}, 0);
  const basic_weighted_info_nce<by_column> weighted{};
  check_agrees(weighted, naive_answer(weighted, both), {a, b}, 3);
}

}  // namespace contrastive::testing
