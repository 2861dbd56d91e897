// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a refused call says.
#pragma once

#include <stdexcept>
#include <string>

namespace contrastive::testing {

/// What call() refuses, in its words; empty if it does not.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

}  // namespace contrastive::testing
