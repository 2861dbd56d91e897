// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The front on Thrust: losses and gradients of rows in device memory, by the tile engine, on whichever system Thrust is
// compiled for (THRUST_DEVICE_SYSTEM: CUDA, OMP, TBB, CPP).
#pragma once

#include <thrust/copy.h>
#include <thrust/device_vector.h>

#include <array>
#include <cmath>
#include <contrastive/core/check_outputs.hpp>
#include <contrastive/device/engine.hpp>
#include <contrastive/thrust/device_rows.hpp>
#include <contrastive/thrust/machine.hpp>
#include <contrastive/thrust/memory_place.hpp>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
/// The losses on Thrust's systems.
namespace thrust_engine {

/// How to run, as opposed to what to compute.
struct options {
  bool check_finite = false;  ///< throw where a row holds NaN or infinity, naming argument and row
};

/// What a call gives: numbers on the host, matrices in device memory.
template <class T>
struct result {
  T loss = 0;  ///< in nats, reduced as the loss says
  std::vector<::thrust::device_vector<T>>
      gradients;               ///< dloss/d(argument), one an argument, (rows, cols) row-major; empty under no_gradient
  T temperature_gradient = 0;  ///< dloss/dτ
  T bias_gradient = 0;         ///< dloss/db of a loss with a member `bias`, else 0
  ::thrust::device_vector<T> per_anchor;  ///< with reduction::none the loss of each anchor, else empty
  index_type valid_anchors = 0;           ///< anchors of a mass above 0, most often those that have a positive
};

/// Evaluates losses of rows in device memory; the losses are those of the CPU, a user's own among them.
///
/// T is the scalar of embeddings and results, float or double, and of products and logits; sums over them, norms and
/// logarithms are double. The same input gives the same bits, however many threads the system runs.
/// Everything that a loss points to (labels, weights, parameters) is read on the device. On a GPU it is refused where it lies
/// in the host's memory, and checked where the host can read it too (thrust::universal_vector); elsewhere negative weights are
/// undefined, and a label that is no row of the proxies gives NaN. On other systems all memory is the host's, and is checked.
/// Where Thrust is compiled for CUDA, a loss of your own marks its functions CONTRASTIVE_HOST_DEVICE.
/// Memory: a copy of the embeddings, the gradients, their sums, some numbers a row and a listed pair, and one tile of products.
/// It is kept between calls.
/// A call returns when all is done. One evaluator serves one thread at a time, which is not checked.
///
/// Embeddings are device_rows (rows, d) as the loss asks for them, from row to row `row_stride`; they are only read.
/// Throws std::invalid_argument as the CPU's evaluator does, before anything is written; std::bad_alloc where memory runs out;
/// thrust::system_error where the device fails. Functions of the loss must not throw where they run on the device.
/// Edges: an anchor of mass 0 has loss 0 and gives no gradient. NaN or infinity in a row, or a listed candidate that is not
/// there, makes all results NaN but valid_anchors.
///
///   evaluator<float> evaluate;
///   const auto& r = evaluate.value_and_gradient(nt_xent{}, device_rows(z1, n, d), device_rows(z2, n, d));
///
/// docs/thrust.md has the whole program.
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: evaluator<T> needs T = float or T = double");

 public:
  /// With the default options.
  evaluator() : evaluator(options{}) {}
  /// With these options.
  explicit evaluator(const options& how) : options_(how) {}
  evaluator(const evaluator&) = delete;
  evaluator& operator=(const evaluator&) = delete;

