// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Memory that grows from call to call, and stays where a graph has been captured with it.
#pragma once

#include <contrastive/core/types.hpp>
#include <cstddef>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// Buffer(bytes) is memory with an owner, data() and size(). A graph goes on reading and writing the memory of the call that
/// was captured, so that memory lives as long as this does; any other is given back when a larger one takes its place.
template <class Buffer>
class growing_memory {
 public:
  index_type size() const { return memory_.size(); }

  /// At least so many bytes, aligned as Buffer aligns them; `captured`: for a call that is captured in a graph.
  std::byte* at_least(index_type bytes, bool captured) {
    if (bytes > memory_.size()) {
      Buffer larger(bytes);
      if (in_graph_) kept_.push_back(std::move(memory_));
      memory_ = std::move(larger), in_graph_ = false;
    }
    in_graph_ = in_graph_ || captured;
    return memory_.data();
  }

 private:
  Buffer memory_;
  std::vector<Buffer> kept_;
  bool in_graph_ = false;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
