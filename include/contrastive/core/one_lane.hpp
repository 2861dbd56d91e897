// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The threads that work on a row together, where there is one: on devices a warp or a block takes its place.
#pragma once

#include <contrastive/core/host_device.hpp>
#include <contrastive/core/types.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// Each of the lanes takes every size()-th element of a row from lane() on, and all of them meet in sum and max.
struct one_lane {
  CONTRASTIVE_HOST_DEVICE index_type lane() const { return 0; }
  CONTRASTIVE_HOST_DEVICE index_type size() const { return 1; }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V sum(V value) const {
    return value;
  }
  template <class V>
  CONTRASTIVE_HOST_DEVICE V max(V value) const {
    return value;
  }
};

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