  /// The loss alone, in nats, reduced as the loss says; with reduction::none the sum of the losses.
  template <class L, class... E>
  T value(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), false).loss;
  }

  /// The loss and all gradients, of argument a (rows, cols) row-major in gradients[a]. The result belongs to the evaluator and
  /// is valid until its next call.
  template <class L, class... E>
  const result<T>& value_and_gradient(const L& loss, const E&... embeddings) {
    const auto arguments = collect<L>(embeddings...);
    return evaluate(loss, arguments.data(), static_cast<int>(arguments.size()), true);
  }

  /// For a number of arguments known only at run time.
  template <loss_function L>
  const result<T>& value_and_gradient(const L& loss, const std::vector<device_rows<T>>& embeddings) {
    return evaluate(loss, embeddings.data(), static_cast<int>(embeddings.size()), true);
  }

 private:
  template <class Element>
  using vector = ::thrust::device_vector<Element>;

  // On a CPU a tile stays in a core's second-level cache or little beyond it.
  static constexpr device::tile_size tiles = on_gpu ? device::tile_size{} : device::tile_size{256, 1024};

  template <class L, class... E>
  static std::array<device_rows<T>, sizeof...(E)> collect(const E&... embeddings) {
    static_assert(contrastive::detail::check_loss<L>());
    static_assert(sizeof...(E) > 0, "contrastive: a loss needs at least one matrix of embeddings");
    static_assert((std::is_same_v<E, device_rows<T>> && ...),
                  "contrastive: embeddings must be contrastive::thrust_engine::device_rows<T> of the evaluator's scalar type");
    return {embeddings...};
  }

  template <class Element>
  static Element* raw(vector<Element>& elements) {
    return ::thrust::raw_pointer_cast(elements.data());
  }

  template <class L>
  const result<T>& evaluate(const L& loss, const device_rows<T>* rows, int count, bool with_gradients) {
    constexpr const char* who = contrastive::detail::loss_name<L>();
    shapes_.clear();
    for (int a = 0; a < count; ++a) shapes_.push_back({rows[a].rows, rows[a].cols});
    argument_shapes shapes{shapes_.data(), count};
    contrastive::detail::check_arguments<T>(who, loss.temperature, loss.arrangement, shapes);
    for (int a = 0; a < count; ++a)
      if (rows[a].data == nullptr)
        contrastive::detail::refuse(who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
    shapes.on_device = detail::lies_on_device(who, loss);
    const auto pairs = contrastive::detail::bind(loss, shapes);
    const auto ranges = contrastive::detail::ranges_of(loss.arrangement, shapes);
    contrastive::detail::check_anchor_weights(who, contrastive::detail::anchor_weights_of(loss), ranges.num_anchors(),
                                              !shapes.on_device);

    const index_type losses = loss.reduction == reduction::none ? ranges.num_anchors() : 0;
    result<T> fresh;  // of another size than the last result: that one stays until nothing can fail any more
    const bool fits = has_room(result_, rows, count, losses, with_gradients);
    result<T>& to = fits ? result_ : fresh;
    if (!fits) make_room(fresh, rows, count, losses, with_gradients);
    arguments_.clear();
    for (int a = 0; a < count; ++a) {
      arguments_.push_back({{rows[a].data, rows[a].rows, rows[a].cols, rows[a].row_stride}, rows[a].needs_gradient});
      if (with_gradients && rows[a].needs_gradient)
        arguments_.back().gradient = {raw(to.gradients[static_cast<std::size_t>(a)]), rows[a].rows, rows[a].cols};
    }
    numbers_.resize(3), valid_.resize(1);
    auto request = device::request_of<T, T, T>(loss, arguments_.data(), count, ranges);
    request.loss = raw(numbers_), request.valid_anchors = raw(valid_);
    if (with_gradients) request.temperature_gradient = raw(numbers_) + 1, request.bias_gradient = raw(numbers_) + 2;
    if (losses > 0) request.per_anchor = raw(to.per_anchor);
    contrastive::detail::with_rule(loss, shapes, [&](const auto& rule) {
      auto engine = device::engine_for<T>(machine_, pairs, rule, request, tiles);
      if (memory_.size() < engine.bytes()) memory_ = vector<std::byte>(), memory_ = vector<std::byte>(engine.bytes());
      engine.run(raw(memory_), [&](const double* norms) {
        if (options_.check_finite) check_finite(who, shapes, norms);
      });
    });
    T numbers[3];
    ::thrust::copy_n(numbers_.begin(), 3, numbers);
    ::thrust::copy_n(valid_.begin(), 1, &to.valid_anchors);
    to.loss = numbers[0];
    if (with_gradients) to.temperature_gradient = numbers[1], to.bias_gradient = numbers[2];
    if (!fits) {
      if (!with_gradients) fresh.gradients.swap(result_.gradients);  // kept for the next call
      result_ = std::move(fresh);
    }
    return result_;
  }

  static std::size_t gradient_size(const device_rows<T>& rows) {
    return static_cast<std::size_t>(rows.needs_gradient ? rows.rows * rows.cols : 0);
  }
  static bool has_room(const result<T>& r, const device_rows<T>* rows, int count, index_type losses, bool with_gradients) {
    bool fits = r.per_anchor.size() == static_cast<std::size_t>(losses) &&
                (!with_gradients || r.gradients.size() == static_cast<std::size_t>(count));
    for (int a = 0; fits && with_gradients && a < count; ++a)
      fits = r.gradients[static_cast<std::size_t>(a)].size() == gradient_size(rows[a]);
    return fits;
  }
  static void make_room(result<T>& r, const device_rows<T>* rows, int count, index_type losses, bool with_gradients) {
    r.per_anchor.resize(static_cast<std::size_t>(losses));
    for (int a = 0; with_gradients && a < count; ++a) r.gradients.emplace_back(gradient_size(rows[a]));
  }

  /// A row's norm is finite where its elements are.
  void check_finite(const char* who, const argument_shapes& shapes, const double* norms) {
    const index_type total = shapes.total_rows();
    norms_.resize(static_cast<std::size_t>(total));
    ::thrust::copy_n(::thrust::device_pointer_cast(norms), total, norms_.begin());
    contrastive::detail::check_finite(who, shapes, [&](index_type row) {
      return std::isfinite(norms_[static_cast<std::size_t>(row)]) ? "" : "NaN or infinity";
    });
  }

  options options_;
  machine machine_;
  std::vector<shape> shapes_;
  std::vector<device::argument<T, T>> arguments_;
  result<T> result_;
  vector<std::byte> memory_;
  vector<T> numbers_;         // loss, gradients of temperature and bias
  vector<index_type> valid_;  // anchors
  std::vector<double> norms_;
};

}  // namespace thrust_engine
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
