// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The machine of the tile engine that runs its kernels on the emulated GPU; products and sorting are loops, as they are those
// of cuBLAS and CUB on a real one.
#pragma once

#include <device/host_machine.hpp>
#include <emulated_gpu/launch.hpp>

namespace contrastive::testing {

struct emulated_machine : host_machine {
  using gpu = emulated_instructions;
  template <class R>
  static constexpr bool has_products_of = std::is_same_v<R, Eigen::bfloat16>;

  template <class Kernel>
  void run(const Kernel& kernel) const {
    launch(kernel);
  }

  template <class Op>
  void each(index_type count, const Op& op) const {
    run(device::each_kernel<gpu, Op>{op, count});
  }
  template <class Op>
  void each_row(index_type count, const Op& op) const {
    run(device::row_kernel<gpu, Op>{op, count});
  }
  template <class Op>
  void each_short_row(index_type count, const Op& op) const {
    run(device::short_row_kernel<gpu, Op>{op, count});
  }
};

}  // namespace contrastive::testing
