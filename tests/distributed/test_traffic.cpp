// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What each rank sends: the formulas of docs/distributed.md, to the byte.
#include <contrastive/distributed/joint_call.hpp>
#include <contrastive/distributed/ring_plan.hpp>
#include <distributed/on_threads.hpp>
#include <support/random.hpp>

namespace contrastive::testing {
namespace {

/// Counts what a rank sends.
class counting {
 public:
  explicit counting(distributed::thread_communicator& ranks) : ranks_(ranks) {}
  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  void all_gather(const void* own, std::size_t bytes, void* all) {
    gathered += static_cast<index_type>(bytes);
    ranks_.all_gather(own, bytes, all);
  }
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    shifted += static_cast<index_type>(bytes);
    ranks_.start_shift(to_next, bytes, from_previous, previous_bytes);
  }
  void wait() { ranks_.wait(); }

  index_type gathered = 0, shifted = 0;

 private:
  distributed::thread_communicator& ranks_;
};

/// A loss, and what the formula has to know of it.
struct sender {
  const char* what;
  any_loss loss;
  views<float> rows;
  bool symmetric = false, both_ways = false, second_stage = false;
  index_type lists = 0;          // of the rows of all arguments
  bool frozen = false;           // is no gradient of the candidates wanted?
  bool replicated_last = false;  // candidates that do not travel
};

/// The bytes of rows, sums and gradients that a rank sends.
index_type bytes_sent(const sender& s, const cut& where, int rank, int num_ranks, index_type d) {
  const std::size_t first = s.symmetric ? 0 : 1, end = s.rows.size() - (s.replicated_last ? 1 : 0);
  const auto rows = [&](int steps, std::size_t from) {  // of a block that has gone so many steps
    index_type of_block = 0;
    for (std::size_t a = from; a < end; ++a) of_block += where.rows(a, ((rank - steps) % num_ranks + num_ranks) % num_ranks);
    return of_block;
  };
  index_type outward = 0, home = 0, listed = 0;
  for (int step = 0; step < (s.symmetric ? num_ranks / 2 : num_ranks - 1); ++step) outward += rows(step, first);
  for (int step = 1; step < num_ranks; ++step) home += rows(step, first);
  for (int step = 0; step + 1 < num_ranks; ++step) listed += rows(step, 0);

  // Of an anchor: three sums of these losses, in double, with the slopes of a second stage beside them, and its share.
  const index_type row = d * 4, sums = 3 * 16, slopes = s.second_stage ? 3 * 8 : 0;
  index_type bytes = (s.second_stage ? 3 : 2) * outward * row + 8 * s.lists * listed;
  if (s.symmetric || s.both_ways) bytes += home * sums + outward * (sums + slopes + 8);
  if (s.second_stage) bytes += outward * sums + home * (sums + slopes);
  if (!s.frozen) bytes += home * row;
  if (s.replicated_last && num_ranks > 1)  // their gradient is added up from rank to rank, and the sum goes around
    bytes += ((rank + 1 < num_ranks ? 1 : 0) + (rank + 2 != num_ranks ? 1 : 0)) * s.rows.back().rows * row;
  return bytes;
}

}  // namespace

