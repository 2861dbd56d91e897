// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Embeddings, labels and weights of the tests in device memory, and the evaluator's answers on the host.
#pragma once

#include <algorithm>
#include <contrastive/cuda.cuh>
#include <memory>
#include <stdexcept>
#include <support/any_loss.hpp>
#include <type_traits>
#include <vector>

namespace contrastive::testing {

/// A copy of host memory on the device.
template <class V>
class on_device_copy {
 public:
  on_device_copy(const V* first, index_type count) : memory_(std::max<index_type>(count, 1)) {
    cuda::detail::check("cudaMemcpy",
                        cudaMemcpy(memory_.data(), first, static_cast<std::size_t>(count) * sizeof(V), cudaMemcpyHostToDevice));
    // A copy from pageable memory returns when it is staged, and a stream that does not block would not wait for it.
    cuda::detail::check("cudaStreamSynchronize", cudaStreamSynchronize(nullptr));
  }
  V* data() const { return memory_.data(); }

 private:
  cuda::device_buffer<V> memory_;
};

/// Keeps what calls of one test point to.
class device_memory {
 public:
  template <class V>
  V* copy(const V* first, index_type count) {
    auto held = std::make_shared<on_device_copy<V>>(first, count);
    held_.push_back(held);
    return held->data();
  }
  /// A matrix in the same layout, rounded to S; what lies between its elements is 0.
  template <class S, class V>
  cuda::device_matrix_view<const S> matrix_like(const matrix_view<const V>& m) {
    const index_type down = (m.rows - 1) * m.row_stride, right = (m.cols - 1) * m.col_stride;
    const index_type low = std::min<index_type>(down, 0) + std::min<index_type>(right, 0),
                     high = std::max<index_type>(down, 0) + std::max<index_type>(right, 0);
    std::vector<S> span(static_cast<std::size_t>(high - low + 1), S(0.0f));
    for (index_type r = 0; r < m.rows; ++r)
      for (index_type c = 0; c < m.cols; ++c)
        span[static_cast<std::size_t>(r * m.row_stride + c * m.col_stride - low)] = static_cast<S>(m(r, c));
    return {copy(span.data(), high - low + 1) - low, m.rows, m.cols, m.row_stride, m.col_stride};
  }

  /// The loss with all that it points to on the device.
  template <class L>
  L loss(L l) {
    if constexpr (requires { l.labels; }) move(l.labels);
    if constexpr (requires { l.ids; }) move(l.ids);
    if constexpr (requires { l.negative_ids; }) move(l.negative_ids);
    if constexpr (requires { l.anchor_weights; }) move(l.anchor_weights);
    if constexpr (requires { l.candidate_probabilities; }) move(l.candidate_probabilities);
    if constexpr (requires { l.weights.values; }) move(l.weights.values);
    if constexpr (requires { l.targets.values; }) move(l.targets.values);
    if constexpr (requires { l.weights.keys; }) move(l.weights.keys), move(l.weights.further);
    return l;
  }

 private:
  void move(label_view& labels) { labels = copied<label_view, std::int64_t>(labels); }
  void move(weight_view& weights) { weights = copied<weight_view, double>(weights); }
  template <class View, class V>
  View copied(const View& from) {
    if (from.size() == 0) return from;
    std::vector<V> values;
    for (index_type i = 0; i < from.size(); ++i) values.push_back(from[i]);
    return View(copy(values.data(), from.size()), from.size());
  }
  void move(matrix_view<const float>& m) {
    if (m.rows > 0 && m.cols > 0) m.data = matrix_like<float>(m).data;
  }
  std::vector<std::shared_ptr<void>> held_;
};

template <class T>
answer widened(const cuda::host_result<T>& r, const std::vector<shape>& shapes) {
  answer a;
  a.loss = static_cast<double>(r.loss), a.temperature_gradient = static_cast<double>(r.temperature_gradient);
  a.bias_gradient = static_cast<double>(r.bias_gradient), a.valid_anchors = r.valid_anchors;
  for (const T l : r.per_anchor) a.per_anchor.push_back(static_cast<double>(l));
  for (std::size_t g = 0; g < r.gradients.size(); ++g) {
    matrix<double> m(shapes[g].rows, shapes[g].cols);
    for (std::size_t i = 0; i < r.gradients[g].size(); ++i) m.data()[i] = static_cast<double>(r.gradients[g][i]);
    a.gradients.push_back(m);
  }
  return a;
}

/// Is a loss compiled for embeddings of S? Every loss of the library is, unless CONTRASTIVE_TEST_FEWER_KERNELS says that no GPU
/// is at hand and the kernels need but compile: then double and 16 bits have three that stand for all.
template <class S, class L>
constexpr bool is_compiled =
#if defined(CONTRASTIVE_TEST_FEWER_KERNELS)
    is_of_the_library<L> &&
    (std::is_same_v<S, float> || std::is_same_v<L, nt_xent> || std::is_same_v<L, sup_con> || std::is_same_v<L, siglip>);
#else
    is_of_the_library<L>;
#endif

template <class S>
bool is_compiled_for(const any_loss& loss) {
  return std::visit([](const auto& l) { return is_compiled<S, std::remove_cvref_t<decltype(l)>>; }, loss);
}

/// What the GPU gives for embeddings rounded to S.
template <class S, class V>
answer on_gpu(cuda::evaluator<S>& evaluate, const any_loss& loss, const views<V>& e) {
  device_memory memory;
  std::vector<cuda::device_matrix_view<const S>> d;
  std::vector<shape> shapes;
  for (const auto& m : e) d.push_back(memory.matrix_like<S>(m)), shapes.push_back({m.rows, m.cols});
  const cudaStream_t stream = nullptr;
  return std::visit(
      [&](const auto& l) -> answer {
        if constexpr (is_compiled<S, std::remove_cvref_t<decltype(l)>>) {
          const auto there = memory.loss(l);
          if (d.size() == 1) return widened(evaluate.value_and_gradient(there, d[0], stream), shapes);
          if (d.size() == 2) return widened(evaluate.value_and_gradient(there, d[0], d[1], stream), shapes);
          if (d.size() == 3) return widened(evaluate.value_and_gradient(there, d[0], d[1], d[2], stream), shapes);
          return widened(evaluate.value_and_gradient(there, d.at(0), d.at(1), d.at(2), d.at(3), stream), shapes);
        } else {
          throw std::logic_error("on_gpu: not compiled for this loss");
        }
      },
      loss);
}

}  // namespace contrastive::testing
