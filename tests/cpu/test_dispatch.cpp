// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The choice of an instruction set. The tests that run once more with lesser kernels rely on it.
#include <contrastive/cpu/kernels/dispatch.hpp>
#include <cstdlib>
#include <string>
#include <support/catch.hpp>

namespace contrastive::testing {

TEST_CASE("cpu: no better instruction set is taken than CONTRASTIVE_INSTRUCTION_SET asks for") {
  const char* variable = std::getenv("CONTRASTIVE_INSTRUCTION_SET");
  const std::string wanted = variable == nullptr ? "" : variable;
  const cpu::instruction_set taken = cpu::best_instruction_set();
  if (wanted == "baseline") CHECK(taken == cpu::instruction_set::baseline);
  if (wanted == "avx2") CHECK(taken != cpu::instruction_set::avx512);
}

}  // namespace contrastive::testing
