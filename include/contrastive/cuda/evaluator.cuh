// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the GPU: the evaluator that enqueues loss and gradients on a stream.
#pragma once

#include <array>
#include <cmath>
#include <contrastive/core/arguments.hpp>
#include <contrastive/cuda/device_view.hpp>
#include <contrastive/cuda/engine.hpp>
#include <contrastive/cuda/machine.cuh>
#include <contrastive/cuda/runtime.cuh>
#include <functional>
#include <initializer_list>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cuda {

/// How to run. Only the size of the tiles changes results, by rounding.
struct options {
  bool check_pointers = true;  ///< look whether memory is the device's; not while a graph is captured
  bool check_finite = false;   ///< look for NaN and infinity first and throw, naming argument and row; this synchronises
  tile_size tiles = {};
};

/// Where the results of a call go, all in device memory; what is null is not written. S are the embeddings; G, the gradients'
/// type, is that of the computation (float for types of 16 bits) or S.
template <class S, class G = typename contrastive::detail::computed_in<S>::type>
struct outputs {
  using number = typename contrastive::detail::computed_in<S>::type;

  number* loss = nullptr;
  number* temperature_gradient = nullptr;
  index_type* valid_anchors = nullptr;
  number* per_anchor = nullptr;                       ///< (number of anchors): the loss of each, whatever the reduction
  std::vector<device_matrix_view<G>> gradients = {};  ///< none, or one an embedding argument; an empty view: not wanted
};

/// What a call that returns to the host gives.
template <class T>
struct host_result {
  T loss = 0;
  T temperature_gradient = 0;
  index_type valid_anchors = 0;
  std::vector<T> per_anchor;              ///< with reduction::none the loss of each anchor, else empty
  std::vector<std::vector<T>> gradients;  ///< (rows, cols) row-major, one an embedding argument; empty under no_gradient
};

/// Evaluates losses on a GPU, on embeddings in device memory, with the same losses as contrastive::evaluator. What a loss
/// points to (labels, weights, parameters) lies in device memory too, and is not checked: negative weights are undefined. A
/// label that is no row of the proxies gives NaN as a NaN in an embedding does.
///
/// S is the type of the embeddings: float, double, __nv_bfloat16 or __half. Types of 16 bits are computed in float; products
/// of bfloat16 by tensor cores, where the gradient's matrix is rounded to bfloat16 too. float is computed without TF32.
///
/// enqueue is asynchronous: it puts its work on the stream and returns. Embeddings are read before gradients are written, so
/// that they may overlap. From the second call of a size on nothing is allocated and nothing synchronises: such a call can be
/// captured in a CUDA graph. Memory: required_bytes, N d plus a fixed tile. One evaluator serves one stream at a time: its
/// workspace is in use until the work of a call is done. The same input gives the same bits on the same GPU and version of
/// cuBLAS.
///
/// Throws std::invalid_argument, naming the argument, what was expected and what came, before anything is enqueued;
/// contrastive::cuda_error where a call of CUDA fails, and std::bad_alloc where device memory runs out.
template <class S>
class evaluator {
 public:
  using number = typename contrastive::detail::computed_in<S>::type;
  static_assert(std::is_same_v<number, float> || std::is_same_v<number, double>,
                "contrastive: cuda::evaluator<S> needs S = float, double, __nv_bfloat16 or __half");

  explicit evaluator(const options& how = {}) : options_(how) {
    if (how.tiles.rows <= 0 || how.tiles.columns <= 0 || how.tiles.rows > (1 << 24) || how.tiles.columns > (1 << 24))
      contrastive::detail::refuse(
          "options", "tiles", "1 to 2^24 rows and columns",
          std::to_string(how.tiles.rows) + " rows and " + std::to_string(how.tiles.columns) + " columns");
  }

  /// Bytes of workspace for embeddings of these shapes, with gradients of all of them.
  template <class L>
  std::size_t required_bytes(const L& loss, const std::vector<shape>& shapes) {
    static_assert(loss_function<L>,
                  "contrastive: the first argument is no loss; see contrastive::loss_function and docs/custom_loss.md");
    arguments<number> given;
    number some{};
    number* const memory = &some;  // never read: only whether it is null counts
    for (const shape& s : shapes) given.push_back({{nullptr, s.rows, s.cols}, true, {memory, s.rows, s.cols}});
    const auto pairs = bind(loss, given);
    return plan(pairs, request_of(loss, given, outputs<S>{}));
  }
  /// Calls use these `bytes` of device memory, aligned to 256 bytes, instead of the evaluator's own; null: its own again.
  void use_workspace(void* memory, std::size_t bytes) {
    if (reinterpret_cast<std::uintptr_t>(memory) % 256 != 0)
      contrastive::detail::refuse("workspace", "memory", "an address that 256 divides", "another");
    if (memory != nullptr && options_.check_pointers) detail::check_on_device("workspace", "memory", memory);
    given_memory_ = memory, given_bytes_ = bytes;
  }

