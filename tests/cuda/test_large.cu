// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Sizes that people train with: 16 bits and float against double, which goes another way through the engine.
#include <contrastive/cuda.cuh>
#include <cuda/on_device.cuh>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/random.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

/// Numbers in [-1, 1), of S, and the same ones widened to V.
template <class S, class V>
struct scatter {
  S* out;
  V* wide;
  __host__ __device__ void operator()(index_type i) const {
    unsigned long long u = static_cast<unsigned long long>(i + 1) * 0x9E3779B97F4A7C15ull;
    u ^= u >> 31, u *= 0xBF58476D1CE4E5B9ull, u ^= u >> 29;
    out[i] = static_cast<S>(static_cast<float>(u >> 40) * 0x1p-23f - 1);
    wide[i] = static_cast<V>(static_cast<float>(out[i]));
  }
};

/// What both types make of two arguments of these numbers of rows.
template <class S, class L>
void check_against_double(const L& loss, index_type first, index_type second, index_type d, double bound) {
  INFO(loss.name << ", " << first << " and " << second << " rows of " << d);
  const cudaStream_t stream = nullptr;
  const cuda::device_buffer<S> z((first + second) * d);
  const cuda::device_buffer<double> wide((first + second) * d);
  cuda::detail::each((first + second) * d, scatter<S, double>{z.data(), wide.data()}, stream);
  const auto of = [&](auto* p, auto& evaluate) {
    using V = std::remove_reference_t<decltype(*p)>;
    const cuda::device_matrix_view<const V> a(p, first, d), b(p + first * d, second, d);
    if (second == 0) return evaluate.value_and_gradient(loss, a, stream);
    return evaluate.value_and_gradient(loss, a, b, stream);
  };
  cuda::evaluator<S> narrow;
  cuda::evaluator<double> exact;
  const auto came = of(z.data(), narrow);
  const auto expected = of(wide.data(), exact);
  CHECK(error_of(expected.loss, static_cast<double>(came.loss)) <= tolerance<float>(loss.temperature));
  CHECK(error_of(expected.temperature_gradient, static_cast<double>(came.temperature_gradient)) * loss.temperature <=
        tolerance<float>(loss.temperature));
  CHECK(came.valid_anchors == expected.valid_anchors);
  REQUIRE(came.gradients.size() == expected.gradients.size());
  for (std::size_t g = 0; g < came.gradients.size(); ++g) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < came.gradients[g].size(); ++i) {
      const double e = expected.gradients[g][i], difference = static_cast<double>(came.gradients[g][i]) - e;
      off += difference * difference, all += e * e;
    }
    CHECK(all > 0);
    CHECK(off <= bound * bound * all);  // and NaN is not
  }
}

std::vector<std::int64_t> classes(index_type n, std::int64_t count) {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(n));
  for (index_type i = 0; i < n; ++i) labels[static_cast<std::size_t>(i)] = (i * 7919 + i / 13) % count;
  return labels;
}

}  // namespace

TEST_CASE("cuda: large batches of bfloat16 agree with double") {
  constexpr double bound = 4e-3;
  check_against_double<__nv_bfloat16>(nt_xent{.temperature = 0.1}, 32768, 32768, 128, bound);
  check_against_double<__nv_bfloat16>(nt_xent{.temperature = 0.1}, 8001, 8001, 64, bound);
  check_against_double<__nv_bfloat16>(nt_xent{.temperature = 0.01}, 5000, 5000, 256, bound);  // with maxima
  check_against_double<__nv_bfloat16>(nt_xent{.temperature = 0.1}, 8192, 8192, 512, bound);
  check_against_double<__nv_bfloat16>(clip{.temperature = 0.07}, 16384, 16384, 128, bound);
  check_against_double<__nv_bfloat16>(siglip{.temperature = 0.1, .bias = -10}, 10000, 10000, 100, bound);
  check_against_double<__nv_bfloat16>(info_nce{.temperature = 0.07}, 4096, 4096, 128, bound);
  device_memory memory;
  for (const std::int64_t count : {10, 5000}) {
    const std::vector<std::int64_t> labels = classes(20000, count);
    const label_view there(memory.copy(labels.data(), 20000), 20000);
    check_against_double<__nv_bfloat16>(sup_con{.temperature = 0.1, .labels = there}, 20000, 0, 128, bound);
  }
}

TEST_CASE("cuda: large batches of float agree with double") {
  check_against_double<float>(nt_xent{.temperature = 0.1}, 8192, 8192, 128, 1e-5);
  check_against_double<float>(clip{.temperature = 0.07}, 8192, 8192, 512, 1e-5);
}

}  // namespace contrastive::testing
