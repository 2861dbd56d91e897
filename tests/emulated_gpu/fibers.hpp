// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Stacks that one thread of the CPU switches between.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#define CONTRASTIVE_TEST_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONTRASTIVE_TEST_ADDRESS_SANITIZER
#endif
#endif
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
#include <sanitizer/common_interface_defs.h>
#endif

namespace contrastive::testing {

/// A stack on which `run` is called; without one, that of the thread itself. switch_to leaves one and goes on in another.
class fiber {
 public:
  fiber() = default;
  explicit fiber(void (*run)()) : memory_(new char[stack_bytes]), bottom_(memory_.get()), size_(stack_bytes), run_(run) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = memory_.get(), context_.uc_stack.ss_size = stack_bytes, context_.uc_link = nullptr;
    makecontext(&context_, &begin, 0);
  }
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  void switch_to(fiber& other) {
    from_ = this, to_ = &other;
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
    __sanitizer_start_switch_fiber(&fake_stack_, other.bottom_, other.size_);
#endif
    jump(other);
    arrived();
  }

 private:
  static constexpr std::size_t stack_bytes = 1 << 17;

  /// The first time by ucontext, which asks the system each time; then by the compiler's own jump, 20 times as fast. That of
  /// the C library would be watched by sanitizers, which clear what they know of a whole stack each time.
#if defined(__clang__)
  [[gnu::noinline, clang::no_sanitize("address", "undefined")]]
#else
  [[gnu::noinline]]
#endif
  void
  jump(fiber& other) {
    if (__builtin_setjmp(jump_) != 0) return;
    if (other.run_ != nullptr && !other.begun_) swapcontext(&context_, &other.context_);
    __builtin_longjmp(other.jump_, 1);
  }
  static void begin() {
    fiber& self = *to_;
    self.begun_ = true;
    self.arrived();
    self.run_();
  }
  void arrived() {
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
    __sanitizer_finish_switch_fiber(fake_stack_, &from_->bottom_, &from_->size_);
#endif
  }

  std::unique_ptr<char[]> memory_;
  const void* bottom_ = nullptr;  // of a thread's own stack known once it has been left
  std::size_t size_ = 0;
  void (*run_)() = nullptr;
  bool begun_ = false;
  ucontext_t context_{};
  void* jump_[5] = {};
#if defined(CONTRASTIVE_TEST_ADDRESS_SANITIZER)
  void* fake_stack_ = nullptr;
#endif
  static inline fiber *from_ = nullptr, *to_ = nullptr;  // of the last switch
};

}  // namespace contrastive::testing