  /// Puts on the stream what writes loss and gradients: enqueue(loss, outputs, embeddings..., stream).
  template <class L, class G, class... Rest>
  void enqueue(const L& loss, const outputs<S, G>& to, const Rest&... embeddings_and_stream) {
    with_arguments<L, G>(
        [&](arguments<G>& given, cudaStream_t stream) {
          if (!to.gradients.empty() && to.gradients.size() != given.size())
            contrastive::detail::refuse(name<L>, "gradients",
                                        std::to_string(given.size()) + " views, one an embedding argument",
                                        static_cast<index_type>(to.gradients.size()));
          for (std::size_t a = 0; a < to.gradients.size(); ++a) {
            const auto& g = to.gradients[a];
            given[a].gradient = {g.data, g.rows, g.cols, g.row_stride, g.col_stride};
          }
          run(loss, given, to, stream);
        },
        embeddings_and_stream...);
  }
  /// The same for a number of embedding arguments known only at run time.
  template <class L, class G>
  void enqueue(const L& loss, const outputs<S, G>& to, const std::vector<device_matrix_view<const S>>& embeddings,
               cudaStream_t stream) {
    arguments<G> given;
    for (std::size_t a = 0; a < embeddings.size(); ++a) {
      const auto& e = embeddings[a];
      const auto g = a < to.gradients.size() ? to.gradients[a] : device_matrix_view<G>{};
      given.push_back(
          {{e.data, e.rows, e.cols, e.row_stride, e.col_stride}, true, {g.data, g.rows, g.cols, g.row_stride, g.col_stride}});
    }
    run(loss, given, to, stream);
  }

  /// Loss and all gradients on the host: value_and_gradient(loss, embeddings..., stream). Synchronises the stream.
  template <class L, class... Rest>
  host_result<number> value_and_gradient(const L& loss, const Rest&... embeddings_and_stream) {
    host_result<number> result;
    with_arguments<L, number>(
        [&](arguments<number>& given, cudaStream_t stream) {
          index_type numbers = 2, anchors = 0;
          for (auto& a : given) numbers += a.rows.rows * a.rows.cols, anchors += a.rows.rows;
          device_buffer<number> memory(numbers + anchors);
          device_buffer<index_type> valid(1);
          number* next = memory.data() + 2;
          outputs<S> to{memory.data(), memory.data() + 1, valid.data(), memory.data() + numbers, {}};
          for (auto& a : given) {
            a.gradient = {a.needs_gradient ? next : nullptr, a.rows.rows, a.rows.cols};
            next += a.rows.rows * a.rows.cols;
          }
          run(loss, given, to, stream);
          const auto back = [&](auto* out, const auto* from, index_type count) {
            detail::check("cudaMemcpyAsync", cudaMemcpyAsync(out, from, static_cast<std::size_t>(count) * sizeof *out,
                                                             cudaMemcpyDeviceToHost, stream));
          };
          back(&result.loss, to.loss, 1);
          back(&result.temperature_gradient, to.temperature_gradient, 1);
          back(&result.valid_anchors, to.valid_anchors, 1);
          if (loss.reduction == reduction::none) {
            result.per_anchor.resize(static_cast<std::size_t>(ranges_.num_anchors()));
            back(result.per_anchor.data(), to.per_anchor, ranges_.num_anchors());
          }
          for (const auto& a : given) {
            auto& g = result.gradients.emplace_back(static_cast<std::size_t>(a.needs_gradient ? a.rows.rows * a.rows.cols : 0));
            if (a.needs_gradient) back(g.data(), a.gradient.data, a.rows.rows * a.rows.cols);
          }
          detail::check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
        },
        embeddings_and_stream...);
    return result;
  }

 private:
  template <class G>
  using arguments = std::vector<device_argument<S, G>>;
  template <class L>
  static constexpr const char* name = contrastive::detail::loss_name<L>();
  static constexpr bool has_half_products = std::is_same_v<S, __nv_bfloat16>;
  using half_row = std::conditional_t<has_half_products, S, number>;

