// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What an evaluator does with a call once the loss has become pair functions: checks, memory for the result, the engine.
#pragma once

#include <algorithm>
#include <atomic>
#include <contrastive/core/check_outputs.hpp>
#include <contrastive/core/errors.hpp>
#include <contrastive/cpu/check_problem.hpp>
#include <contrastive/cpu/engine.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <stdexcept>
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

  /// Refuses a call in the middle of another one, of another thread or of a loss that calls back. An exchange of a flag costs
  /// nothing beside a call, so it is always looked at: builds with and without NDEBUG may meet in one program.
  void begin() {
    if (busy_.exchange(true, std::memory_order_acquire))
      contrastive::detail::fail<std::logic_error>(
          "contrastive: evaluator: expected one call at a time, got a call while another one runs; give each thread an "
          "evaluator of its own");
  }
  void end() { busy_.store(false, std::memory_order_release); }

  /// Refuses what no loss takes, and hands back the shapes of the arguments.
  argument_shapes check(const problem<T>& c) { return check_problem(c, shapes_); }

  /// After check(): the pair functions are those of the loss bound to its shapes.
  const result<T>& evaluate(const problem<T>& c, const loss_functions<T>& f) {
    const argument_shapes shapes{shapes_.data(), c.count};
    if (c.gradients != nullptr)
      contrastive::detail::check_outputs(c.who, shapes, c.gradients, c.num_gradients,
                                         [&](int a) { return c.arguments[a].needs_gradient; });
    if (options_.check_finite) check_finite(c, shapes);

    const auto ranges = contrastive::detail::ranges_of(c.arrangement, shapes);
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
    problem<T> whole = c;
    whole.ranges = ranges;
    whole.gradients = c.with_gradients ? outputs_.data() : nullptr;
    whole.per_anchor = losses > 0 ? to.per_anchor.data() : nullptr;
    const outcome out = engine_.run(f, whole);
    to.loss = static_cast<T>(out.loss);
    to.temperature_gradient = static_cast<T>(out.temperature_gradient);
    to.bias_gradient = static_cast<T>(out.bias_gradient);
    to.valid_anchors = out.valid_anchors;
    if (!fits) {
      if (!own_gradients) fresh.gradients.swap(result_.gradients);
      result_ = std::move(fresh);
    }
    if (c.gradients != nullptr) result_.gradients.clear();
    return result_;
  }

  /// A part of a larger problem: it has all that the engine wants.
  outcome run_part(const problem<T>& p, const loss_functions<T>& f) { return engine_.run(f, p); }

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

  options options_;
  std::atomic<bool> busy_{false};
  engine<T> engine_;
  std::vector<shape> shapes_;
  std::vector<matrix_view<T>> outputs_;
  result<T> result_;
};

inline namespace engine_of_the_same_flags {

template <class T>
evaluation<T>* make_evaluation(const options& how) {
  return new evaluation<T>(how);
}
template <class T>
void destroy_evaluation(evaluation<T>* e) {
  delete e;
}
template <class T>
void begin_call(evaluation<T>& e) {
  e.begin();
}
template <class T>
void end_call(evaluation<T>& e) {
  e.end();
}
template <class T>
argument_shapes check_call(evaluation<T>& e, const problem<T>& c) {
  return e.check(c);
}
template <class T>
const result<T>& evaluate_call(evaluation<T>& e, const problem<T>& c, const loss_functions<T>& f) {
  return e.evaluate(c, f);
}
template <class T>
outcome run_part(evaluation<T>& e, const problem<T>& p, const loss_functions<T>& f) {
  return e.run_part(p, f);
}
template <class T>
result<T> copy_of(const result<T>& r) {
  return r;
}

}  // namespace engine_of_the_same_flags

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
