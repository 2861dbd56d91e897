// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on the GPU: the evaluator that enqueues loss and gradients on a stream.
#pragma once

#include <cmath>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/check_outputs.hpp>
#include <contrastive/cuda/device_view.hpp>
#include <contrastive/cuda/growing_memory.hpp>
#include <contrastive/cuda/machine.cuh>
#include <contrastive/cuda/runtime.cuh>
#include <contrastive/device/engine.hpp>
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
  bool check_finite = false;  ///< look for NaN and infinity first and throw, naming argument and row; this synchronises, and is
                              ///< refused while a graph is captured
  device::tile_size tiles = {};  ///< rows and columns of a tile of products
};

/// Where the results of a call go, all in device memory; what is null is not written. S are the embeddings; G, the gradients'
/// type, is that of the computation (float for types of 16 bits) or S.
template <class S, class G = typename contrastive::detail::computed_in<S>::type>
struct outputs {
  /// The type of losses and sums.
  using number = typename contrastive::detail::computed_in<S>::type;

  number* loss = nullptr;                             ///< in nats, reduced as the loss says
  number* temperature_gradient = nullptr;             ///< dloss/dτ
  number* bias_gradient = nullptr;                    ///< dloss/db of a loss with a member `bias`; 0 for any other
  index_type* valid_anchors = nullptr;                ///< anchors of a mass above 0
  number* per_anchor = nullptr;                       ///< (number of anchors): the loss of each, whatever the reduction
  std::vector<device_matrix_view<G>> gradients = {};  ///< none, or one an embedding argument; an empty view: not wanted
};

/// What a call that returns to the host gives.
template <class T>
struct host_result {
  T loss = 0;                             ///< in nats, reduced as the loss says
  T temperature_gradient = 0;             ///< dloss/dτ
  T bias_gradient = 0;                    ///< dloss/db of a loss with a member `bias`, else 0
  index_type valid_anchors = 0;           ///< anchors of a mass above 0
  std::vector<T> per_anchor;              ///< with reduction::none the loss of each anchor, else empty
  std::vector<std::vector<T>> gradients;  ///< (rows, cols) row-major, one an embedding argument; empty under no_gradient
};

/// Evaluates losses on a GPU, on embeddings in device memory, with the same losses as contrastive::evaluator. What a loss
/// points to (labels, weights, parameters) lies in device memory too; its values are not checked: negative weights are
/// undefined. A label that is no row of the proxies gives NaN as a NaN in an embedding does.
///
/// S is the type of the embeddings: float, double, __nv_bfloat16 or __half. Types of 16 bits are computed in float; products
/// of bfloat16 by tensor cores, in kernels that keep them in registers where they can (docs/cuda.md says where), and the
/// gradient's matrix is rounded to bfloat16 too. float is computed without TF32.
///
/// enqueue is asynchronous: it puts its work on the stream and returns. Embeddings are read before gradients are written, so
/// that they may overlap. From the second call of a size on nothing is allocated and nothing synchronises: such a call can be
/// captured in a CUDA graph, which must not outlive the evaluator. Memory: required_bytes, N d plus a fixed tile. One evaluator
/// serves one stream at a time: its workspace is in use until the work of a call is done. The same input gives the same bits on
/// the same GPU and version of cuBLAS.
///
/// Embeddings are device_matrix_views (rows, d) as the loss asks for them, of any strides; gradients have their shapes.
/// Throws std::invalid_argument, naming the argument, what was expected and what came, before anything is enqueued (by
/// options::check_finite after the rows' norms, but before any output is written);
/// contrastive::cuda_error where a call of CUDA fails, and std::bad_alloc where device memory runs out.
/// Edges: an anchor of mass 0, as of a softmax without a positive, has loss 0 and gives no gradient. NaN or infinity in a row,
/// or a listed candidate that is not there, makes all results NaN but valid_anchors.
///
///   contrastive::cuda::evaluator<float> evaluate;
///   contrastive::cuda::outputs<float> out{.loss = loss, .gradients = {{g1, n, d}, {g2, n, d}}};
///   evaluate.enqueue(contrastive::nt_xent{.temperature = 0.5}, out, z1, z2, stream);
template <class S>
class evaluator {
 public:
  /// The type of losses and sums.
  using number = typename contrastive::detail::computed_in<S>::type;
  static_assert(std::is_same_v<number, float> || std::is_same_v<number, double>,
                "contrastive: cuda::evaluator<S> needs S = float, double, __nv_bfloat16 or __half");

