// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Cases made from the oracle: inputs, values and gradients of each loss, laid beside any engine.
#pragma once

#include <functional>
#include <string>
#include <support/any_loss.hpp>

namespace contrastive::testing {

/// How an engine of scalar T is asked.
template <class T>
using engine_call = std::function<answer(const any_loss&, const views<T>&)>;

/// Runs the cases of a file of the folder of test data, or of CONTRASTIVE_CASES_DIR, on one engine; what is generated only up
/// to `most_rows` rows. Returns how many cases ran. Defined in cases.cpp, for float and double.
template <class T>
int check_cases(const std::string& file, const engine_call<T>& evaluate, int most_rows = 1 << 30);

}  // namespace contrastive::testing
