// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What every front refuses of the memory for gradients, and of embeddings that are not finite.
#pragma once

#include <contrastive/core/errors.hpp>
#include <contrastive/core/overlap.hpp>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// The views that gradients are written to, one an embedding argument: of the arguments that wanted(a) names each must have its
/// shape, and memory that no other of them shares. `Shapes` are argument_shapes.
template <class Shapes, class T, class Wanted>
void check_outputs(const char* who, const Shapes& shapes, const matrix_view<T>* gradients, int num_gradients, Wanted wanted) {
  if (num_gradients != shapes.count)
    refuse(who, "gradients", std::to_string(shapes.count) + " views, one an embedding argument", num_gradients);
  const auto name = [](int a) { return "gradients[" + std::to_string(a) + "]"; };
  const auto say = [](const auto& m) { return '(' + std::to_string(m.rows) + ", " + std::to_string(m.cols) + ")"; };
  for (int a = 0; a < shapes.count; ++a) {
    if (!wanted(a)) continue;
    if (gradients[a].data == nullptr || gradients[a].rows != shapes[a].rows || gradients[a].cols != shapes[a].cols)
      refuse(who, name(a), say(shapes[a]), say(gradients[a]));
    for (int b = 0; b < a; ++b)
      if (wanted(b) && overlap(gradients[a], gradients[b]))
        refuse(who, name(a), "memory of its own", "memory that overlaps " + name(b));
  }
}

/// Refuses the first row of the arguments, one after another, that is not finite: bad_number(row) says what is in it, and
/// nothing where all is finite.
template <class Shapes, class BadNumber>
void check_finite(const char* who, const Shapes& shapes, BadNumber bad_number) {
  index_type row = 0;
  for (int a = 0; a < shapes.count; ++a)
    for (index_type r = 0; r < shapes[a].rows; ++r, ++row)
      if (const std::string came = bad_number(row); !came.empty())
        refuse(who, "argument " + std::to_string(a + 1) + ", row " + std::to_string(r), "finite numbers", came);
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