  /// Parts embeddings..., stream and calls use(arguments, stream).
  template <class L, class G, class Use, class... Rest>
  void with_arguments(Use use, const Rest&... rest) {
    static_assert(loss_function<L>,
                  "contrastive: the first argument is no loss; see contrastive::loss_function and docs/custom_loss.md");
    static_assert(sizeof...(Rest) > 1,
                  "contrastive: a loss needs at least one matrix of embeddings, and a stream as the last argument");
    constexpr std::size_t count = sizeof...(Rest) - 1;
    const auto all = std::tie(rest...);
    using stream = std::remove_cvref_t<std::tuple_element_t<count, decltype(all)>>;
    static_assert(std::is_convertible_v<stream, cudaStream_t>,
                  "contrastive: the last argument of a call on the device is the stream");
    arguments<G> given;
    [&]<std::size_t... A>(std::index_sequence<A...>) { (add(given, std::get<A>(all)), ...); }
    (std::make_index_sequence<count>{});
    use(given, std::get<count>(all));
  }
  template <class G, class E>
  static void add(arguments<G>& given, const E& e) {
    using traits = detail::device_argument_traits<E>;
    static_assert(traits::valid,
                  "contrastive: embeddings of a call on the device must be contrastive::cuda::device_matrix_view: an Eigen "
                  "matrix, a pointer or a "
                  "matrix_view is memory of the host");
    static_assert(!traits::valid || std::is_same_v<typename traits::scalar, S>,
                  "contrastive: all embeddings must have the evaluator's scalar type");
    if constexpr (traits::valid) {
      const auto view = traits::view(e);
      given.push_back({{view.data, view.rows, view.cols, view.row_stride, view.col_stride}, traits::needs_gradient, {}});
    }
  }

  template <class L, class G>
  auto bind(const L& loss, const arguments<G>& given) {
    shapes_.clear();
    for (const auto& a : given) shapes_.push_back({a.rows.rows, a.rows.cols});
    const argument_shapes shapes{shapes_.data(), static_cast<int>(shapes_.size()), true};
    contrastive::detail::check_arguments(name<L>, loss.temperature, loss.arrangement, shapes);
    ranges_ = contrastive::detail::ranges_of(loss.arrangement, shapes);
    return contrastive::detail::bind(loss, shapes);
  }
  template <class L, class G>
  device_request<S, number, G> request_of(const L& loss, const arguments<G>& given, const outputs<S, G>& to) const {
    return {given.data(),     static_cast<int>(given.size()),
            ranges_,          loss.temperature,
            loss.similarity,  loss.pooling,
            loss.reduction,   loss.arrangement == arrangement::both_ways,
            to.loss,          to.temperature_gradient,
            to.valid_anchors, to.per_anchor};
  }
  template <class Request>
  static bool half_products(const Request& r) {
    return has_half_products && r.similarity != similarity::negative_squared_euclidean;
  }
  template <class P, class Request>
  std::size_t plan(const P& pairs, const Request& r) {
    if (half_products(r)) return machine::product_bytes + half_engine_.plan(machine_, pairs, r, options_.tiles);
    return machine::product_bytes + engine_.plan(machine_, pairs, r, options_.tiles);
  }

  template <class L, class G>
  void run(const L& loss, const arguments<G>& given, const outputs<S, G>& to, cudaStream_t stream) {
    static_assert(loss_function<L>,
                  "contrastive: the first argument is no loss; see contrastive::loss_function and docs/custom_loss.md");
    const auto pairs = bind(loss, given);
    const bool capturing = detail::is_capturing(stream);
    check_memory(loss, given, to, options_.check_pointers && !capturing);
    const auto request = request_of(loss, given, to);
    std::byte* const memory = workspace(plan(pairs, request), capturing);
    machine_.use(stream, memory);
    const auto look = [&](const double* norms) {
      if (options_.check_finite) check_finite(name<L>, given, norms, stream);
    };
    if (half_products(request))
      half_engine_.run(machine_, memory + machine::product_bytes, pairs, request, look);
    else
      engine_.run(machine_, memory + machine::product_bytes, pairs, request, look);
  }

