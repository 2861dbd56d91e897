// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Loss and gradients of embeddings that lie on a GPU: enqueued on a stream, written to device memory, and captured in a graph.
#include <contrastive/cuda.cuh>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

void check(cudaError_t code) {
  if (code != cudaSuccess) throw std::runtime_error(cudaGetErrorString(code));
}

void run() {
  constexpr contrastive::index_type n = 1024, d = 128;
  std::vector<float> rows(2 * n * d);
  unsigned state = 1;
  for (float& v : rows) v = static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1;

  cudaStream_t stream = nullptr;
  check(cudaStreamCreate(&stream));
  float *z = nullptr, *gradients = nullptr, *loss = nullptr;
  check(cudaMalloc(&z, rows.size() * sizeof(float)));
  check(cudaMalloc(&gradients, rows.size() * sizeof(float)));
  check(cudaMalloc(&loss, sizeof(float)));
  check(cudaMemcpy(z, rows.data(), rows.size() * sizeof(float), cudaMemcpyHostToDevice));

  // The type says that the memory is the device's: a pointer or a matrix of the host does not compile here.
  const contrastive::cuda::device_matrix_view<const float> z1(z, n, d), z2(z + n * d, n, d);
  contrastive::cuda::outputs<float> out{.loss = loss, .gradients = {{gradients, n, d}, {gradients + n * d, n, d}}};
  contrastive::cuda::evaluator<float> evaluate;
  const contrastive::nt_xent nt_xent{.temperature = 0.5};
  evaluate.enqueue(nt_xent, out, z1, z2, stream);  // returns at once

  float value = 0;
  check(cudaMemcpyAsync(&value, loss, sizeof value, cudaMemcpyDeviceToHost, stream));
  check(cudaStreamSynchronize(stream));
  std::printf("loss %f\n", static_cast<double>(value));

  // From the second call of a size on nothing is allocated: the call can be captured and launched as one.
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t launch = nullptr;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  evaluate.enqueue(nt_xent, out, z1, z2, stream);
  check(cudaStreamEndCapture(stream, &graph));
  check(cudaGraphInstantiate(&launch, graph, 0));
  check(cudaGraphLaunch(launch, stream));

  // On the host, for a look at it; this synchronises.
  const auto on_host = evaluate.value_and_gradient(nt_xent, z1, z2, stream);
  std::printf("loss %f, temperature gradient %f, %td anchors\n", static_cast<double>(on_host.loss),
              static_cast<double>(on_host.temperature_gradient), on_host.valid_anchors);

  cudaGraphExecDestroy(launch);
  cudaGraphDestroy(graph);
  for (float* memory : {z, gradients, loss}) cudaFree(memory);
  cudaStreamDestroy(stream);
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("There is no GPU here.");
    return 0;
  }
  try {
    run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
