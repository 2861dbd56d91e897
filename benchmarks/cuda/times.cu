// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Times of value and gradient on a GPU, one line a problem as it comes, in milliseconds:
//
//   loss type N d median best median_of_graph     of calls, and of replays of one captured in a graph
//
//   times <loss> <float|bf16> <N> <d> [...]   in fours; N is the rows of both arguments together, of clip the rows of one;
//                                             "copy" and "product" are what the card can do, in GB/s and TFLOP/s
#include <algorithm>
#include <contrastive/cuda.cuh>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

namespace device = contrastive::cuda;
using contrastive::index_type;
using device::detail::check;

/// Numbers in [-1, 1) that no two rows share.
template <class S>
struct scatter {
  S* out;
  __host__ __device__ void operator()(index_type i) const {
    unsigned long long u = static_cast<unsigned long long>(i + 1) * 0x9E3779B97F4A7C15ull;
    u ^= u >> 31, u *= 0xBF58476D1CE4E5B9ull, u ^= u >> 29;
    out[i] = static_cast<S>(static_cast<float>(u >> 40) * 0x1p-23f - 1);
  }
};

struct timing {
  double median = 0, best = 0;
};

/// Of 21 calls, or of as many as fit half a second, at least 3; the first two do not count.
template <class Call>
timing time_of(cudaStream_t stream, const Call& call) {
  cudaEvent_t begin, end;
  check("cudaEventCreate", cudaEventCreate(&begin));
  check("cudaEventCreate", cudaEventCreate(&end));
  std::vector<double> times;
  double total = 0;
  call(), call();
  while (times.size() < 3 || (times.size() < 21 && total < 500)) {
    check("cudaEventRecord", cudaEventRecord(begin, stream));
    call();
    check("cudaEventRecord", cudaEventRecord(end, stream));
    check("cudaEventSynchronize", cudaEventSynchronize(end));
    float ms = 0;
    check("cudaEventElapsedTime", cudaEventElapsedTime(&ms, begin, end));
    times.push_back(static_cast<double>(ms)), total += times.back();
  }
  cudaEventDestroy(begin), cudaEventDestroy(end);
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[0]};
}

class own_stream {
 public:
  own_stream() { check("cudaStreamCreate", cudaStreamCreate(&stream_)); }
  own_stream(const own_stream&) = delete;
  own_stream& operator=(const own_stream&) = delete;
  ~own_stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }  // NOLINT: it is one

 private:
  cudaStream_t stream_ = nullptr;
};

template <class S, class L>
void time_loss(const char* what, const char* type, const L& loss, index_type n, index_type rows, index_type d) {
  const own_stream stream;
  const device::device_buffer<S> z(2 * rows * d), g(2 * rows * d);
  const device::device_buffer<float> numbers(2);
  device::detail::each(2 * rows * d, scatter<S>{z.data()}, stream);
  const device::device_matrix_view<const S> a(z.data(), rows, d), b(z.data() + rows * d, rows, d);
  device::outputs<S, S> out;
  out.loss = numbers.data(), out.temperature_gradient = numbers.data() + 1;
  out.gradients = {{g.data(), rows, d}, {g.data() + rows * d, rows, d}};
  device::evaluator<S> evaluate;
  const auto call = [&] { evaluate.enqueue(loss, out, a, b, stream); };
  const timing calls = time_of(stream, call);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t program = nullptr;
  check("cudaStreamBeginCapture", cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  call();
  check("cudaStreamEndCapture", cudaStreamEndCapture(stream, &graph));
  check("cudaGraphInstantiate", cudaGraphInstantiate(&program, graph, 0));
  const timing replays = time_of(stream, [&] { check("cudaGraphLaunch", cudaGraphLaunch(program, stream)); });
  cudaGraphExecDestroy(program), cudaGraphDestroy(graph);
  std::printf("%s %s %td %td %.4f %.4f %.4f\n", what, type, n, d, calls.median, calls.best, replays.median);
}

/// Bytes read and written by a copy of n MiB.
void time_copy(index_type n) {
  const own_stream stream;
  const std::size_t bytes = static_cast<std::size_t>(n) << 20;
  const device::device_buffer<std::byte> from(n << 20), to(n << 20);
  const timing t = time_of(stream, [&] {
    check("cudaMemcpyAsync", cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream));
  });
  std::printf("copy bytes %td 1 %.1f GB/s\n", n, 2e-6 * static_cast<double>(bytes) / t.best);
}

/// (n, n) = (n, d) · (n, d)ᵀ in bfloat16 by cuBLAS.
void time_product(index_type n, index_type d) {
  const own_stream stream;
  const device::device_buffer<__nv_bfloat16> z(n * d), out(n * n);
  device::detail::each(n * d, scatter<__nv_bfloat16>{z.data()}, stream);
  cublasHandle_t blas = nullptr;
  check("cublasCreate", cublasCreate(&blas)), check("cublasSetStream", cublasSetStream(blas, stream));
  const float one = 1, zero = 0;
  const int rows = static_cast<int>(n), depth = static_cast<int>(d);
  const timing t = time_of(stream, [&] {
    check("cublasGemmEx",
          cublasGemmEx(blas, CUBLAS_OP_T, CUBLAS_OP_N, rows, rows, depth, &one, z.data(), CUDA_R_16BF, depth, z.data(),
                       CUDA_R_16BF, depth, &zero, out.data(), CUDA_R_16BF, rows, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
  });
  cublasDestroy(blas);
  const auto operations = 2e-9 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d);
  std::printf("product bf16 %td %td %.1f TFLOP/s\n", n, d, operations / t.best);
}

template <class S>
void time_problem(const std::string& loss, const char* type, index_type n, index_type d) {
  if (loss == "clip") return time_loss<S>("clip", type, contrastive::clip{.temperature = 0.07}, n, n, d);
  time_loss<S>("nt_xent", type, contrastive::nt_xent{.temperature = 0.1}, n, n / 2, d);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 3 < argc; i += 4) {
    const std::string loss = argv[i], type = argv[i + 1];
    const index_type n = std::atol(argv[i + 2]), d = std::atol(argv[i + 3]);
    try {
      if (loss == "copy")
        time_copy(n);
      else if (loss == "product")
        time_product(n, d);
      else if (type == "bf16")
        time_problem<__nv_bfloat16>(loss, "bf16", n, d);
      else
        time_problem<float>(loss, "float", n, d);
    } catch (const std::exception& e) {
      std::printf("%s %s %td %td failed: %s\n", loss.c_str(), type.c_str(), n, d, e.what());
    }
    std::fflush(stdout);
  }
}
