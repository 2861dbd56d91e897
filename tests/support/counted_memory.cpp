// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Counts allocations: operator new is replaced, and malloc and its kin, which Eigen calls, are wrapped by the linker
// (--wrap for malloc, calloc, realloc, aligned_alloc, posix_memalign and free).
#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <support/counted_memory.hpp>

namespace contrastive::testing {

std::atomic<long> allocations{0};
std::atomic<long> allocations_left{-1};
constinit thread_local long bytes_held = 0, most_bytes_held = 0, own_allocations_left = -1;

namespace {

bool may_allocate() {
  ++allocations;
  if (own_allocations_left >= 0 && own_allocations_left-- == 0) return false;
  long left = allocations_left.load();
  while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) {
  }
  return left != 0;
}

void* taken(void* memory) {
  if (memory != nullptr) bytes_held += static_cast<long>(malloc_usable_size(memory));
  most_bytes_held = std::max(most_bytes_held, bytes_held);
  return memory;
}
void given_back(void* memory) {
  if (memory != nullptr) bytes_held -= static_cast<long>(malloc_usable_size(memory));
}

}  // namespace
}  // namespace contrastive::testing

using contrastive::testing::given_back;
using contrastive::testing::may_allocate;
using contrastive::testing::taken;

extern "C" {
// AddressSanitizer reads this: what was made by its operator new before this one took its place is freed here.
const char* __asan_default_options();
const char* __asan_default_options() { return "alloc_dealloc_mismatch=0"; }

void* __real_malloc(std::size_t);
void* __real_calloc(std::size_t, std::size_t);
void* __real_realloc(void*, std::size_t);
void* __real_aligned_alloc(std::size_t, std::size_t);
int __real_posix_memalign(void**, std::size_t, std::size_t);

void __real_free(void*);

void* __wrap_malloc(std::size_t size) { return may_allocate() ? taken(__real_malloc(size)) : nullptr; }
void* __wrap_calloc(std::size_t count, std::size_t size) {
  return may_allocate() ? taken(__real_calloc(count, size)) : nullptr;
}
void* __wrap_realloc(void* old, std::size_t size) {
  if (!may_allocate()) return nullptr;
  given_back(old);
  return taken(__real_realloc(old, size));
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  return may_allocate() ? taken(__real_aligned_alloc(alignment, size)) : nullptr;
}
int __wrap_posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  const int error = may_allocate() ? __real_posix_memalign(out, alignment, size) : ENOMEM;
  if (error == 0) taken(*out);
  return error;
}
void __wrap_free(void* memory) {
  given_back(memory);
  __real_free(memory);
}
}

namespace {

// Not through the wrapped malloc, which would count twice.
void* allocate(std::size_t size) noexcept { return may_allocate() ? taken(__real_malloc(size > 0 ? size : 1)) : nullptr; }
void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
  const std::size_t a = static_cast<std::size_t>(alignment);
  return may_allocate() ? taken(__real_aligned_alloc(a, (size + a - 1) / a * a)) : nullptr;
}
void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// All forms: a sanitizer has its own of each, and minds memory that goes from one kind to the other.
void* operator new(std::size_t size) { return or_throw(allocate(size)); }
void* operator new[](std::size_t size) { return or_throw(allocate(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return or_throw(allocate(size, alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return or_throw(allocate(size, alignment)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