TEST_CASE("distributed: each rank sends what the formula says, to the byte") {
  const index_type n = 53, d = 9;
  const matrix<float> a = random_rows<float>(n, d, 1), b = random_rows<float>(n, d, 2), classes = random_rows<float>(4, d, 3);
  const std::vector<int> labels = random_labels(n, 4, 5);
  const sender senders[] = {
      {.what = "nt_xent", .loss = nt_xent{}, .rows = {a, b}, .symmetric = true},
      {.what = "sup_con", .loss = sup_con{.labels = labels}, .rows = {a}, .symmetric = true, .lists = 1},
      {.what = "sincere", .loss = sincere{.labels = labels}, .rows = {a}, .symmetric = true, .second_stage = true, .lists = 1},
      {.what = "conditional_contrastive with proxies",
       .loss = conditional_contrastive{.labels = labels},
       .rows = {a, classes},
       .symmetric = true,
       .lists = 1,
       .replicated_last = true},
      {.what = "info_nce", .loss = info_nce{}, .rows = {a, b}},
      {.what = "info_nce, keys without a gradient", .loss = info_nce{}, .rows = {a, b}, .frozen = true},
      {.what = "clip", .loss = clip{}, .rows = {a, b}, .both_ways = true}};
  for (const sender& s : senders)
    for (int num_ranks = 1; num_ranks <= 5; ++num_ranks) {
      INFO(s.what << ", " << num_ranks << " ranks");
      cut where;
      where.replicated_last = s.replicated_last;
      for (std::size_t arg = 0; arg < s.rows.size(); ++arg) {  // rank r has about 2 r + 1 parts of the rows
        std::vector<index_type>& bounds = where.bounds.emplace_back();
        for (int r = 0; r <= num_ranks; ++r) bounds.push_back(s.rows[arg].rows * r * r / (num_ranks * num_ranks));
      }
      std::vector<index_type> shifted(static_cast<std::size_t>(num_ranks)), letters = shifted;
      const auto words = words_of_ranks(
          num_ranks,
          [&](counting& ranks) {
            distributed::evaluator<float> evaluate{ranks, distributed::grad_scale::sum, {.threads = 1}};
            matrix<float> of_a(where.rows(0, ranks.rank()), d);
            const std::vector<matrix_view<float>> of_a_alone{of_a, {}};
            call(evaluate, ranks.rank(), s.loss, s.rows, where, s.frozen ? &of_a_alone : nullptr);
            const auto rank = static_cast<std::size_t>(ranks.rank());
            shifted[rank] = ranks.shifted, letters[rank] = ranks.gathered;
          },
          [](distributed::thread_communicator& ranks) { return counting(ranks); });
      for (const std::string& w : words) CHECK(w == "");
      const index_type num_letters =
          8 + static_cast<index_type>(s.rows.size()) + s.lists + (s.replicated_last && num_ranks > 1 ? 1 : 0);
      for (int r = 0; r < num_ranks; ++r) {
        CHECK(shifted[static_cast<std::size_t>(r)] == bytes_sent(s, where, r, num_ranks, d));
        CHECK(letters[static_cast<std::size_t>(r)] == num_letters * static_cast<index_type>(sizeof(distributed::letter)));
      }
    }
}

TEST_CASE("distributed: two ranks that have each other's block share its pairs, in every lap alike") {
  for (const auto& rows_of : {std::pair<index_type, index_type>{6000, 6000}, {5000, 3001}, {2047, 4099}, {0, 3}}) {
    const index_type lower = rows_of.first, upper = rows_of.second;
    CAPTURE(lower, upper);
    const index_type all = lower + upper;
    distributed::spread_rows rows{{{0, {lower, upper}, false, true}}, {{all, 1024}}, {all, 0, all, 0, all}, 1024, 0};
    distributed::spread_rows on_upper = rows;
    on_upper.rank = 1;
    const auto plan_of = [&](const distributed::spread_rows& of) {
      return distributed::ring_plan(of, 2, arrangement::all_against_all, true, 0, all, sizeof(float));
    };
    const distributed::ring_plan of_lower = plan_of(rows), of_upper = plan_of(on_upper);
    REQUIRE(of_lower.num_laps() == std::max<index_type>(1, (std::max(lower, upper) + 2047) / 2048));

    std::vector<int> taken(static_cast<std::size_t>(upper));  // how many rows of the lower rank have met each of the upper one
    const auto rows_in = [](const std::vector<distributed::row_piece>& pieces) {
      index_type sum = 0;
      for (const auto& piece : pieces) sum += piece.count;
      return sum;
    };
    const auto meet = [&](const std::vector<distributed::row_piece>& of_the_upper, index_type others) {
      for (const auto& piece : of_the_upper)
        for (index_type r = piece.local; r < piece.local + piece.count; ++r)
          taken[static_cast<std::size_t>(r)] += static_cast<int>(others);
    };
    for (index_type lap = 0; lap < of_lower.num_laps(); ++lap) {
      const auto halves = of_lower.first_half_of_block(1, lap), rest = of_upper.anchors_of_second_halves();
      const index_type others = rows_in(of_upper.block(0, lap));
      meet(halves, lower), meet(rest, others);
      const index_type work_of_lower = lower * rows_in(halves), work_of_upper = rows_in(rest) * others;
      if (lower == upper) CHECK(work_of_lower == work_of_upper);
    }
    CHECK(std::count(taken.begin(), taken.end(), static_cast<int>(lower)) == upper);
  }
}

}  // namespace contrastive::testing
