// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Holds what a row rule returns beside the loss against differences of that loss, at the sums of given rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/core/errors.hpp>
#include <contrastive/engine/naive.hpp>
#include <string>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace detail {

/// Are two numbers as near as differences can tell? `size` is that of what they are differences of.
inline bool about_equal(double a, double b, double size) {
  return std::fabs(a - b) <= 1e-6 * std::max({1.0, std::fabs(a), 1e-3 * size});
}

template <row_rule R>
class rule_check {
 public:
  rule_check(const R& rule, const naive::detail::definition& d) : rule_(rule), d_(d) {}

  /// What is wrong with the parameters, whatever the rows.
  std::string parameters() const {
    for (int k = 0; k < K; ++k) {
      const double p = d_.law.parameter[k];
      if (R::sums[k].g == pair_function::exponential ? !(p >= 0 && p < 1e300) : !(std::fabs(p) < 1e300))
        return "parameter(" + std::to_string(k) + ") = " + text(p) + ", which no sum can have";
    }
    return {};
  }

  /// What is wrong with the result of one anchor's sums.
  std::string anchor(const naive::detail::definition::row& pairs, naive::detail::sums s) const {
    fill_theta_slopes(pairs, s);
    const row_result<K> r = rule_.finish(naive::detail::first_sums<K>(s));
    if (!(r.mass >= 0 && r.mass < 1e300)) return "mass = " + text(r.mass) + ", which is no mass";
    if (r.mass == 0) return of_nothing(r);
    for (const double moved : {0.0, 1e4, -1e4})
      if (const std::string wrong = not_finite(pairs, s, moved); !wrong.empty()) return wrong;

    for (int k = 0; k < K; ++k) {
      if (R::sums[k].g == pair_function::one || (is_exponential(R::sums[k].g) && s.empty(k))) continue;
      if (const double expected = d_.slope_by_sum(k, pairs, s); !about_equal(expected, r.slopes[k], std::fabs(r.loss)))
        return "slopes[" + std::to_string(k) + "] = " + text(r.slopes[k]) + ", but the loss changes by " + text(expected);
      if (const std::string wrong = own_function(k, pairs); !wrong.empty()) return wrong;
    }
    const double by_temperature = d_.law_at ? d_.slope_by_temperature(pairs, s) : 0;
    if (!about_equal(by_temperature, r.temperature, std::fabs(r.loss)))
      return "temperature = " + text(r.temperature) + ", but at constant sums the loss changes by " + text(by_temperature);
    return slope_sum(pairs, s, r);
  }

 private:
  static constexpr int K = R::sums.size;

  void fill_theta_slopes(const naive::detail::definition::row& pairs, naive::detail::sums& s) const {
    const double theta = d_.theta_of(d_.law, s);
    for (int k = 0; k < K; ++k)
      if (R::sums[k].second_stage)
        for (const auto& pair : pairs)
          if (const double w = pair.weight_of(R::sums[k].of); w != 0)
            s.theta_slopes[k] -= w * d_.slope_of(k, d_.logit(d_.law, k, pair.s), theta);
  }

  std::string of_nothing(const row_result<K>& r) const {
    if (r.loss != 0) return "mass = 0, but loss = " + text(r.loss);
    for (int k = 0; k < K; ++k)
      if (r.slopes[k] != 0) return "mass = 0, but slopes[" + std::to_string(k) + "] = " + text(r.slopes[k]);
    return {};
  }

  /// With `moved` added to every logit.
  std::string not_finite(const naive::detail::definition::row& pairs, const naive::detail::sums& s, double moved) const {
    naive::detail::definition far = d_;
    far.bias += moved;
    naive::detail::sums sums;
    far.fill(far.law, pairs, false, sums), far.fill(far.law, pairs, true, sums);
    rule_check(rule_, far).fill_theta_slopes(pairs, sums);
    if (far.law.batch_term) sums.batch_log_sum = far.law.batch_term(sums) + s.batch_log_sum - d_.law.batch_term(s);
    const row_result<K> r = rule_.finish(naive::detail::first_sums<K>(sums));
    const std::string where = moved == 0 ? "" : " where " + text(moved) + " is added to every logit";
    // Named: nvcc loses a list that stands in the loop.
    const std::pair<const char*, double> numbers[] = {
        {"loss", r.loss}, {"reference", r.reference}, {"residual", r.residual}, {"temperature", r.temperature}};
    for (const auto& [name, value] : numbers)
      if (!std::isfinite(value)) return std::string(name) + " = " + text(value) + where;
    for (int k = 0; k < K; ++k)
      if (!std::isfinite(r.slopes[k])) return "slopes[" + std::to_string(k) + "] = " + text(r.slopes[k]) + where;
    return {};
  }

  std::string own_function(int k, const naive::detail::definition::row& pairs) const {
    if constexpr (requires { rule_.value(0, 0.0), rule_.slope(0, 0.0); })
      for (const auto& pair : pairs) {
        if (R::sums[k].g != pair_function::own || pair.weight_of(R::sums[k].of) == 0) continue;
        const double x = d_.logit(d_.law, k, pair.s), expected = d_.slope_of(k, x, 0), came = rule_.slope(k, x);
        if (!about_equal(expected, came, std::fabs(rule_.value(k, x))))
          return "slope(" + std::to_string(k) + ", " + text(x) + ") = " + text(came) + ", but value(" + std::to_string(k) +
                 ", x) changes by " + text(expected);
      }
    return {};
  }

  /// Σ_j dl/dx_ij where the rule has it in closed form.
  std::string slope_sum(const naive::detail::definition::row& pairs, const naive::detail::sums& s,
                        const row_result<K>& r) const {
    constexpr bool balanced = rule_says<R>().balanced;
    if (!balanced && r.reference == 0) return {};
    naive::outcome unused;
    double total = 0, size = 0;
    for (const double slope : d_.slopes_of(pairs, s, 1, unused)) total += slope, size += std::fabs(slope);
    if (balanced && !about_equal(total, 0, size)) return "balanced, but the slopes of the pairs sum to " + text(total);
    if (!about_equal(total, r.residual, size))
      return "residual = " + text(r.residual) + ", but the slopes of the pairs sum to " + text(total);
    return {};
  }

  const R& rule_;
  const naive::detail::definition& d_;
};

/// The first thing that a loss's row rule says and its own loss contradicts, in words; empty where there is none: slopes by
/// the sums and the temperature, the sum of the slopes, own functions, validity, and numbers that are not finite.
template <loss_function L, class T>
std::string false_rule(const L& loss, const matrix_view<const T>* arguments, int count) {
  return naive::detail::on_rows(loss, arguments, count, [&](const naive::detail::definition& d, const naive::detail::rows& z) {
    std::vector<shape> shapes;
    for (int a = 0; a < count; ++a) shapes.push_back({arguments[a].rows, arguments[a].cols});
    return with_rule(loss, {shapes.data(), count}, [&](const auto& rule) -> std::string {
      const rule_check check(rule, d);
      if (const std::string wrong = check.parameters(); !wrong.empty()) return wrong;
      const auto all = d.all_sums(z);
      const index_type n = d.range.num_anchors();
      for (std::size_t at = 0; at < all.size(); ++at) {
        const index_type i = static_cast<index_type>(at) % n;
        const bool second = static_cast<index_type>(at) >= n;
        if (const std::string wrong = check.anchor(d.pairs_of(z, i, second), all[at]); !wrong.empty())
          return (second ? "candidate " : "anchor ") + std::to_string(i) + " at temperature " + text(d.temperature) + ": " +
                 wrong;
      }
      return {};
    });
  });
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
