// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a call on the CPU refuses before anything is computed, whatever it computes.
#pragma once

#include <cmath>
#include <contrastive/core/check_outputs.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/cpu/problem.hpp>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// Refuses what no call takes, and hands back the shapes of the arguments, in the caller's vector.
template <class T>
argument_shapes check_problem(const problem<T>& p, std::vector<shape>& to) {
  to.clear();
  for (int a = 0; a < p.count; ++a) to.push_back({p.arguments[a].rows, p.arguments[a].cols});
  const argument_shapes shapes{to.data(), p.count};
  contrastive::detail::check_arguments<T>(p.who, p.temperature, p.arrangement, shapes);
  for (int a = 0; a < p.count; ++a)
    if (p.arguments[a].data == nullptr)
      contrastive::detail::refuse(p.who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
  return shapes;
}

/// Refuses NaN and infinity, naming argument and row.
template <class T>
void check_finite(const problem<T>& p, const argument_shapes& shapes) {
  int a = 0;
  index_type before = 0;
  contrastive::detail::check_finite(p.who, shapes, [&](index_type row) {
    for (; row - before >= shapes[a].rows; ++a) before += shapes[a].rows;
    for (index_type k = 0; k < shapes[a].cols; ++k) {
      T v;
      p.arguments[a].read(row - before, k, 1, &v);
      if (!std::isfinite(v)) return contrastive::detail::text(v);
    }
    return std::string();
  });
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
