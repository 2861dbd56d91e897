// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Class labels in anybody's memory. Nothing is owned.
#pragma once

#include <concepts>
#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// A signed integer of 32 or 64 bits.
template <class Integer>
concept label_type = std::signed_integral<Integer> &&(sizeof(Integer) == 4 || sizeof(Integer) == 8);

/// Contiguous labels of 32 or 64 bits: std::vector<int>, Eigen::VectorXi, int64 memory of a tensor.
/// The view must not outlive the memory.
class label_view {
 public:
  constexpr label_view() = default;

  template <label_type Integer>
  constexpr label_view(const Integer* first, index_type size) : first_(first), size_(size), wide_(sizeof(Integer) == 8) {}

  template <class Container>
  requires label_type<std::remove_cvref_t<decltype(*std::declval<const Container&>().data())>>
  constexpr label_view(const Container& labels) : label_view(labels.data(), static_cast<index_type>(labels.size())) {}

  CONTRASTIVE_HOST_DEVICE index_type size() const { return size_; }
  const void* data() const { return first_; }
  CONTRASTIVE_HOST_DEVICE std::int64_t operator[](index_type i) const {
    return wide_ ? static_cast<const std::int64_t*>(first_)[i] : static_cast<const std::int32_t*>(first_)[i];
  }
  /// out[k] = 1 where label first + k is `label`, else 0.
  template <class T>
  CONTRASTIVE_HOST_DEVICE void equal(index_type first, index_type count, std::int64_t label, T* out) const {
    const auto compare = [=](const auto* labels) {
      for (index_type k = 0; k < count; ++k) out[k] = static_cast<T>(labels[k] == label);
    };
    wide_ ? compare(static_cast<const std::int64_t*>(first_) + first)
          : compare(static_cast<const std::int32_t*>(first_) + first);
  }

 private:
  const void* first_ = nullptr;
  index_type size_ = 0;
  bool wide_ = false;
};

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
