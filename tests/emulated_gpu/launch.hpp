// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Kernels on the emulated GPU, and what of them can be left out to see that it is missed.
#pragma once

#include <contrastive/device/kernels.hpp>
#include <emulated_gpu/instructions.hpp>
#include <string>
#include <vector>

namespace contrastive::testing {

template <class Kernel>
void launch(const Kernel& kernel) {
  if (kernel.blocks() <= 0) return;
  emulated_gpu::instance().launch(
      kernel.blocks(), Kernel::threads, kernel.shared_bytes(), [](const void* k) { (*static_cast<const Kernel*>(k))(); },
      &kernel);
}

/// Calls work() as it is, and then once for each barrier and each wait that it came by, without that one. Returns the places
/// without which is_wrong() was false and nothing else was said either.
template <class Work, class IsWrong>
std::vector<std::string> unnoticed_omissions(const Work& work, const IsWrong& is_wrong, std::size_t& num_places) {
  emulated_gpu& gpu = emulated_gpu::instance();
  gpu.places.clear();
  work();
  const std::vector<source_place> places = gpu.places;
  num_places = places.size();
  std::vector<std::string> unnoticed;
  for (const source_place& p : places) {
    gpu.omitted = &p;
    bool noticed = false;
    try {
      work();
      noticed = is_wrong();
    } catch (const std::logic_error&) {
      noticed = true;
    }
    gpu.omitted = nullptr;
    if (!noticed) unnoticed.push_back(std::string(p.file) + ':' + std::to_string(p.line));
  }
  return unnoticed;
}

}  // namespace contrastive::testing