  /// With the default options.
  evaluator() : evaluator(options{}) {}
  /// With these options. Throws std::invalid_argument for tiles without a row or a column, or of more than 2^24.
  explicit evaluator(const options& how) : options_(how) {
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
    std::size_t bytes = 0;
    with_engine(loss, given, outputs<S>{}, [&](auto& engine) { bytes = machine::product_bytes + engine.bytes(); });
    return bytes;
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
          index_type numbers = 3, anchors = 0;
          for (auto& a : given) numbers += a.rows.rows * a.rows.cols, anchors += a.rows.rows;
          result_numbers_.reserve(numbers + anchors);
          result_valid_.reserve(1);
          number *const first = result_numbers_.data(), *next = first + 3;
          outputs<S> to;
          to.loss = first, to.temperature_gradient = first + 1, to.bias_gradient = first + 2;
          to.valid_anchors = result_valid_.data(), to.per_anchor = first + numbers;
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
          back(&result.bias_gradient, to.bias_gradient, 1);
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
  using arguments = std::vector<device::argument<S, G>>;
  template <class L>
  static constexpr const char* name = contrastive::detail::loss_name<L>();
  static constexpr bool has_half_products = std::is_same_v<S, __nv_bfloat16>;

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

  /// use(engine) with the engine of a call.
  template <class L, class G, class Use>
  void with_engine(const L& loss, const arguments<G>& given, const outputs<S, G>& to, Use use) {
    shapes_.clear();
    for (const auto& a : given) shapes_.push_back({a.rows.rows, a.rows.cols});
    const argument_shapes shapes{shapes_.data(), static_cast<int>(shapes_.size()), true};
    contrastive::detail::check_arguments<number>(name<L>, loss.temperature, loss.arrangement, shapes);
    ranges_ = contrastive::detail::ranges_of(loss.arrangement, shapes);
    contrastive::detail::check_anchor_weights(name<L>, contrastive::detail::anchor_weights_of(loss), ranges_.num_anchors(),
                                              false);
    const auto pairs = contrastive::detail::bind(loss, shapes);
    auto request = device::request_of<S, number, G>(loss, given.data(), shapes.count, ranges_);
    request.loss = to.loss, request.temperature_gradient = to.temperature_gradient, request.bias_gradient = to.bias_gradient;
    request.valid_anchors = to.valid_anchors, request.per_anchor = to.per_anchor;
    contrastive::detail::with_rule(loss, shapes, [&](const auto& rule) {
      if constexpr (has_half_products)
        if (loss.similarity != similarity::negative_squared_euclidean) {
          auto engine = device::engine_for<S>(machine_, pairs, rule, request, options_.tiles);
          return use(engine);
        }
      auto engine = device::engine_for<number>(machine_, pairs, rule, request, options_.tiles);
      use(engine);
    });
  }

  template <class L, class G>
  void run(const L& loss, const arguments<G>& given, const outputs<S, G>& to, cudaStream_t stream) {
    static_assert(loss_function<L>,
                  "contrastive: the first argument is no loss; see contrastive::loss_function and docs/custom_loss.md");
    with_engine(loss, given, to, [&](auto& engine) {
      const bool capturing = detail::is_capturing(stream);
      if (capturing && options_.check_finite)
        contrastive::detail::refuse("options", "check_finite", "a stream that is not captured, as it synchronises",
                                    "a stream under capture");
      check_memory(loss, given, to, options_.check_pointers && !capturing);
      std::byte* const memory = workspace(machine::product_bytes + engine.bytes(), capturing);
      machine_.use(stream, memory);
      engine.run(memory + machine::product_bytes, [&](const double* norms) {
        if (options_.check_finite) check_finite(name<L>, norms, stream);
      });
    });
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
    return memory_.at_least(static_cast<index_type>(bytes), capturing);
  }

  /// `check_pointers`: asks CUDA where they point, too.
  template <class L, class G>
  void check_memory(const L& loss, const arguments<G>& given, const outputs<S, G>& to, bool check_pointers) const {
    const auto there = [&](const std::string& what, const void* memory) {
      if (memory == nullptr) contrastive::detail::refuse(name<L>, what, "memory", "a null pointer");
      if (check_pointers) detail::check_on_device(name<L>, what.c_str(), memory);
    };
    const auto where_given = [&](const std::string& what, const void* memory) {
      if (memory != nullptr) there(what, memory);
    };
    for (std::size_t a = 0; a < given.size(); ++a) there("argument " + std::to_string(a + 1), given[a].rows.data);
    std::vector<matrix_view<G>> gradients;
    for (const auto& a : given) gradients.push_back(a.gradient);
    const argument_shapes shapes{shapes_.data(), static_cast<int>(shapes_.size()), true};
    contrastive::detail::check_outputs(name<L>, shapes, gradients.data(), shapes.count,
                                       [&](int a) { return given[static_cast<std::size_t>(a)].wants_gradient(); });
    for (std::size_t a = 0; a < given.size(); ++a)
      if (given[a].wants_gradient()) there("gradients[" + std::to_string(a) + "]", gradients[a].data);
    where_given("outputs.loss", to.loss);
    where_given("outputs.temperature_gradient", to.temperature_gradient);
    where_given("outputs.bias_gradient", to.bias_gradient);
    where_given("outputs.valid_anchors", to.valid_anchors);
    where_given("outputs.per_anchor", to.per_anchor);
    contrastive::detail::each_view(loss, where_given);
  }

  /// A row's norm is finite where its elements are.
  void check_finite(const char* who, const double* norms, cudaStream_t stream) {
    norms_.resize(static_cast<std::size_t>(ranges_.total));
    detail::check("cudaMemcpyAsync",
                  cudaMemcpyAsync(norms_.data(), norms, norms_.size() * sizeof(double), cudaMemcpyDeviceToHost, stream));
    detail::check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
    const argument_shapes shapes{shapes_.data(), static_cast<int>(shapes_.size()), true};
    contrastive::detail::check_finite(who, shapes, [&](index_type row) {
      return std::isfinite(norms_[static_cast<std::size_t>(row)]) ? "" : "NaN or infinity";
    });
  }

  options options_;
  machine machine_;
  growing_memory<device_buffer<std::byte>> memory_;
  device_buffer<number> result_numbers_;  // of value_and_gradient
  device_buffer<index_type> result_valid_;
  void* given_memory_ = nullptr;
  std::size_t given_bytes_ = 0;
  std::vector<shape> shapes_;
  contrastive::detail::row_ranges ranges_;
  std::vector<double> norms_;
};

}  // namespace cuda
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
