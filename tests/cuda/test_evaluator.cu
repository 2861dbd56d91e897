// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The evaluator on the GPU as such: where results go, whose memory it uses, graphs, refusals; the queue and the momentum
// update.
#include <contrastive/memory/feature_queue.hpp>
#include <contrastive/memory/momentum_update.hpp>
#include <cstring>
#include <cuda/on_device.cuh>
#include <stdexcept>
#include <string>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/refusal.hpp>

namespace contrastive::testing {
namespace {

using cuda::detail::check;

template <class V>
std::vector<V> on_host(const V* first, index_type count) {
  std::vector<V> numbers(static_cast<std::size_t>(count));
  check("cudaDeviceSynchronize", cudaDeviceSynchronize());
  check("cudaMemcpy", cudaMemcpy(numbers.data(), first, numbers.size() * sizeof(V), cudaMemcpyDeviceToHost));
  return numbers;
}

/// Two views of n rows, room for their gradients, a stream.
struct two_views {
  index_type n = 300, d = 48;
  matrix<float> a = random_rows<float>(n, d, 1), b = random_rows<float>(n, d, 2);
  on_device_copy<float> at{a.data(), a.size()}, bt{b.data(), b.size()}, ga{a.data(), a.size()}, gb{b.data(), b.size()};
  cuda::device_buffer<float> numbers{2 + 2 * n};
  cuda::device_buffer<index_type> valid{1};
  cudaStream_t stream = nullptr;
  cuda::device_matrix_view<const float> z1{at.data(), n, d}, z2{bt.data(), n, d};
  cuda::outputs<float> out{.loss = numbers.data(),
                           .temperature_gradient = numbers.data() + 1,
                           .valid_anchors = valid.data(),
                           .per_anchor = numbers.data() + 2,
                           .gradients = {{ga.data(), n, d}, {gb.data(), n, d}}};
  nt_xent loss{.temperature = 0.2};

  two_views() { check("cudaStreamCreate", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)); }
  two_views(const two_views&) = delete;
  ~two_views() { cudaStreamDestroy(stream); }

