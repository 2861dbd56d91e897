// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The emulated GPU itself: what it must give, and what it must not let pass.
#include <cmath>
#include <device/one_tile.hpp>
#include <emulated_gpu/launch.hpp>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

using gpu = emulated_instructions;

template <class Work>
struct block_of {
  static constexpr int threads = 64;
  Work work;

  static index_type blocks() { return 1; }
  static std::size_t shared_bytes() { return 0; }
  void operator()() const { work(); }
};
/// What is said of work() as a kernel of one block.
template <class Work>
std::string fault_of(const Work& work) {
  try {
    launch(block_of<Work>{work});
  } catch (const std::logic_error& e) {
    return e.what();
  }
  return "";
}
struct lane_sums {
  static constexpr int threads = 128;
  double *of_warps, *of_blocks;

  static index_type blocks() { return 3; }
  static std::size_t shared_bytes() { return 0; }
  void operator()() const {
    const index_type i = gpu::block() * threads + gpu::thread();
    const auto mine = static_cast<double>(i);
    of_warps[i] = device::warp_lanes<gpu>{}.sum(mine);
    of_blocks[i] = device::block_lanes<gpu>{}.sum(mine) + 1e6 * device::block_lanes<gpu>{}.max(mine);
  }
};

/// out (16, 8) = a (16, 16) · b (16, 8) of small integers, by one warp: a by its rows, b by its rows or its columns.
struct one_product {
  static constexpr int threads = 32;
  const Eigen::bfloat16 *a, *b, *b_transposed;
  float *out, *out_of_transposed;

  static index_type blocks() { return 1; }
  static std::size_t shared_bytes() { return 3 * 16 * 16 * 2; }
  void operator()() const {
    auto* const left = reinterpret_cast<Eigen::bfloat16*>(gpu::shared_memory());
    auto *const right = left + 256, *const turned = right + 256;
    const int lane = gpu::thread();
    gpu::copy<16>(left + lane * 8, a + lane * 8);
    if (lane < 16) gpu::copy<16>(right + lane * 16, b + lane * 8);  // rows of 8, at multiples of 32 bytes
    if (lane < 16) gpu::copy<16>(turned + lane * 8, b_transposed + lane * 8);
    gpu::commit_copies();
    gpu::wait_copies<0>();
    gpu::sync_threads();
    gpu::bits of_left[4], of_right[4], of_turned[4];
    gpu::load_matrices(of_left, left + lane % 16 * 16 + lane / 16 * 8);
    gpu::load_transposed(of_right, right + lane % 16 * 16);
    gpu::load_matrices(of_turned, turned + lane % 8 * 16 + lane / 8 % 2 * 8);
    float sums[4] = {}, same[4] = {};
    gpu::multiply_add<Eigen::bfloat16>(sums, of_left, of_right[0], of_right[1]);
    gpu::multiply_add<Eigen::bfloat16>(same, of_left, of_turned[0], of_turned[1]);
    for (int q = 0; q < 4; ++q) {
      const int at = (lane / 4 + q / 2 * 8) * 8 + lane % 4 * 2 + q % 2;
      out[at] = sums[q], out_of_transposed[at] = same[q];
    }
  }
};

