// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Tensor cores and the layout of what they read, a tile of small integers at a time: what the first minute on a card tells.
#include <contrastive/contrastive.hpp>  // which nvcc reads where the engine is compiled apart, as libtorch's adapter does
#include <contrastive/cuda.cuh>
#include <device/one_tile.hpp>
#include <support/catch.hpp>

namespace contrastive::testing {
namespace {

template <int D>
int wrong_on_the_gpu() {
  using R = __nv_bfloat16;
  return wrong_in_one_tile<R, D>([](const auto& rows, const auto& columns, auto& of_rows, auto& of_columns) {
    const auto bytes = [](const auto& v) { return v.size() * sizeof v[0]; };
    const auto count = [](const auto& v) { return static_cast<index_type>(v.size()); };
    const cuda::device_buffer<R> left(count(rows)), right(count(columns));
    const cuda::device_buffer<float> products(count(of_rows)), sums(count(of_columns));
    const auto copy = [](void* to, const void* from, std::size_t size, cudaMemcpyKind way) {
      cuda::detail::check("cudaMemcpy", cudaMemcpy(to, from, size, way));
    };
    copy(left.data(), rows.data(), bytes(rows), cudaMemcpyHostToDevice);
    copy(right.data(), columns.data(), bytes(columns), cudaMemcpyHostToDevice);
    cuda::detail::launch(one_tile<cuda::instructions, R, D>{left.data(), right.data(), products.data(), sums.data()}, nullptr);
    copy(of_rows.data(), products.data(), bytes(of_rows), cudaMemcpyDeviceToHost);
    copy(of_columns.data(), sums.data(), bytes(of_columns), cudaMemcpyDeviceToHost);
  });
}

}  // namespace

TEST_CASE("cuda: products of a tile of small integers are exact") {
  CHECK(wrong_on_the_gpu<64>() == 0);
  CHECK(wrong_on_the_gpu<128>() == 0);
  CHECK(wrong_on_the_gpu<256>() == 0);
}

}  // namespace contrastive::testing
