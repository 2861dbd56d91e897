// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times of value and gradient on a GPU, one line a problem: loss type N d milliseconds. scripts/gpu_check.sh reads them.
//
//   times <loss> <float|bf16> <N> <d> [...]   in fours; N is the rows of both arguments together, of clip the rows of one
#include <algorithm>
#include <contrastive/cuda.cuh>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

namespace device = contrastive::cuda;

/// Numbers in [-1, 1) that no two rows share.
template <class S>
struct scatter {
  S* out;
  __host__ __device__ void operator()(contrastive::index_type i) const {
    unsigned long long u = static_cast<unsigned long long>(i + 1) * 0x9E3779B97F4A7C15ull;
    u ^= u >> 31, u *= 0xBF58476D1CE4E5B9ull, u ^= u >> 29;
    out[i] = static_cast<S>(static_cast<float>(u >> 40) * 0x1p-23f - 1);
  }
};

/// The median of some calls in milliseconds: of 11, or of as many as fit two seconds, at least 2.
template <class S, class L>
double median_time(const L& loss, contrastive::index_type rows, contrastive::index_type d) {
  cudaStream_t stream = nullptr;
  cudaEvent_t begin, end;
  device::detail::check("cudaStreamCreate", cudaStreamCreate(&stream));
  device::detail::check("cudaEventCreate", cudaEventCreate(&begin));
  device::detail::check("cudaEventCreate", cudaEventCreate(&end));
  const device::device_buffer<S> z(2 * rows * d), g(2 * rows * d);
  const device::device_buffer<float> numbers(2);
  device::detail::each(2 * rows * d, scatter<S>{z.data()}, stream);
  const device::device_matrix_view<const S> a(z.data(), rows, d), b(z.data() + rows * d, rows, d);
  device::outputs<S, S> out;
  out.loss = numbers.data(), out.temperature_gradient = numbers.data() + 1;
  out.gradients = {{g.data(), rows, d}, {g.data() + rows * d, rows, d}};
  device::evaluator<S> evaluate;
  std::vector<double> times;
  double total = 0;
  evaluate.enqueue(loss, out, a, b, stream);
  while (times.size() < 2 || (times.size() < 11 && total < 2000)) {
    device::detail::check("cudaEventRecord", cudaEventRecord(begin, stream));
    evaluate.enqueue(loss, out, a, b, stream);
    device::detail::check("cudaEventRecord", cudaEventRecord(end, stream));
    device::detail::check("cudaEventSynchronize", cudaEventSynchronize(end));
    float ms = 0;
    device::detail::check("cudaEventElapsedTime", cudaEventElapsedTime(&ms, begin, end));
    times.push_back(static_cast<double>(ms)), total += times.back();
  }
  cudaEventDestroy(begin), cudaEventDestroy(end), cudaStreamDestroy(stream);
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

template <class S>
double time_of(const std::string& loss, contrastive::index_type n, contrastive::index_type d) {
  if (loss == "clip") return median_time<S>(contrastive::clip{.temperature = 0.07}, n, d);
  return median_time<S>(contrastive::nt_xent{.temperature = 0.1}, n / 2, d);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 3 < argc; i += 4) {
    const std::string loss = argv[i], type = argv[i + 1];
    const contrastive::index_type n = std::atol(argv[i + 2]), d = std::atol(argv[i + 3]);
    try {
      const double ms = type == "bf16" ? time_of<__nv_bfloat16>(loss, n, d) : time_of<float>(loss, n, d);
      std::printf("%s %s %td %td %.4f\n", loss.c_str(), type.c_str(), n, d, ms);
    } catch (const std::exception& e) {
      std::printf("%s %s %td %td failed: %s\n", loss.c_str(), type.c_str(), n, d, e.what());
    }
    std::fflush(stdout);
  }
}
