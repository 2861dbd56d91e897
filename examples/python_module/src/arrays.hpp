// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// From Python's arrays (NumPy, torch, JAX, what else speaks DLPack) to the library's views: nothing is copied, and what does
// not fit is refused in words.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <contrastive/contrastive.hpp>
#include <string>

namespace contrastive_python {

namespace nb = nanobind;
using array = nb::ndarray<nb::ro>;

[[noreturn]] inline void refuse_type(const std::string& what, const std::string& expected, const std::string& came) {
  throw nb::type_error(("contrastive: " + what + ": expected " + expected + ", got " + came).c_str());
}
[[noreturn]] inline void refuse_value(const std::string& what, const std::string& expected, const std::string& came) {
  throw nb::value_error(("contrastive: " + what + ": expected " + expected + ", got " + came).c_str());
}

inline std::string name_of_type(nb::handle object) { return nb::inst_name(object).c_str(); }

/// As NumPy calls it: float32, int64, bool.
inline std::string name_of(const nb::dlpack::dtype& type) {
  using nb::dlpack::dtype_code;
  const std::string bits = std::to_string(type.bits);
  switch (static_cast<dtype_code>(type.code)) {
    case dtype_code::Int:
      return "int" + bits;
    case dtype_code::UInt:
      return "uint" + bits;
    case dtype_code::Float:
      return "float" + bits;
    case dtype_code::Bfloat:
      return "bfloat" + bits;
    case dtype_code::Complex:
      return "complex" + bits;
    case dtype_code::Bool:
      return "bool";
    default:
      return "another type";
  }
}

/// The array that an object is, of so many dimensions.
inline array array_of(const std::string& what, nb::handle object, std::size_t dimensions) {
  const std::string expected = dimensions == 2 ? "a matrix, one row a sample" : "a vector, one number a row";
  array a;
  if (!nb::try_cast(object, a))
    refuse_type(what, expected + ": an array of NumPy, torch or JAX in the CPU's memory", name_of_type(object));
  if (a.device_type() != nb::device::cpu::value)
    refuse_value(what, "an array in the CPU's memory", "one of device type " + std::to_string(a.device_type()));
  if (a.ndim() != dimensions) refuse_value(what, expected, std::to_string(a.ndim()) + " dimensions");
  return a;
}

/// The matrix in the memory of an array, or a TypeError where it has another scalar.
template <class T>
contrastive::matrix_view<const T> matrix_of(const std::string& what, const std::string& expected, const array& a) {
  if (a.dtype() != nb::dtype<T>()) refuse_type(what, expected, name_of(a.dtype()));
  return {static_cast<const T*>(a.data()), static_cast<contrastive::index_type>(a.shape(0)),
          static_cast<contrastive::index_type>(a.shape(1)), a.stride(0), a.stride(1)};
}

/// A view of a vector, such as a label_view, whose elements are one of Types.
template <class View, class... Types>
View vector_of(const std::string& what, const std::string& expected, const array& a) {
  if (a.shape(0) == 0) refuse_value(what, "a number a row", "none");  // an empty view would mean that nothing was given
  View view;
  const bool fits =
      ((a.dtype() == nb::dtype<Types>() &&
        (view = View(static_cast<const Types*>(a.data()), static_cast<contrastive::index_type>(a.shape(0)), a.stride(0)),
         true)) ||
       ...);
  if (!fits) refuse_type(what, expected, name_of(a.dtype()));
  return view;
}

}  // namespace contrastive_python
