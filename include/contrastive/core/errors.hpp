// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One way to refuse bad input: what was wrong, what was expected, what came.
#pragma once

#include <contrastive/core/instruction_flags.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

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
  throw std::invalid_argument(std::string("contrastive: ") + who + ": " + argument + ": expected " + text(expected) + ", got " +
                              text(came));
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
