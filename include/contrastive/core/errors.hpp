// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One way to refuse bad input: what was wrong, what was expected, what came. And the one place that throws.
#pragma once

#include <atomic>
#include <contrastive/core/instruction_flags.hpp>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace contrastive {

/// What is done with an error's message in files that are compiled without exceptions. A handler must not return.
using error_handler = void (*)(const char* message);

/// One a program, whatever flags its files are compiled with; null: the message goes to stderr.
inline std::atomic<error_handler> current_error_handler{nullptr};

inline namespace CONTRASTIVE_FLAGS {

/// Replaces the handler and returns the one before, as std::set_terminate does; null, at first, stands for one that prints the
/// message to stderr. In files compiled with -fno-exceptions the library calls it with the message that an exception would have
/// had, on the thread that found the error, and aborts the program should it return. Where exceptions are on it throws instead
/// and calls no handler. May be called at any time, from any thread.
///
///   contrastive::set_error_handler([](const char* message) { std::fputs(message, stderr), std::_Exit(1); });
inline error_handler set_error_handler(error_handler handler) noexcept { return current_error_handler.exchange(handler); }

namespace detail {

/// Throws Error(arguments...), or where exceptions are off hands its message to the handler.
template <class Error, class... Arguments>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Arguments&... arguments) {
#if defined(__cpp_exceptions)
  throw Error(arguments...);
#else
  const Error error(arguments...);
  if (const error_handler handler = current_error_handler.load())
    handler(error.what());
  else
    std::fprintf(stderr, "%s\n", error.what());
  std::abort();
#endif
}

inline std::string text(const std::string& s) { return s; }
inline std::string text(const char* s) { return s; }
template <class Number>
requires std::is_arithmetic_v<Number> std::string text(Number number) {
  if constexpr (std::is_integral_v<Number>) return std::to_string(number);
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", static_cast<double>(number));
  return digits;
}

/// Throws std::invalid_argument: "contrastive: <who>: <argument>: expected <expected>, got <came>".
template <class Expected, class Came>
[[noreturn, gnu::cold, gnu::noinline]] void refuse(const char* who, const std::string& argument, const Expected& expected,
                                                   const Came& came) {
  fail<std::invalid_argument>(std::string("contrastive: ") + who + ": " + argument + ": expected " + text(expected) + ", got " +
                              text(came));
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