  answer written() const {
    answer r;
    const auto two = on_host(numbers.data(), 2);
    r.loss = static_cast<double>(two[0]), r.temperature_gradient = static_cast<double>(two[1]);
    r.valid_anchors = on_host(valid.data(), 1)[0];
    for (const float* g : {ga.data(), gb.data()}) {
      const auto values = on_host(g, n * d);
      r.gradients.push_back(Eigen::Map<const matrix<float>>(values.data(), n, d).cast<double>());
    }
    return r;
  }
  answer expected() const { return by_definition(loss, views<float>{a, b}); }
  double error() const { return error_of(expected(), written(), loss.temperature, true); }
  void clear() const {
    for (float* g : {ga.data(), gb.data()})
      check("cudaMemset", cudaMemset(g, 0, static_cast<std::size_t>(n * d) * sizeof(float)));
    check("cudaDeviceSynchronize", cudaDeviceSynchronize());
  }
};

bool says(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("cuda: enqueue writes loss, gradients and the rest to device memory") {
  two_views t;
  cuda::evaluator<float> evaluate;
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  CHECK(t.error() <= tolerance<float>(0.2));
  const auto losses = on_host(t.out.per_anchor, 2 * t.n);
  double sum = 0;
  for (const float l : losses) sum += static_cast<double>(l);
  CHECK(error_of(t.expected().loss, sum / static_cast<double>(2 * t.n)) <= tolerance<float>(0.2));
  const answer before = t.written();
  t.clear();
  evaluate.enqueue(t.loss, t.out, std::vector<cuda::device_matrix_view<const float>>{t.z1, t.z2}, t.stream);
  CHECK(error_of(before, t.written(), 0.2, true) == 0);
}

TEST_CASE("cuda: the bias of siglip has a gradient") {
  two_views t;
  cuda::evaluator<float> evaluate;
  const siglip loss{.temperature = 0.2, .bias = -3};
  const answer expected = by_definition(loss, views<float>{t.a, t.b});
  CHECK(error_of(expected.bias_gradient,
                 static_cast<double>(evaluate.value_and_gradient(loss, t.z1, t.z2, t.stream).bias_gradient)) <=
        tolerance<float>(0.2));
  cuda::outputs<float> alone;
  alone.bias_gradient = t.numbers.data();
  evaluate.enqueue(loss, alone, t.z1, t.z2, t.stream);
  CHECK(error_of(expected.bias_gradient, static_cast<double>(on_host(t.numbers.data(), 1)[0])) <= tolerance<float>(0.2));
}

TEST_CASE("cuda: gradients may be written over the embeddings") {
  two_views t;
  cuda::evaluator<float> evaluate;
  t.out.gradients = {{t.at.data(), t.n, t.d}, {t.bt.data(), t.n, t.d}};
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  const auto first = on_host(t.at.data(), t.n * t.d);
  CHECK(relative_error(t.expected().gradients[0], Eigen::Map<const matrix<float>>(first.data(), t.n, t.d).cast<double>(),
                       1e-9) <= 1e-4);
}

TEST_CASE("cuda: a call in the caller's workspace, which must be large enough") {
  two_views t;
  cuda::evaluator<float> evaluate;
  const std::size_t bytes = evaluate.required_bytes(t.loss, {{t.n, t.d}, {t.n, t.d}});
  cuda::device_buffer<std::byte> memory(static_cast<index_type>(bytes));
  evaluate.use_workspace(memory.data(), bytes);
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  CHECK(t.error() <= tolerance<float>(0.2));
  evaluate.use_workspace(memory.data(), bytes - 1);
  CHECK(says(refusal([&] { evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream); }), "workspace: bytes: expected at least"));
}

TEST_CASE("cuda: the second call of a size allocates nothing and can be captured in a graph") {
  two_views t;
  cuda::evaluator<float> evaluate;
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  const answer before = t.written();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t launch = nullptr;
  // In this mode an allocation is an error.
  check("cudaStreamBeginCapture", cudaStreamBeginCapture(t.stream, cudaStreamCaptureModeGlobal));
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  check("cudaStreamEndCapture", cudaStreamEndCapture(t.stream, &graph));
  check("cudaGraphInstantiate", cudaGraphInstantiate(&launch, graph, 0));
  t.clear();
  for (int times = 0; times < 2; ++times) check("cudaGraphLaunch", cudaGraphLaunch(launch, t.stream));
  check("cudaStreamSynchronize", cudaStreamSynchronize(t.stream));
  CHECK(error_of(before, t.written(), 0.2, true) == 0);
  cudaGraphExecDestroy(launch);
  cudaGraphDestroy(graph);
}

TEST_CASE("cuda: a graph runs after a larger call has taken more memory") {
  two_views t;
  cuda::evaluator<float> evaluate;
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  const answer before = t.written();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t launch = nullptr;
  check("cudaStreamBeginCapture", cudaStreamBeginCapture(t.stream, cudaStreamCaptureModeGlobal));
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  check("cudaStreamEndCapture", cudaStreamEndCapture(t.stream, &graph));
  check("cudaGraphInstantiate", cudaGraphInstantiate(&launch, graph, 0));
  const matrix<float> many = random_rows<float>(9000, 64, 3);
  const on_device_copy<float> there(many.data(), many.size());
  const cuda::device_matrix_view<const float> rows(there.data(), 9000, 64);
  evaluate.value_and_gradient(t.loss, rows, rows, t.stream);
  t.clear();
  check("cudaGraphLaunch", cudaGraphLaunch(launch, t.stream));
  check("cudaStreamSynchronize", cudaStreamSynchronize(t.stream));
  CHECK(error_of(before, t.written(), 0.2, true) == 0);
  cudaGraphExecDestroy(launch);
  cudaGraphDestroy(graph);
}

TEST_CASE("cuda: check_finite is refused in words while a graph is captured") {
  two_views t;
  cuda::evaluator<float> careful({.check_finite = true});
  careful.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  cudaGraph_t graph = nullptr;
  check("cudaStreamBeginCapture", cudaStreamBeginCapture(t.stream, cudaStreamCaptureModeGlobal));
  CHECK(says(refusal([&] { careful.enqueue(t.loss, t.out, t.z1, t.z2, t.stream); }),
             "options: check_finite: expected a stream that is not captured"));
  check("cudaStreamEndCapture", cudaStreamEndCapture(t.stream, &graph));
  cudaGraphDestroy(graph);
}

TEST_CASE("cuda: an earlier error of somebody else is neither blamed on a call nor cleared by it") {
  two_views t;
  cuda::evaluator<float> evaluate;
  REQUIRE(cudaMemset(nullptr, 0, 16) != cudaSuccess);
  evaluate.enqueue(t.loss, t.out, t.z1, t.z2, t.stream);
  CHECK(cudaGetLastError() != cudaSuccess);
  CHECK(t.error() <= tolerance<float>(0.2));
}

TEST_CASE("cuda: what is fixed gets no gradient, and gradients may be bfloat16") {
  two_views t;
  cuda::evaluator<float> evaluate;
  const info_nce loss{.temperature = 0.2};
  const auto all = evaluate.value_and_gradient(loss, t.z1, t.z2, t.stream),
             some = evaluate.value_and_gradient(loss, t.z1, cuda::no_gradient(t.z2), t.stream);
  CHECK(some.loss == all.loss);
  CHECK(some.gradients.at(0) == all.gradients.at(0));
  CHECK(some.gradients.at(1).empty());

  cuda::evaluator<__nv_bfloat16> half;
  device_memory memory;
  const matrix_view<const float> rows(t.a);
  const auto h = memory.matrix_like<__nv_bfloat16>(rows);
  cuda::device_buffer<__nv_bfloat16> g(t.n * t.d);
  cuda::outputs<__nv_bfloat16, __nv_bfloat16> to;
  to.gradients = {{g.data(), t.n, t.d}, {}};
  half.enqueue(loss, to, h, h, t.stream);
  const auto wide = half.value_and_gradient(loss, h, h, t.stream);
  const auto narrow = on_host(g.data(), t.n * t.d);
  bool same = true;
  for (std::size_t i = 0; i < narrow.size(); ++i)
    same = same && static_cast<float>(narrow[i]) == static_cast<float>(static_cast<__nv_bfloat16>(wide.gradients[0][i]));
  CHECK(same);
}

TEST_CASE("cuda: what does not fit is refused in words") {
  two_views t;
  cuda::evaluator<float> evaluate;
  const cuda::device_matrix_view<const float> host(t.a.data(), t.n, t.d), null(nullptr, t.n, t.d),
      narrow(t.at.data(), t.n, t.d - 1);
  const auto call = [&](const auto& loss, const auto& a, const auto& b) {
    return refusal([&] { evaluate.enqueue(loss, t.out, a, b, t.stream); });
  };
  CHECK(says(call(t.loss, t.z1, host),
             "nt_xent: argument 2: expected device or managed memory, got a pointer to memory of the host"));
  CHECK(says(call(t.loss, null, t.z2), "argument 1: expected memory, got a null pointer"));
  CHECK(says(call(t.loss, t.z1, narrow), "argument 2: expected 48 columns as in argument 1, got 47 columns"));
  CHECK(says(call(nt_xent{.temperature = -1}, t.z1, t.z2), "temperature: expected a positive finite number, got -1"));
  const std::vector<int> labels(static_cast<std::size_t>(2 * t.n));
  CHECK(says(call(sup_con{.labels = labels}, t.z1, t.z2), "labels: expected device or managed memory"));
  t.out.gradients = {{t.ga.data(), t.n, t.d}, {t.ga.data() + t.d, t.n, t.d}};
  CHECK(says(call(t.loss, t.z1, t.z2), "gradients[1]: expected memory of its own"));
  t.out.gradients = {{t.ga.data(), t.n, t.d - 1}, {}};
  CHECK(says(call(t.loss, t.z1, t.z2), "gradients[0]: expected (300, 48), got (300, 47)"));
  cuda::evaluator<float> careful({.check_finite = true});
  t.b(7, 3) = std::numeric_limits<float>::infinity();
  const on_device_copy<float> bad(t.b.data(), t.b.size());
  t.out.gradients.clear();
  CHECK(says(refusal([&] {
               careful.enqueue(t.loss, t.out, t.z1, cuda::device_matrix_view<const float>(bad.data(), t.n, t.d), t.stream);
             }),
             "argument 2, row 7: expected finite numbers"));
}

TEST_CASE("cuda: a failed call of CUDA says which, with its code") {
  try {
    check("cudaMemset", cudaMemset(nullptr, 0, 16));
    FAIL("no exception");
  } catch (const cuda_error& e) {
    CHECK(std::string(e.call()) == "cudaMemset");
    CHECK(e.code() != 0);
    CHECK(says(e.what(), "cudaMemset failed with code"));
  }
}

TEST_CASE("cuda: the queue holds what the queue on the host holds") {
  constexpr index_type capacity = 5, dim = 3;
  contrastive::feature_queue<float> expected(capacity, dim, {.labels = true});
  cuda::feature_queue<float> queue(capacity, dim, true);
  float next = 0;
  for (const index_type rows : {2, 2, 3, 1, 5, 2, 7}) {
    matrix<float> batch(rows, dim);
    for (index_type i = 0; i < batch.size(); ++i) batch.data()[i] = next++;
    std::vector<std::int64_t> labels(static_cast<std::size_t>(rows), static_cast<std::int64_t>(next));
    expected.push(batch, labels);
    const on_device_copy<float> there(batch.data(), batch.size());
    const on_device_copy<std::int64_t> labels_there(labels.data(), rows);
    queue.push(cuda::device_matrix_view<const float>(there.data(), rows, dim),
               cuda::device_matrix_view<const std::int64_t>(labels_there.data(), rows, 1), nullptr);
    REQUIRE(queue.size() == expected.size());
    REQUIRE(queue.oldest() == expected.oldest());
    const auto held = on_host(queue.features().data, queue.size() * dim);
    CHECK(std::equal(held.begin(), held.end(), expected.features().data));
    const auto held_labels = on_host(static_cast<const std::int64_t*>(queue.labels().data()), queue.size());
    for (index_type r = 0; r < queue.size(); ++r) CHECK(held_labels[static_cast<std::size_t>(r)] == expected.labels()[r]);
  }
  const float on_the_host[dim] = {};
  CHECK(says(refusal([&] { queue.push({on_the_host, 1, dim}, nullptr); }), "labels: expected 1 labels"));
}

TEST_CASE("cuda: the momentum update is that of the host") {
  matrix<float> key = random_rows<float>(30, 4, 1);
  const matrix<float> query = random_rows<float>(30, 4, 2);
  const on_device_copy<float> k(key.data(), key.size()), q(query.data(), query.size());
  cuda::momentum_update(cuda::device_matrix_view<float>(k.data(), 30, 4),
                        cuda::device_matrix_view<const float>(q.data(), 30, 4), 0.99, nullptr);
  contrastive::momentum_update(key, query, 0.99);
  const auto moved = on_host(static_cast<const float*>(k.data()), key.size());
  for (index_type i = 0; i < key.size(); ++i) CHECK(moved[static_cast<std::size_t>(i)] == Approx(key.data()[i]).epsilon(1e-6));
}

}  // namespace contrastive::testing
