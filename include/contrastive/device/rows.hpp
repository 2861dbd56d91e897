// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The embeddings as the products see them, row by row, and the chain rule from their gradient back to the caller's rows.
//
//   cosine                      u = z / |z|      x_ij = u_i · u_j / τ
//   dot                         u = z            x_ij = u_i · u_j / τ
//   negative_squared_euclidean  u = √2 (z - m)   x_ij = (u_i · u_j - |u_i|²/2 - |u_j|²/2) / τ, m the mean of all rows
//
// Rows of 16 bits stay in 16 bits: v = z / 2^e, which is exact, and u = f v with a factor f of the row's own.
// Gradients are summed as f_i H_i = Σ_j (f_i G_ij f_j) v_j, so that one matrix serves rows and columns. After the last
// coordinate of u stands a 1 for distances, so that H has Σ_j G_ij there, and zeros up to the row's stride.
#pragma once

#include <cmath>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/matrix_view.hpp>
#include <contrastive/device/row_state.hpp>
#include <contrastive/similarity.hpp>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// What a row needs beside its coordinates.
template <class T>
struct row_numbers {
  double* norms;  // |z|, for distances |z - m|
  T* factors;     // f, or null where all are 1
  T* offsets;     // -|u|²/2 / τ for distances, else null
};

/// The arm s_ij / τ from (v_i · v_j) / τ.
template <class T>
struct arm_form {
  const T* factors;
  const T* offsets;

  CONTRASTIVE_HOST_DEVICE T factor(index_type a, index_type c) const {
    return factors == nullptr ? T(1) : factors[a] * factors[c];
  }
  CONTRASTIVE_HOST_DEVICE T operator()(T product, index_type a, index_type c) const {
    if (factors != nullptr) return product * factor(a, c);
    return offsets == nullptr ? product : product + (offsets[a] + offsets[c]);
  }
};

/// Copies the rows of an argument, with zeros behind them.
template <class S, class R>
struct read_rows {
  matrix_view<const S> from;
  R* rows;  // of the argument, (from.rows, stride) row-major
  index_type stride;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    for (index_type k = lanes.lane(); k < stride; k += lanes.size()) {
      if constexpr (std::is_same_v<S, R>)
        rows[r * stride + k] = k < from.cols ? from.data[r * from.row_stride + k * from.col_stride] : static_cast<R>(0.0f);
      else
        rows[r * stride + k] = k < from.cols ? static_cast<R>(from.data[r * from.row_stride + k * from.col_stride]) : R(0);
    }
  }
};

/// Sums of the columns over runs of rows.
template <class R>
struct sum_columns {
  const R* rows;
  index_type num_rows, dim, stride, rows_per_part;
  double* parts;  // (parts, dim)

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type part, const Lanes& lanes) const {
    const index_type begin = part * rows_per_part, end = begin + rows_per_part < num_rows ? begin + rows_per_part : num_rows;
    for (index_type k = lanes.lane(); k < dim; k += lanes.size()) {
      double sum = 0;
      for (index_type r = begin; r < end; ++r) sum += static_cast<double>(rows[r * stride + k]);
      parts[part * dim + k] = sum;
    }
  }
};
struct find_mean {
  const double* parts;
  index_type num_parts, num_rows, dim;
  double* mean;  // (dim)

  CONTRASTIVE_HOST_DEVICE void operator()(index_type k) const {
    double sum = 0;
    for (index_type p = 0; p < num_parts; ++p) sum += parts[p * dim + k];
    mean[k] = sum / static_cast<double>(num_rows);
  }
};