bool says(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("emulated GPU: lanes sum over a warp and over a block") {
  std::vector<double> warps(3 * 128), blocks(3 * 128);
  launch(lane_sums{warps.data(), blocks.data()});
  for (int i = 0; i < 3 * 128; ++i) {
    const double first_of_warp = i / 32 * 32, first_of_block = i / 128 * 128;
    CHECK(warps[static_cast<std::size_t>(i)] == 32 * first_of_warp + 31 * 16);
    CHECK(blocks[static_cast<std::size_t>(i)] == 128 * first_of_block + 127 * 64 + 1e6 * (first_of_block + 127));
  }
}

TEST_CASE("emulated GPU: shared memory that nobody wrote is NaN in each block") {
  CHECK(fault_of([] {
          float* const array = gpu::shared_array<float, 64>();
          if (!std::isnan(array[gpu::thread()])) emulated_gpu::instance().fail("a number");
          gpu::sync_threads();
          array[gpu::thread()] = 1;
        }).empty());
}

TEST_CASE("emulated GPU: a product of small integers on tensor cores is exact") {
  using R = Eigen::bfloat16;
  Eigen::Matrix<float, 16, 16, Eigen::RowMajor> a;
  Eigen::Matrix<float, 16, 8, Eigen::RowMajor> b;
  for (int i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i * 7 % 13 - 6);
  for (int i = 0; i < b.size(); ++i) b.data()[i] = static_cast<float>(i * 5 % 11 - 5);
  const Eigen::Matrix<R, 16, 16, Eigen::RowMajor> left = a.cast<R>();
  const Eigen::Matrix<R, 16, 8, Eigen::RowMajor> right = b.cast<R>();
  const Eigen::Matrix<R, 8, 16, Eigen::RowMajor> turned = b.transpose().cast<R>();
  Eigen::Matrix<float, 16, 8, Eigen::RowMajor> product, same;
  launch(one_product{left.data(), right.data(), turned.data(), product.data(), same.data()});
  CHECK(product == a * b);
  CHECK(same == a * b);
}

TEST_CASE("emulated GPU: products of a tile of small integers are exact") {
  using R = Eigen::bfloat16;
  const auto check = [&]<int D>() {
    CHECK(wrong_in_one_tile<R, D>([](const auto& rows, const auto& columns, auto& of_rows, auto& of_columns) {
            launch(one_tile<gpu, R, D>{rows.data(), columns.data(), of_rows.data(), of_columns.data()});
          }) == 0);
  };
  check.template operator()<64>();
  check.template operator()<128>();
  check.template operator()<256>();
}

TEST_CASE("emulated GPU: what a copy brings is there after the wait for its group, and not before") {
  static const float numbers[2] = {1, 2};
  const auto copies = [] {
    float* const to = gpu::shared_array<float, 128>() + 2 * gpu::thread();
    gpu::copy<4>(to, numbers);
    gpu::commit_copies();
    gpu::copy<4>(to + 1, numbers + 1);
    gpu::commit_copies();
    const bool early = !std::isnan(to[0]) || !std::isnan(to[1]);
    gpu::wait_copies<1>();
    const bool first = to[0] == 1 && std::isnan(to[1]);
    gpu::wait_copies<0>();
    if (early || !first || to[1] != 2) emulated_gpu::instance().fail("a copy at a wrong time");
  };
  CHECK(fault_of(copies).empty());
}

TEST_CASE("emulated GPU: what a kernel must not do is an error") {
  const auto copies_askew = [] { gpu::copy<4>(reinterpret_cast<char*>(gpu::shared_array<float, 64>()) + 1, nullptr); };
  CHECK(says(fault_of(copies_askew), "a copy that is not aligned"));
  const auto loads_askew = [] {
    gpu::bits out[4];
    gpu::load_matrices(out, reinterpret_cast<char*>(gpu::shared_array<double, 64>()) + 8 * (gpu::thread() % 2) + 8);
  };
  CHECK(says(fault_of(loads_askew), "a row of a matrix that is not aligned"));
  const auto some_never_reach = [] {
    if (gpu::thread() < 40) gpu::sync_threads();
  };
  CHECK(says(fault_of(some_never_reach), "a barrier that some threads never reach"));
  const auto two_barriers = [] {
    if (gpu::thread() < 32)
      gpu::sync_threads();
    else
      gpu::sync_threads();
  };
  CHECK(says(fault_of(two_barriers), "threads of a block meet at different barriers"));
  const auto half_a_warp = [] {
    if (gpu::thread() % 2 == 0) gpu::exchange(1.0f, 1);
  };
  CHECK(says(fault_of(half_a_warp), "lanes wait for lanes that do not come"));
  const auto two_instructions = [] {
    if (gpu::thread() % 2 == 0)
      gpu::exchange(1.0f, 1);
    else
      gpu::exchange(2.0f, 1);
  };
  CHECK(says(fault_of(two_instructions), "lanes of a warp meet at different instructions"));
  CHECK(fault_of([] { gpu::sync_threads(); }).empty());  // and the next kernel runs
}

}  // namespace contrastive::testing
