// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A feature_queue while memory runs out: each allocation of push, save and load fails in turn.
#include <Eigen/Core>
#include <array>
#include <contrastive/memory/feature_queue.hpp>
#include <istream>
#include <new>
#include <ostream>
#include <streambuf>
#include <string>
#include <support/catch.hpp>
#include <support/counted_memory.hpp>

namespace contrastive::testing {
namespace {

/// Bytes in place: std::stringbuf takes memory of its own, and a stream keeps the std::bad_alloc of that to itself.
class fixed_bytes : public std::streambuf {
 public:
  explicit fixed_bytes(const std::string& text = "") {
    text.copy(bytes_.data(), bytes_.size());
    setp(bytes_.data(), bytes_.data() + bytes_.size());
    setg(bytes_.data(), bytes_.data(), bytes_.data() + text.size());
  }
  std::string written() const { return {pbase(), pptr()}; }

 private:
  std::array<char, 4096> bytes_{};
};

using queue_type = feature_queue<float>;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct batch {
  Rows rows, parameters;
  Eigen::VectorXi labels;

  batch(int first, int count) : rows(count, 3), parameters(count, 1), labels(count) {
    for (int r = 0; r < count; ++r) {
      rows.row(r).setConstant(static_cast<float>(first + r));
      parameters(r, 0) = static_cast<float>(first + r) / 2;
      labels(r) = 1000 + first + r;
    }
  }
  void push_to(queue_type& queue) const { queue.push(rows, labels, parameters); }
};

std::string saved(const queue_type& queue) {
  fixed_bytes bytes;
  std::ostream stream(&bytes);
  queue.save(stream);
  return bytes.written();
}

/// A copy holds no more memory than its rows need, so that its next push takes more.
queue_type filled(int rows) {
  queue_type queue(8, 3, {.labels = true, .num_parameters = 1});
  batch(0, rows).push_to(queue);
  return queue_type(queue);
}

/// Calls `call` with a fresh queue for each k, until it succeeds; says how often it did not.
template <class Call>
int each_failure(int rows, const Call& call) {
  const std::string before = saved(filled(rows));
  for (int k = 0; k < 100; ++k) {
    queue_type queue = filled(rows);
    bool failed = false;
    allocations_left = k;
    try {
      call(queue);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    allocations_left = -1;
    if (!failed) return k;
    REQUIRE(saved(queue) == before);
    call(queue);  // now that there is memory again
  }
  return -1;
}

}  // namespace

TEST_CASE("edge: feature_queue: whichever allocation of push fails, the queue holds what it held and takes the batch later") {
  for (const int held : {0, 3, 8})
    for (const int pushed : {1, 7, 20}) {
      CAPTURE(held, pushed);
      queue_type expected = filled(held);
      const batch next(held, pushed);
      next.push_to(expected);
      bool right = true;
      CHECK(each_failure(held, [&](queue_type& queue) {
              next.push_to(queue);
              const long left = allocations_left.exchange(-1);
              right = right && saved(queue) == saved(expected);
              allocations_left = left;
            }) > (held == 8 ? 0 : 2));
      CHECK(right);
    }
}

TEST_CASE("edge: feature_queue: whichever allocation of save fails, nothing is written, of load, the queue is as it was") {
  const std::string expected = saved(filled(5));
  CHECK(each_failure(5, [&](const queue_type& queue) {
          fixed_bytes bytes;
          std::ostream stream(&bytes);
          try {
            queue.save(stream);
          } catch (const std::bad_alloc&) {
            allocations_left = -1;
            CHECK(bytes.written().empty());
            throw;
          }
          allocations_left = -1;
          CHECK(bytes.written() == expected);
        }) > 0);
  queue_type other(8, 3, {.labels = true, .num_parameters = 1});
  batch(100, 11).push_to(other);
  const std::string text = saved(other);
  CHECK(each_failure(5, [&](queue_type& queue) {
          fixed_bytes bytes(text);
          std::istream stream(&bytes);
          queue.load(stream);
          allocations_left = -1;
          CHECK(saved(queue) == text);
        }) > 3);
}

}  // namespace contrastive::testing