  std::byte* workspace(std::size_t bytes, bool capturing) {
    const auto say = [](std::size_t count) { return "at least " + std::to_string(count) + " bytes"; };
    if (given_memory_ != nullptr) {
      if (given_bytes_ < bytes) contrastive::detail::refuse("workspace", "bytes", say(bytes), std::to_string(given_bytes_));
      return static_cast<std::byte*>(given_memory_);
    }
    if (capturing && memory_.size() < static_cast<index_type>(bytes))
      contrastive::detail::refuse("workspace", "memory during capture", say(bytes) + " (make the call once before)",
                                  std::to_string(memory_.size()));
    memory_.reserve(static_cast<index_type>(bytes));
    return memory_.data();
  }

  template <class L, class G>
  static void check_memory(const L& loss, const arguments<G>& given, const outputs<S, G>& to, bool look) {
    const auto there = [&](const std::string& what, const void* memory) {
      if (memory == nullptr) contrastive::detail::refuse(name<L>, what, "memory", "a null pointer");
      if (look) detail::check_on_device(name<L>, what.c_str(), memory);
    };
    const auto where_given = [&](const std::string& what, const void* memory) {
      if (memory != nullptr) there(what, memory);
    };
    const auto say = [](index_type rows, index_type cols) {
      return '(' + std::to_string(rows) + ", " + std::to_string(cols) + ")";
    };
    const auto span = [](const auto& g) {
      const index_type last = (g.rows - 1) * g.row_stride + (g.cols - 1) * g.col_stride;
      return std::pair<const G*, const G*>(g.data + std::min<index_type>(last, 0), g.data + std::max<index_type>(last, 0));
    };
    for (std::size_t a = 0; a < given.size(); ++a) {
      there("argument " + std::to_string(a + 1), given[a].rows.data);
      const auto& g = given[a].gradient;
      if (!given[a].needs_gradient || g.data == nullptr) continue;
      const std::string what = "gradients[" + std::to_string(a) + "]";
      if (g.rows != given[a].rows.rows || g.cols != given[a].rows.cols)
        contrastive::detail::refuse(name<L>, what, say(given[a].rows.rows, given[a].rows.cols), say(g.rows, g.cols));
      there(what, g.data);
      for (std::size_t b = 0; b < a; ++b) {
        if (!given[b].needs_gradient || given[b].gradient.data == nullptr) continue;
        const auto one = span(g), other = span(given[b].gradient);
        if (!std::less<>{}(other.second, one.first) && !std::less<>{}(one.second, other.first))
          contrastive::detail::refuse(name<L>, what, "memory of its own",
                                      "memory that overlaps gradients[" + std::to_string(b) + "]");
      }
    }
    where_given("outputs.loss", to.loss);
    where_given("outputs.temperature_gradient", to.temperature_gradient);
    where_given("outputs.valid_anchors", to.valid_anchors);
    where_given("outputs.per_anchor", to.per_anchor);
    if constexpr (requires { loss.labels.data(); }) where_given("labels", loss.labels.data());
    if constexpr (requires { loss.weights.values.data; }) where_given("weights", loss.weights.values.data);
    if constexpr (requires { loss.weights.keys.data; }) {
      where_given("parameters of the keys", loss.weights.keys.data);
      where_given("parameters of the further negatives", loss.weights.further.data);
    }
  }

  /// A row's norm is finite where its elements are.
  template <class G>
  void check_finite(const char* who, const arguments<G>& given, const double* norms, cudaStream_t stream) {
    norms_.resize(static_cast<std::size_t>(ranges_.total));
    detail::check("cudaMemcpyAsync",
                  cudaMemcpyAsync(norms_.data(), norms, norms_.size() * sizeof(double), cudaMemcpyDeviceToHost, stream));
    detail::check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
    std::size_t row = 0;
    for (std::size_t a = 0; a < given.size(); ++a)
      for (index_type r = 0; r < given[a].rows.rows; ++r, ++row)
        if (!std::isfinite(norms_[row]))
          contrastive::detail::refuse(who, "argument " + std::to_string(a + 1) + ", row " + std::to_string(r), "finite numbers",
                                      norms_[row]);
  }

  options options_;
  machine machine_;
  tile_engine<machine, number, number> engine_;
  tile_engine<machine, number, half_row> half_engine_;  // of bfloat16, in products of bfloat16
  device_buffer<std::byte> memory_;
  void* given_memory_ = nullptr;
  std::size_t given_bytes_ = 0;
  std::vector<shape> shapes_;
  contrastive::detail::row_ranges ranges_;
  std::vector<double> norms_;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
