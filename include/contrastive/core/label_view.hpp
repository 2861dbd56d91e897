// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Class labels in anybody's memory. Nothing is owned.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <contrastive/core/vector_memory.hpp>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// How labels lie in memory, by the language's own types: `long` and `long long` are two even where both have 64 bits, and
/// memory of the one must not be read as the other.
enum class integer_kind : unsigned char {
  none,
  signed_char,
  unsigned_char,
  signed_short,
  unsigned_short,
  signed_int,
  unsigned_int,
  signed_long,
  unsigned_long,
  signed_long_long  // unsigned too: what is 2⁶³ or more wraps, and stays distinct
};

template <class Integer, class... Types>
inline constexpr bool is_one_of = (std::is_same_v<Integer, Types> || ...);

template <class Integer>
constexpr integer_kind kind_of_integer() {
  if (is_one_of<Integer, int>) return integer_kind::signed_int;
  if (is_one_of<Integer, long>) return integer_kind::signed_long;
  if (is_one_of<Integer, long long, unsigned long long>) return integer_kind::signed_long_long;
  if (is_one_of<Integer, unsigned>) return integer_kind::unsigned_int;
  if (is_one_of<Integer, unsigned long>) return integer_kind::unsigned_long;
  if (is_one_of<Integer, short>) return integer_kind::signed_short;
  if (is_one_of<Integer, unsigned short>) return integer_kind::unsigned_short;
  if (is_one_of<Integer, bool, char, signed char, unsigned char>)
    return std::is_signed_v<Integer> ? integer_kind::signed_char : integer_kind::unsigned_char;
  return integer_kind::none;
}

}  // namespace detail

/// An integer of 8 to 64 bits, signed or not: what a label or an id may be.
template <class Integer>
concept label_type = detail::kind_of_integer<Integer>()
!= detail::integer_kind::none;

/// Labels of integers of 8 to 64 bits, at any stride: std::vector<int>, Eigen::VectorXi, a column of a matrix, int64 memory
/// of a tensor. The view must not outlive the memory; a temporary that owns its memory does not compile.
/// Throws std::invalid_argument for a matrix of more than one row and one column.
///
///   Eigen::MatrixXi meta = Eigen::MatrixXi::Zero(12, 3);
///   const contrastive::sup_con loss{.labels = meta.col(1)};
class label_view {
 public:
  /// None.
  constexpr label_view() = default;

  /// Label i lies at first[i * stride].
  template <label_type Integer>
  constexpr label_view(const Integer* first, index_type size, index_type stride = 1)
      : first_(first), size_(size), stride_(stride), kind_(detail::kind_of_integer<Integer>()) {}

  /// Those of a vector, of std or Eigen, or of a row or a column of a matrix.
  template <class Labels>
  requires label_type<detail::vector_element<Labels>>
  constexpr label_view(Labels&& labels)
      : label_view(detail::vector_memory_of("label_view", "labels", std::forward<Labels>(labels))) {}

  /// Does not compile: a list is gone before the loss reads it.
  template <class Integer>
  requires std::is_arithmetic_v<Integer>
  constexpr label_view(std::initializer_list<Integer>) {
    static_assert(sizeof(Integer) == 0,
                  "contrastive: a list of labels is gone before the loss reads it: keep them in a variable");
  }

  /// How many there are.
  CONTRASTIVE_HOST_DEVICE index_type size() const { return size_; }
  /// Where the first lies.
  const void* data() const { return first_; }
  /// From one to the next, in labels.
  index_type stride() const { return stride_; }
  /// Bytes of one label.
  index_type width() const {
    using detail::integer_kind;
    switch (kind_) {
      case integer_kind::none:
      case integer_kind::signed_char:
      case integer_kind::unsigned_char:
        return 1;
      case integer_kind::signed_short:
      case integer_kind::unsigned_short:
        return sizeof(short);
      case integer_kind::signed_int:
      case integer_kind::unsigned_int:
        return sizeof(int);
      case integer_kind::signed_long:
      case integer_kind::unsigned_long:
        return sizeof(long);
      case integer_kind::signed_long_long:
        return sizeof(long long);
    }
    return 1;
  }
  /// As many labels of the same type one after another in other memory, such as a copy of these.
  label_view in(const void* memory) const {
    label_view other = *this;
    other.first_ = memory, other.stride_ = 1;
    return other;
  }
  /// Label i. Unsigned ones of 2⁶³ or more wrap, and stay distinct.
  CONTRASTIVE_HOST_DEVICE std::int64_t operator[](index_type i) const {
    using detail::integer_kind;
    switch (kind_) {
      case integer_kind::signed_int:
        return read<int>(i);
      case integer_kind::signed_long:
        return read<long>(i);
      case integer_kind::unsigned_int:
        return read<unsigned>(i);
      case integer_kind::unsigned_long:
        return read<unsigned long>(i);
      case integer_kind::signed_short:
        return read<short>(i);
      case integer_kind::unsigned_short:
        return read<unsigned short>(i);
      case integer_kind::signed_char:
        return read<signed char>(i);
      case integer_kind::unsigned_char:
        return read<unsigned char>(i);
      default:
        return read<long long>(i);
    }
  }
  /// out[k] = 1 where label first + k is `label`, else 0.
  template <class T>
  CONTRASTIVE_HOST_DEVICE void equal(index_type first, index_type count, std::int64_t label, T* out) const {
    using detail::integer_kind;
    const auto compare = [=](const auto* labels) {
      for (index_type k = 0; k < count; ++k) out[k] = static_cast<T>(labels[k] == label);
    };
    if (stride_ == 1 && kind_ == integer_kind::signed_int)
      compare(static_cast<const int*>(first_) + first);
    else if (stride_ == 1 && kind_ == integer_kind::signed_long)
      compare(static_cast<const long*>(first_) + first);
    else
      for (index_type k = 0; k < count; ++k) out[k] = static_cast<T>((*this)[first + k] == label);
  }

 private:
  template <class Integer>
  constexpr explicit label_view(const detail::vector_memory<Integer>& m) : label_view(m.first, m.size, m.stride) {}

  template <class Integer>
  CONTRASTIVE_HOST_DEVICE std::int64_t read(index_type i) const {
    return static_cast<std::int64_t>(static_cast<const Integer*>(first_)[i * stride_]);
  }

  const void* first_ = nullptr;
  index_type size_ = 0, stride_ = 1;
  detail::integer_kind kind_ = detail::integer_kind::none;
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
