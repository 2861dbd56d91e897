// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Memory for tiles and rows: aligned to a cache line, kept, grown only when a call needs more.
#pragma once

#include <contrastive/core/types.hpp>
#include <new>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// Uninitialised room for numbers. Growing does not keep the contents.
template <class T>
class aligned_buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  aligned_buffer() = default;
  aligned_buffer(const aligned_buffer&) = delete;
  aligned_buffer& operator=(const aligned_buffer&) = delete;
  aligned_buffer(aligned_buffer&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr, other.size_ = 0;
  }
  ~aligned_buffer() { release(); }

  /// Room for at least `size` elements; throws std::bad_alloc and is then empty.
  void reserve(index_type size) {
    if (size <= size_) return;
    release();
    data_ = static_cast<T*>(::operator new(static_cast<std::size_t>(size) * sizeof(T), alignment));
    size_ = size;
  }
  T* data() const { return data_; }

 private:
  static constexpr std::align_val_t alignment{64};

  void release() {
    ::operator delete(data_, alignment);
    data_ = nullptr, size_ = 0;
  }

  T* data_ = nullptr;
  index_type size_ = 0;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
