// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The memory that a rank takes: the formula of docs/distributed.md; and what happens where there is none.
#include <contrastive/distributed/joint_call.hpp>
#include <distributed/on_threads.hpp>
#include <support/counted_memory.hpp>
#include <support/random.hpp>

namespace contrastive::testing {
namespace {

using distributed::grad_scale;

/// A loss of two arguments, of which each rank has as many rows; `blocks` of them are held where they travel.
struct holder {
  const char* what;
  any_loss loss;
  bool both_travel = false;  // or the second one alone
  long blocks = 5;
  long sums = 0;                          // bytes of a travelling row's sums
  const std::vector<int>* ids = nullptr;  // of clip
};

/// The most that each rank allocates in its first call beside the gradients, in bytes. Where few blocks are held, the
/// candidates have no gradient.
std::vector<long> memory_of_ranks(int num_ranks, const holder& h, index_type rows_of_rank, const matrix<float>& a,
                                  const matrix<float>& b) {
  std::vector<index_type> bounds;
  for (int r = 0; r <= num_ranks; ++r) bounds.push_back(r * rows_of_rank);
  const cut where{{bounds, bounds}};
  const views<float> rows{a.topRows(bounds.back()), b.topRows(bounds.back())};
  const any_loss loss = h.ids == nullptr ? h.loss : clip{.ids = label_view(h.ids->data(), bounds.back())};
  const bool frozen = h.blocks == 2;
  std::vector<long> bytes(static_cast<std::size_t>(num_ranks));
  const auto words = words_of_ranks(num_ranks, [&](auto& ranks) {
    matrix<float> of_a(rows_of_rank, a.cols());
    const std::vector<matrix_view<float>> of_a_alone{of_a, {}};
    const long before = most_bytes_held = bytes_held;
    distributed::evaluator<float> evaluate{ranks, grad_scale::sum, {.threads = 1}};
    call(evaluate, ranks.rank(), loss, rows, where, frozen ? &of_a_alone : nullptr);
    bytes[static_cast<std::size_t>(ranks.rank())] =
        most_bytes_held - before - (frozen ? 1 : 2) * static_cast<long>(of_a.size() * 4);
  });
  for (const std::string& w : words) CHECK(w == "");
  return bytes;
}

}  // namespace

TEST_CASE("distributed: beside what one rank alone takes for its rows, a rank holds the blocks that travel") {
  const index_type d = 128, most_rows = 1400;
  const matrix<float> a = random_rows<float>(4 * 300, d, 1), b = random_rows<float>(4 * 300, d, 2),
                      large_a = random_rows<float>(2 * most_rows, d, 3), large_b = random_rows<float>(2 * most_rows, d, 4);
  const std::vector<int> labels = random_labels(4 * 300, 5, 5);
  const long sums = 3 * 16 + 8;  // in double, and a share
  const auto check = [&](const holder& h, int num_ranks, index_type rows, const matrix<float>& first,
                         const matrix<float>& second) {
    INFO(h.what << ", " << num_ranks << " ranks of " << rows << " rows an argument");
    const long alone = memory_of_ranks(1, h, rows, first, second)[0],
               block = std::min(2048L, static_cast<long>(rows) * (h.both_travel ? 2 : 1)),
               listed = (h.ids == nullptr ? 0 : 8) * static_cast<long>(rows) * (num_ranks - 1),  // of the other ranks
        expected = alone + h.blocks * block * (4 * static_cast<long>(d) + h.sums) + listed;
    for (const long bytes : memory_of_ranks(num_ranks, h, rows, first, second)) {
      // Beside these are a letter of each rank, a few words of each, and what the allocator rounds up.
      CHECK(bytes >= expected - 4096);
      CHECK(bytes <= expected + 4096 + num_ranks * static_cast<long>(sizeof(distributed::letter)));
    }
  };
  const holder nt_xent_of_views{.what = "nt_xent", .loss = nt_xent{}, .both_travel = true, .sums = sums};
  for (int num_ranks = 2; num_ranks <= 4; ++num_ranks) {
    check(nt_xent_of_views, num_ranks, 300, a, b);
    check({.what = "clip with ids", .loss = clip{}, .sums = sums, .ids = &labels}, num_ranks, 300, a, b);
    check({.what = "info_nce", .loss = info_nce{}}, num_ranks, 300, a, b);
    check({.what = "info_nce, keys without a gradient", .loss = info_nce{}, .blocks = 2}, num_ranks, 300, a, b);
  }
  check(nt_xent_of_views, 2, most_rows, large_a, large_b);  // in two laps
}

TEST_CASE("distributed: whichever allocation of one rank fails, all ranks hear of it, and the next call is right") {
  const index_type n = 7, d = 5;
  const matrix<double> a = random_rows<double>(3 * n, d, 1), b = random_rows<double>(3 * n, d, 2);
  for (int failing = 0; failing < 3; ++failing) {
    int failures = 0;
    for (bool done = false; !done && failures < 300; ++failures) {
      INFO("allocation " << failures << " of rank " << failing);
      std::vector<std::string> said(3);
      const auto words = words_of_ranks(3, [&](auto& ranks) {
        const matrix<double> own_a = a.middleRows(ranks.rank() * n, n), own_b = b.middleRows(ranks.rank() * n, n);
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum, {.threads = 1}};
        const double expected = evaluate.value(nt_xent{}, own_a, own_b);
        distributed::evaluator<double> fresh{ranks, grad_scale::sum, {.threads = 1}};
        own_allocations_left = ranks.rank() == failing ? failures : -1;
        try {
          fresh.value_and_gradient(nt_xent{}, own_a, own_b);
        } catch (const std::exception& e) {
          own_allocations_left = -1;
          said[static_cast<std::size_t>(ranks.rank())] = e.what();
        }
        own_allocations_left = -1;
        if (fresh.value(nt_xent{}, own_a, own_b) != expected) throw std::logic_error("another value");
      });
      for (const std::string& w : words) CHECK(w == "");
      done = said[0].empty();
      for (const std::string& s : said) CHECK((s.find("bad_alloc") != std::string::npos) == !done);
    }
    CHECK(failures > 20);
    CHECK(failures < 300);
  }
}

}  // namespace contrastive::testing