/// Turns rows as they came into v, and finds their norms, factors and offsets.
template <class T, class R>
struct shape_rows {
  similarity kind;
  R* rows;
  index_type dim, stride;
  const double* mean;  // of all rows, for distances
  double temperature;
  row_numbers<T> numbers;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    R* row = rows + r * stride;
    const bool distance = kind == similarity::negative_squared_euclidean;
    const auto at = [&](index_type k) { return widen(row[k]) - (distance ? mean[k] : 0); };
    double squares = 0;
    for (index_type k = lanes.lane(); k < dim; k += lanes.size()) squares += at(k) * at(k);
    squares = lanes.sum(squares);
    const double norm = contrastive::detail::norm(
        squares,
        [&](const auto& visit) {
          for (index_type k = lanes.lane(); k < dim; k += lanes.size()) visit(at(k));
        },
        lanes);
    if (lanes.lane() == 0) numbers.norms[r] = norm;
    if constexpr (!std::is_same_v<T, R>) {
      // A row without a direction is 0, so that f is never 0.
      const double inverse = contrastive::detail::inverse_norm(norm);
      const bool cosine = kind == similarity::cosine, is_zero = cosine && inverse == 0 && norm <= largest_double;
      int exponent = 0;
      if (cosine && norm > 0 && norm <= largest_double) std::frexp(norm, &exponent);
      for (index_type k = lanes.lane(); k < dim && (exponent != 0 || is_zero); k += lanes.size())
        row[k] = is_zero ? static_cast<R>(0.0f) : static_cast<R>(static_cast<float>(std::ldexp(widen(row[k]), -exponent)));
      if (lanes.lane() == 0) numbers.factors[r] = cosine && !is_zero ? static_cast<T>(std::ldexp(inverse, exponent)) : T(1);
    } else if (kind == similarity::cosine) {
      const double scale = contrastive::detail::inverse_norm(norm);
      for (index_type k = lanes.lane(); k < dim; k += lanes.size()) row[k] = static_cast<T>(widen(row[k]) * scale);
    } else if (distance) {
      double rounded = 0;  // of the rows as they are stored: |u - u|² is 0 then
      for (index_type k = lanes.lane(); k < dim; k += lanes.size()) {
        row[k] = static_cast<T>(contrastive::detail::sqrt_2 * at(k));
        rounded += widen(row[k]) * widen(row[k]);
      }
      rounded = lanes.sum(rounded);
      if (lanes.lane() == 0) {
        row[dim] = T(1);
        numbers.offsets[r] = static_cast<T>(-rounded / 2 / temperature);
      }
    }
  }

 private:
  CONTRASTIVE_HOST_DEVICE static double widen(R v) { return static_cast<double>(static_cast<T>(v)); }
};

/// Writes dL/dz of the rows of an argument.
template <class T, class R, class G>
struct write_gradient {
  similarity kind;
  const R* rows;  // of the argument
  const T* sums;  // of the argument, f_i H_i
  index_type dim, stride;
  row_numbers<T> numbers;  // of the argument
  double temperature;
  const summary* known;
  matrix_view<G> out;

  template <class Lanes>
  CONTRASTIVE_HOST_DEVICE void operator()(index_type r, const Lanes& lanes) const {
    const R* row = rows + r * stride;
    const T* h = sums + r * stride;
    const double f = numbers.factors == nullptr ? 1 : static_cast<double>(numbers.factors[r]);
    const double back = f > 0 ? 1 / f : 0;
    double in_direction = 0;  // u = f v has norm 1, and f_i H · v = H · u
    for (index_type k = lanes.lane(); kind == similarity::cosine && k < dim; k += lanes.size())
      in_direction += static_cast<double>(h[k]) * static_cast<double>(static_cast<T>(row[k]));
    const bool distance = kind == similarity::negative_squared_euclidean;
    const auto chain = contrastive::detail::chain_rule_of(kind, numbers.norms[r], lanes.sum(in_direction),
                                                          distance ? static_cast<double>(h[dim]) : 0);
    for (index_type k = lanes.lane(); k < dim; k += lanes.size()) {
      const double u = f * static_cast<double>(static_cast<T>(row[k])),
                   g = chain.scale / temperature * (back * static_cast<double>(h[k]) - chain.along * u);
      out.data[r * out.row_stride + k * out.col_stride] =
          static_cast<G>(static_cast<T>(known->broken ? not_a_number<double> : g));
    }
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
