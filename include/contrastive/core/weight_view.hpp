// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A weight a row in anybody's memory. Nothing is owned.
#pragma once

#include <concepts>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/core/vector_memory.hpp>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// What a weight may be.
template <class Number>
concept weight_type = std::same_as<Number, float> || std::same_as<Number, double>;

/// Weights of float or double, whatever the embeddings are, at any stride: std::vector<float>, Eigen::VectorXd, a column of
/// a matrix. The view must not outlive the memory; a temporary that owns its memory does not compile.
/// Throws std::invalid_argument for a matrix of more than one row and one column.
class weight_view {
 public:
  /// None.
  constexpr weight_view() = default;

  /// Weight i lies at first[i * stride].
  template <weight_type Number>
  constexpr weight_view(const Number* first, index_type size, index_type stride = 1)
      : first_(first), size_(size), stride_(stride), wide_(std::is_same_v<Number, double>) {}

  /// Those of a vector, of std or Eigen, or of a row or a column of a matrix.
  template <class Weights>
  requires weight_type<detail::vector_element<Weights>>
  constexpr weight_view(Weights&& weights)
      : weight_view(detail::vector_memory_of("weight_view", "weights", std::forward<Weights>(weights))) {}

  /// Does not compile: a list is gone before the loss reads it.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr weight_view(std::initializer_list<Number>) {
    static_assert(sizeof(Number) == 0,
                  "contrastive: a list of weights is gone before the loss reads it: keep them in a variable");
  }

  /// How many there are.
  CONTRASTIVE_HOST_DEVICE index_type size() const { return size_; }
  /// Where the first lies.
  const void* data() const { return first_; }
  /// From one to the next, in weights.
  index_type stride() const { return stride_; }
  /// Bytes of one weight.
  index_type width() const { return wide_ ? sizeof(double) : sizeof(float); }
  /// As many weights of the same type one after another in other memory, such as a copy of these.
  weight_view in(const void* memory) const {
    weight_view other = *this;
    other.first_ = memory, other.stride_ = 1;
    return other;
  }
  /// Weight i.
  CONTRASTIVE_HOST_DEVICE double operator[](index_type i) const {
    return wide_ ? static_cast<const double*>(first_)[i * stride_]
                 : static_cast<double>(static_cast<const float*>(first_)[i * stride_]);
  }
  /// Weight i, or 1 where no weights are given.
  CONTRASTIVE_HOST_DEVICE double or_one(index_type i) const { return size_ == 0 ? 1 : (*this)[i]; }

 private:
  template <class Number>
  constexpr explicit weight_view(const detail::vector_memory<Number>& m) : weight_view(m.first, m.size, m.stride) {}

  const void* first_ = nullptr;
  index_type size_ = 0, stride_ = 1;
  bool wide_ = false;
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
