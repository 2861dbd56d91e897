// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The rows of all arguments as the passes over pairs read them, the similarity of two, and the chain rule back.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/similarity.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace thrust_engine {

/// Σ_k term(k) in an order that depends on the length alone; several sums side by side, which vector instructions can take.
template <class Term>
CONTRASTIVE_HOST_DEVICE double sum_of(index_type count, Term term) {
  constexpr index_type lanes = 8;
  double part[lanes] = {};
  index_type k = 0;
  for (; k + lanes <= count; k += lanes)
    for (index_type l = 0; l < lanes; ++l) part[l] += term(k + l);
  for (; k < count; ++k) part[0] += term(k);
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

/// Global rows (engine/loss_concept.hpp) side by side; under cosine they have norm 1, or are 0 where they have no direction.
template <class T>
struct prepared_rows {
  similarity kind;
  index_type dim;
  T* elements;    // (total, dim) row-major
  double* norms;  // (total)

  CONTRASTIVE_HOST_DEVICE const T* row(index_type r) const { return elements + r * dim; }

  /// Reads global row r from where the caller keeps it.
  CONTRASTIVE_HOST_DEVICE void read(index_type r, const T* from) const {
    const double squares =
        sum_of(dim, [from](index_type k) { return static_cast<double>(from[k]) * static_cast<double>(from[k]); });
    const double length = contrastive::detail::norm(squares, [from, this](auto visit) {
      for (index_type k = 0; k < dim; ++k) visit(static_cast<double>(from[k]));
    });
    norms[r] = length;
    const double scale = kind == similarity::cosine ? contrastive::detail::inverse_norm(length) : 1;
    T* to = elements + r * dim;
    for (index_type k = 0; k < dim; ++k) to[k] = static_cast<T>(static_cast<double>(from[k]) * scale);
  }

  /// s of global rows a and c.
  CONTRASTIVE_HOST_DEVICE double similarity_of(index_type a, index_type c) const {
    const T *x = row(a), *y = row(c);
    if (kind != similarity::negative_squared_euclidean)
      return sum_of(dim, [x, y](index_type k) { return static_cast<double>(x[k]) * static_cast<double>(y[k]); });
    return -sum_of(dim, [x, y](index_type k) {
      const double difference = static_cast<double>(x[k]) - static_cast<double>(y[k]);
      return difference * difference;
    });
  }

  /// sums += slope · (ds/d(row r) before the part that depends on r alone), s the similarity of r and `partner`.
  CONTRASTIVE_HOST_DEVICE void add_slope(index_type r, index_type partner, double slope, double* sums) const {
    const T *z = row(r), *y = row(partner);
    if (kind != similarity::negative_squared_euclidean)
      for (index_type k = 0; k < dim; ++k) sums[k] += slope * static_cast<double>(y[k]);
    else
      for (index_type k = 0; k < dim; ++k) sums[k] += 2 * slope * (static_cast<double>(y[k]) - static_cast<double>(z[k]));
  }

  /// scale · dL/d(row r as it came), from the sums of add_slope.
  CONTRASTIVE_HOST_DEVICE void write_gradient(index_type r, const double* sums, double scale, T* out) const {
    const T* u = row(r);
    if (kind != similarity::cosine) {
      for (index_type k = 0; k < dim; ++k) out[k] = static_cast<T>(scale * sums[k]);
      return;
    }
    // u = z / |z|: the part of the sums along u is lost.
    const double along = sum_of(dim, [sums, u](index_type k) { return sums[k] * static_cast<double>(u[k]); });
    scale *= contrastive::detail::inverse_norm(norms[r]);
    for (index_type k = 0; k < dim; ++k) out[k] = static_cast<T>(scale * (sums[k] - along * static_cast<double>(u[k])));
  }
};

/// One argument's rows into their place.
template <class T>
struct read_rows {
  prepared_rows<T> rows;
  const T* from;
  index_type row_stride, first_row;

  CONTRASTIVE_HOST_DEVICE void operator()(index_type r) const { rows.read(first_row + r, from + r * row_stride); }
};

/// True where a row holds NaN or infinity.
struct norm_not_finite {
  CONTRASTIVE_HOST_DEVICE bool operator()(double norm) const { return !(norm <= 1.7976931348623157e308); }
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
