// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What an evaluator does with a call once the loss has become pair functions: checks, memory for the result, the engine.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/core/errors.hpp>
#include <contrastive/cpu/engine.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <string>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

template <class T>
class evaluation {
 public:
  explicit evaluation(const options& how) : options_(how), engine_(how.threads, how.memory_budget) {
    if (how.threads < 0) contrastive::detail::refuse("options", "threads", "0 (all) or more", how.threads);
  }

  /// Refuses what no loss takes, and hands back the shapes of the arguments.
  argument_shapes check(const call<T>& c) {
    shapes_.clear();
    for (int a = 0; a < c.count; ++a) shapes_.push_back({c.arguments[a].rows, c.arguments[a].cols});
    const argument_shapes shapes{shapes_.data(), c.count};
    contrastive::detail::check_arguments(c.who, c.temperature, c.arrangement, shapes);
    for (int a = 0; a < c.count; ++a)
      if (c.arguments[a].data == nullptr)
        contrastive::detail::refuse(c.who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
    return shapes;
  }

  /// After check(): the pair functions are those of the loss bound to its shapes.
  const result<T>& evaluate(const call<T>& c, const pair_functions<T>& f) {
    if (c.gradients != nullptr) check_outputs(c.who, c.arguments, c.count, c.gradients, c.num_gradients);
    if (options_.check_finite) check_finite(c.who, c.arguments, c.count);

    const auto ranges = contrastive::detail::ranges_of(c.arrangement, {shapes_.data(), c.count});
    const auto losses = static_cast<std::size_t>(c.reduction == reduction::none ? ranges.num_anchors() : 0);
    const bool own_gradients = c.with_gradients && c.gradients == nullptr;
    result<T> fresh;  // of another size than the last result: that one stays until nothing can fail any more
    const bool fits = result_.per_anchor.size() == losses && (!own_gradients || gradients_fit(c.arguments, c.count));
    result<T>& to = fits ? result_ : fresh;
    outputs_.clear();
    if (c.gradients != nullptr) outputs_.assign(c.gradients, c.gradients + c.count);
    if (own_gradients) {
      to.gradients.resize(static_cast<std::size_t>(c.count));
      for (int a = 0; a < c.count; ++a) {
        auto& g = to.gradients[static_cast<std::size_t>(a)];
        c.arguments[a].needs_gradient ? g.resize(c.arguments[a].rows, c.arguments[a].cols) : g.resize(0, 0);
        outputs_.push_back(g);
      }
    }
    to.per_anchor.resize(losses);
    const request<T> r{c.arguments,
                       c.count,
                       ranges,
                       c.temperature,
                       c.similarity,
                       c.pooling,
                       c.reduction,
                       c.arrangement == arrangement::both_ways,
                       c.with_gradients ? outputs_.data() : nullptr,
                       losses > 0 ? to.per_anchor.data() : nullptr,
                       c.bf16};
    const outcome out = engine_.run(f, r);
    to.loss = static_cast<T>(out.loss);
    to.temperature_gradient = static_cast<T>(out.temperature_gradient);
    to.valid_anchors = out.valid_anchors;
    if (!fits) {
      if (!own_gradients) fresh.gradients.swap(result_.gradients);
      result_ = std::move(fresh);
    }
    if (c.gradients != nullptr) result_.gradients.clear();
    return result_;
  }

 private:
  /// Has the last result room for these gradients?
  bool gradients_fit(const contrastive::detail::argument<T>* arguments, int count) const {
    if (result_.gradients.size() != static_cast<std::size_t>(count)) return false;
    for (int a = 0; a < count; ++a) {
      const auto& g = result_.gradients[static_cast<std::size_t>(a)];
      const bool needed = arguments[a].needs_gradient;
      if (g.rows() != (needed ? arguments[a].rows : 0) || g.cols() != (needed ? arguments[a].cols : 0)) return false;
    }
    return true;
  }

  static void check_outputs(const char* who, const contrastive::detail::argument<T>* arguments, int count,
                            const matrix_view<T>* gradients, int num_gradients) {
    if (num_gradients != count)
      contrastive::detail::refuse(who, "gradients", std::to_string(count) + " views, one an embedding argument", num_gradients);
    const auto span = [](const matrix_view<T>& g) {
      const T* last = g.data + (g.rows - 1) * g.row_stride + (g.cols - 1) * g.col_stride;
      return std::pair<const T*, const T*>(std::min<const T*>(g.data, last), std::max<const T*>(g.data, last));
    };
    for (int a = 0; a < count; ++a) {
      if (!arguments[a].needs_gradient) continue;
      const index_type rows = arguments[a].rows, cols = arguments[a].cols;
      if (gradients[a].data == nullptr || gradients[a].rows != rows || gradients[a].cols != cols)
        contrastive::detail::refuse(who, "gradients[" + std::to_string(a) + "]",
                                    "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")",
                                    "(" + std::to_string(gradients[a].rows) + ", " + std::to_string(gradients[a].cols) + ")");
      for (int b = 0; b < a; ++b) {
        if (!arguments[b].needs_gradient) continue;
        const auto one = span(gradients[a]), other = span(gradients[b]);
        if (one.first <= other.second && other.first <= one.second)
          contrastive::detail::refuse(who, "gradients[" + std::to_string(a) + "]", "memory of its own",
                                      "memory that overlaps gradients[" + std::to_string(b) + "]");
      }
    }
  }

  static void check_finite(const char* who, const contrastive::detail::argument<T>* arguments, int count) {
    for (int a = 0; a < count; ++a)
      for (index_type r = 0; r < arguments[a].rows; ++r)
        for (index_type c = 0; c < arguments[a].cols; ++c) {
          T v;
          arguments[a].read(r, c, 1, &v);
          if (!std::isfinite(v))
            contrastive::detail::refuse(who, "argument " + std::to_string(a + 1) + ", row " + std::to_string(r),
                                        "finite numbers", v);
        }
  }

  options options_;
  engine<T> engine_;
  std::vector<shape> shapes_;
  std::vector<matrix_view<T>> outputs_;
  result<T> result_;
};

template <class T>
evaluation<T>* make_evaluation(const options& how) {
  return new evaluation<T>(how);
}
template <class T>
void destroy_evaluation(evaluation<T>* e) {
  delete e;
}
template <class T>
argument_shapes check_call(evaluation<T>& e, const call<T>& c) {
  return e.check(c);
}
template <class T>
const result<T>& evaluate_call(evaluation<T>& e, const call<T>& c, const pair_functions<T>& f) {
  return e.evaluate(c, f);
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
