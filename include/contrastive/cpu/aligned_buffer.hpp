// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Memory for tiles and rows: aligned to a cache line, kept, grown only when a call needs more.
#pragma once

#include <contrastive/core/types.hpp>
#include <new>
#include <type_traits>
#if defined(__linux__)
#include <sys/mman.h>
#endif

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
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    data_ = static_cast<T*>(::operator new(bytes, alignment_of(size)));
    size_ = size;
#if defined(__linux__)
    if (is_large(size)) ::madvise(data_, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // where the system has none, without
#endif
  }
  T* data() const { return data_; }

 private:
  /// Large buffers are aligned to huge pages: a thread that walks through rows and logits would look up thousands of small
  /// ones.
  static constexpr std::size_t huge_page = std::size_t{1} << 21;
  static bool is_large(index_type size) { return static_cast<std::size_t>(size) * sizeof(T) >= 2 * huge_page; }
  static std::align_val_t alignment_of(index_type size) { return std::align_val_t{is_large(size) ? huge_page : 64}; }

  void release() {
    ::operator delete(data_, alignment_of(size_));
    data_ = nullptr, size_ = 0;
  }

  T* data_ = nullptr;
  index_type size_ = 0;
};

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
