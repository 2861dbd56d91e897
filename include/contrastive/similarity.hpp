// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Each similarity as one dot product of prepared rows, and the way back from their gradient.
//
//   cosine                      a' = a / |a|               c' = c / |c|
//   dot                         a' = a                     c' = c
//   negative_squared_euclidean  a' = (√2 a, -|a|², 1)      c' = (√2 c, 1, -|c|²)
//
// The engine knows s_ij = a'_i · c'_j only. It keeps the anchor's form of a row (and swaps the last two coordinates where
// the row is a candidate), and hands back H_r = Σ over the pairs of row r of dL/ds · (anchor's form of the partner).
// Of a partner's form only the coordinates that depend on r through c' matter: for the Euclidean distance the last one,
// whose partner coordinate is 1, so that it holds Σ dL/ds, in either role.
#pragma once

#include <cmath>
#include <contrastive/core/one_lane.hpp>
#include <contrastive/core/types.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

constexpr double smallest_norm = 1e-12;  // below it a row has no direction: similarity 0 to all
constexpr double sqrt_2 = 1.4142135623730951;

/// Coordinates of a prepared row.
CONTRASTIVE_HOST_DEVICE inline index_type prepared_dim(similarity kind, index_type dim) {
  return kind == similarity::negative_squared_euclidean ? dim + 2 : dim;
}

/// |z|, given the sum of its squares in double, or in another way where that has left the range. `each` calls a function with
/// every element of the lane. Infinite or NaN where an element is.
template <class Each, class Lanes = one_lane>
CONTRASTIVE_HOST_DEVICE double norm(double squares, Each each, const Lanes& lanes = {}) {
  if (squares > 1e-280 && squares < 1e300) return std::sqrt(squares);
  double largest = 0;
  each([&](double v) { largest = std::fmax(largest, std::fabs(v)); });
  largest = lanes.max(largest);
  if (squares != squares) return squares;
  if (!(largest > 0) || largest > 1.7e308) return largest;
  squares = 0;
  each([&](double v) { squares += (v / largest) * (v / largest); });
  return largest * std::sqrt(lanes.sum(squares));
}

/// 1 / |z| for cosine, 0 for a row without a direction.
CONTRASTIVE_HOST_DEVICE inline double inverse_norm(double norm) { return norm < smallest_norm ? 0 : 1 / norm; }

/// How H_r = Σ G_rj u_j, G = dL/ds, becomes dL/dz_r = scale (H - along u), u the row as products see it.
struct chain_rule {
  double scale, along;
};
/// For a row z of that norm; `in_direction` is H · u / |u|², `slopes` Σ_j G_rj.
CONTRASTIVE_HOST_DEVICE inline chain_rule chain_rule_of(similarity kind, double norm, double in_direction, double slopes) {
  if (kind == similarity::cosine) return {inverse_norm(norm), in_direction};    // u = z / |z|: the part of H along u is lost
  if (kind == similarity::negative_squared_euclidean) return {sqrt_2, slopes};  // Σ G 2 (c - z), u = √2 z
  return {1, 0};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
