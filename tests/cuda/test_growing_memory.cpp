// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// When an evaluator's memory on the GPU is given back, with memory of the host in its place.
#include <contrastive/cuda/growing_memory.hpp>
#include <cstddef>
#include <memory>
#include <support/catch.hpp>

namespace contrastive::testing {
namespace {

/// Counts those that live.
class counted_buffer {
 public:
  static inline int living = 0;

  counted_buffer() = default;
  explicit counted_buffer(index_type bytes) : data_(new std::byte[static_cast<std::size_t>(bytes)]), size_(bytes) { ++living; }
  counted_buffer(counted_buffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  counted_buffer& operator=(counted_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~counted_buffer() { living -= data_ != nullptr; }

  std::byte* data() const { return data_.get(); }
  index_type size() const { return size_; }

 private:
  std::unique_ptr<std::byte[]> data_;
  index_type size_ = 0;
};

}  // namespace

TEST_CASE("growing memory: what was not captured is given back when a larger one takes its place") {
  {
    cuda::growing_memory<counted_buffer> memory;
    std::byte* const first = memory.at_least(10, false);
    CHECK(memory.at_least(7, false) == first);
    memory.at_least(20, false);
    CHECK(memory.size() == 20);
    CHECK(counted_buffer::living == 1);
  }
  CHECK(counted_buffer::living == 0);
}

TEST_CASE("growing memory: a graph's memory outlives larger calls") {
  {
    cuda::growing_memory<counted_buffer> memory;
    std::byte* const of_graph = memory.at_least(10, false);
    CHECK(memory.at_least(10, true) == of_graph);
    *of_graph = std::byte{1};
    memory.at_least(20, false);
    CHECK(counted_buffer::living == 2);
    CHECK(*of_graph == std::byte{1});
    memory.at_least(30, false);  // the 20 bytes are in no graph
    CHECK(counted_buffer::living == 2);
    memory.at_least(30, true);
    memory.at_least(40, false);
    CHECK(counted_buffer::living == 3);
  }
  CHECK(counted_buffer::living == 0);
}

}  // namespace contrastive::testing
