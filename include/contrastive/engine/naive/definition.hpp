// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss as the definition reads it: sums over pairs one by one, of the row rule the loss and the mass alone. Slopes are
// differences of that loss.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/engine/naive/laws.hpp>
#include <contrastive/engine/naive/rows.hpp>
#include <contrastive/numeric/log_sum_exp.hpp>
#include <functional>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace naive {

/// What a call gives; the gradient of argument a is (rows, cols) row-major in gradients[a].
struct outcome {
  double loss = 0;
  double temperature_gradient = 0;
  double bias_gradient = 0;
  index_type valid_anchors = 0;
  std::vector<double> per_anchor;
  std::vector<std::vector<double>> gradients;
};

namespace detail {

/// df/dt at 0 from five points. The step shrinks for as long as that changes the result less and less: f may be steep, as
/// hard_negative is near its floor, and in too small a step roundings show.
template <class F>
double difference(F f, double step) {
  const auto from_five = [&](double h) { return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h); };
  double slope = from_five(step), best = slope, least_change = HUGE_VAL;
  while (true) {
    const double finer = from_five(step /= 4), change = std::fabs(finer - slope);
    if (!(change < least_change)) return best;
    best = slope, least_change = change;
    if (change <= 1e-12 * std::max(1.0, std::fabs(slope))) return best;
    slope = finer;
  }
}
/// A step for something of size `at`: a power of two, so that differences of what is linear in it are exact.
inline double step_at(double at) { return std::ldexp(1.0, std::ilogb(std::sqrt(std::max(1.0, std::fabs(at)))) - 10); }

inline double log_1p_exp(double y) { return y > 0 ? y + std::log1p(std::exp(-y)) : std::log1p(std::exp(y)); }
inline double logistic(double y) { return y > 0 ? 1 / (1 + std::exp(-y)) : std::exp(y) / (1 + std::exp(y)); }

/// A loss on given rows.
struct definition {
  similarity kind;
  reduction reduce;
  bool both_ways;
  double temperature, bias;
  contrastive::detail::row_ranges range;
  pair_law pairs;
  row_law law;
  weight_view anchor_weights;
  std::function<row_law(double)> law_at;  // for another temperature, where the rule depends on it

  /// A pair that has a weight, its partner numbered as it is for the anchors or for the candidates.
  struct counted_pair {
    index_type partner;
    double s, denominator, positive;

    double weight_of(weight w) const { return w == weight::D ? denominator : positive; }
  };
  using row = std::vector<counted_pair>;

  /// The pairs of anchor i, or with `candidate_as_anchor` those of candidate i.
  row pairs_of(const rows& z, index_type i, bool candidate_as_anchor) const {
    row out;
    const index_type partners = candidate_as_anchor ? range.num_anchors() : range.num_candidates();
    for (index_type j = 0; j < partners; ++j) {
      const index_type a = candidate_as_anchor ? j : i, c = candidate_as_anchor ? i : j;
      const double d = pairs.denominator(a, c), p = pairs.positive(a, c);
      if (d == 0 && p == 0) continue;
      out.push_back({j, z.similarity_of(kind, range.anchor_begin + a, range.candidate_begin + c), d, p});
    }
    return out;
  }

  /// What sum k has for the logit: x, or of clipped functions (s - m) / τ + b.
  double logit(const row_law& r, int k, double s) const {
    const pair_function g = r.sum[k].g;
    const bool clipped = g == pair_function::clipped_exponential || g == pair_function::clipped_logit;
    return (s - (clipped ? r.parameter[k] : 0)) / temperature + bias;
  }

  log_sum_exp sum_of(const row_law& r, int k, const row& anchor, double theta) const {
    log_sum_exp total;
    double plain = 0;
    for (const counted_pair& pair : anchor) {
      const double w = pair.weight_of(r.sum[k].of);
      if (w == 0) continue;
      const double x = logit(r, k, pair.s);
      switch (r.sum[k].g) {
        case pair_function::exponential:
          total.add(r.parameter[k] * x, w);
          break;
        case pair_function::clipped_exponential:
          total.add(std::max(0.0, x), w);
          break;
        case pair_function::logit:
          plain += w * x;
          break;
        case pair_function::clipped_logit:
          plain += w * std::min(0.0, x);
          break;
        case pair_function::one:
          plain += w;
          break;
        case pair_function::softplus:
          plain += w * log_1p_exp(x);
          break;
        case pair_function::softplus_of_minus:
          plain += w * log_1p_exp(r.sum[k].second_stage ? theta - x : -x);
          break;
        case pair_function::own:
          plain += w * r.value(k, x);
          break;
      }
    }
    if (!is_exponential(r.sum[k].g)) total.sum = plain;
    return total;
  }
  double theta_of(const row_law& r, const sums& s) const { return r.theta ? r.theta(s) : 0; }
  /// The sums of one stage; those of the second follow from those of the first.
  void fill(const row_law& r, const row& anchor, bool second_stage, sums& s) const {
    const double theta = second_stage ? theta_of(r, s) : 0;
    for (int k = 0; k < r.size; ++k)
      if (r.sum[k].second_stage == second_stage) s.parts[k] = sum_of(r, k, anchor, theta);
  }

  /// What slopes of sum k are relative to: log S_k of an exponential sum; θ in the second stage.
  double level_of(int k, const sums& s) const {
    if (is_exponential(law.sum[k].g)) return s.log(k);
    return law.sum[k].second_stage ? theta_of(law, s) : 0;
  }
  /// dg_k/dx, of exponential sums divided by S_k.
  double slope_of(int k, double x, double level) const {
    switch (law.sum[k].g) {
      case pair_function::exponential:
        return law.parameter[k] * std::exp(law.parameter[k] * x - level);
      case pair_function::clipped_exponential:
        return x >= 0 ? std::exp(x - level) : 0;
      case pair_function::logit:
        return 1;
      case pair_function::clipped_logit:
        return x <= 0 ? 1 : 0;
      case pair_function::one:
        return 0;
      case pair_function::softplus:
        return logistic(x);
      case pair_function::softplus_of_minus:
        return -logistic(level - x);
      case pair_function::own:
        return difference([&](double t) { return law.value(k, x + t); }, step_at(x));
    }
    return 0;
  }

  /// The loss of other sums, or another temperature. What an anchor's own batch term is relative to the batch stays.
  double loss_of(const row_law& r, sums moved, const sums& s) const {
    if (r.batch_term) moved.batch_log_sum += r.batch_term(moved) - law.batch_term(s);
    return r.finish(moved).loss;
  }
  /// dl/dlog S_k of exponential sums, dl/dS_k of the others, what goes through θ among it.
  double slope_by_sum(int k, const row& anchor, const sums& s) const {
    const bool exponential = is_exponential(law.sum[k].g);
    if (law.sum[k].g == pair_function::one || (exponential && s.empty(k))) return 0;
    const auto moved_by = [&](double t) {
      sums moved = s;
      (exponential ? moved.parts[k].max : moved.parts[k].sum) += t;
      if (!law.sum[k].second_stage) fill(law, anchor, true, moved);
      return loss_of(law, moved, s);
    };
    return difference(moved_by, exponential ? step_at(1) : step_at(s[k]));
  }
  /// dl/dτ at constant sums of the first stage.
  double slope_by_temperature(const row& anchor, const sums& s) const {
    const auto warmed_by = [&](double t) {
      const row_law r = law_at(temperature * (1 + t));
      sums moved = s;
      fill(r, anchor, true, moved);
      return loss_of(r, moved, s);
    };
    return difference(warmed_by, step_at(1)) / temperature;
  }

  int directions() const { return both_ways ? 2 : 1; }

  /// The sums of all anchors, direction after direction.
  std::vector<sums> all_sums(const rows& z) const {
    const index_type n = range.num_anchors();
    std::vector<sums> all;
    for (int direction = 0; direction < directions(); ++direction) {
      log_sum_exp batch;
      for (index_type i = 0; i < n; ++i) {
        const row anchor = pairs_of(z, i, direction == 1);
        sums s;
        fill(law, anchor, false, s), fill(law, anchor, true, s);
        if (i < law.batch_anchors) batch.add(law.batch_term(s));
        all.push_back(s);
      }
      if (law.batch_anchors > 0)
        for (index_type i = 0; i < n; ++i) all[static_cast<std::size_t>(direction * n + i)].batch_log_sum = batch.log();
    }
    return all;
  }

  std::vector<double> shares_of(const std::vector<sums>& all) const {
    std::vector<double> shares;
    if (law.batch_term)
      for (const sums& s : all) shares.push_back(law.batch_term(s) - s.batch_log_sum);
    return shares;
  }
  void hold_shares(const std::vector<double>& held, std::vector<sums>& all) const {
    for (std::size_t i = 0; i < held.size(); ++i) all[i].batch_log_sum = law.batch_term(all[i]) - held[i];
  }

  /// Losses and mass of all anchors, reduced; 1 / (mass of all) is what they count in the mean, else 1.
  double reduce_losses(const std::vector<sums>& all, outcome& out) const {
    const index_type n = range.num_anchors();
    double total_mass = 0;
    for (index_type i = 0; i < n; ++i) {
      row_loss mean;
      for (int direction = 0; direction < directions(); ++direction) {
        const row_loss one = law.finish(all[static_cast<std::size_t>(direction * n + i)]);
        if (one.mass == 0) continue;
        mean.loss += (one.loss + pairs.constant(i)) / directions(), mean.mass += one.mass / directions();
      }
      out.valid_anchors += mean.mass > 0;
      mean.loss *= anchor_weights.or_one(i), mean.mass *= anchor_weights.or_one(i);
      out.per_anchor.push_back(mean.loss);
      total_mass += mean.mass;
    }
    const double share = reduce == reduction::mean && total_mass > 0 ? 1 / total_mass : 1;
    for (const double value : out.per_anchor) out.loss += value * share;
    return share;
  }

  /// dl/dx of each pair of an anchor, times `share`, and what it gives to the gradients of temperature and bias.
  std::vector<double> slopes_of(const row& anchor, const sums& s, double share, outcome& out) const {
    std::vector<double> by_pair(anchor.size());
    for (int k = 0; k < law.size; ++k) {
      const double by_sum = share * slope_by_sum(k, anchor, s);
      if (by_sum == 0) continue;
      const double level = level_of(k, s);
      for (std::size_t j = 0; j < anchor.size(); ++j) {
        const double w = anchor[j].weight_of(law.sum[k].of);
        if (w == 0) continue;
        const double x = logit(law, k, anchor[j].s), by_logit = by_sum * w * slope_of(k, x, level);
        by_pair[j] += by_logit;
        out.temperature_gradient -= by_logit * (x - bias) / temperature;
        out.bias_gradient += by_logit;
      }
    }
    if (law_at) out.temperature_gradient += share * slope_by_temperature(anchor, s);
    return by_pair;
  }

  outcome evaluate(rows& z) const {
    outcome out;
    const std::vector<sums> all = all_sums(z);
    const double share = reduce_losses(all, out) / directions();
    const index_type n = range.num_anchors();
    for (int direction = 0; direction < directions(); ++direction)
      for (index_type i = 0; i < n; ++i) {
        const sums& s = all[static_cast<std::size_t>(direction * n + i)];
        if (law.finish(s).mass == 0) continue;
        const row anchor = pairs_of(z, i, direction == 1);
        const std::vector<double> by_pair = slopes_of(anchor, s, share * anchor_weights.or_one(i), out);
        for (std::size_t j = 0; j < anchor.size(); ++j) {
          const index_type a = direction == 1 ? anchor[j].partner : i, c = direction == 1 ? i : anchor[j].partner;
          if (by_pair[j] != 0)
            z.add_gradient(kind, range.anchor_begin + a, range.candidate_begin + c, anchor[j].s, by_pair[j] / temperature);
        }
      }
    return out;
  }
};

/// Calls visit(definition) with that of a loss for arguments of these shapes.
template <loss_function L, class Visit>
auto with_definition(const L& loss, const argument_shapes& shapes, Visit visit) {
  auto pairs = contrastive::detail::bind(loss, shapes);
  using P = decltype(pairs);
  const auto range = contrastive::detail::ranges_of(loss.arrangement, shapes);
  std::vector<double> factors;
  if constexpr (contrastive::detail::has_anchor_factors<P>)
    if (contrastive::detail::prepares_anchors(pairs)) {
      for (index_type i = 0; i < range.num_anchors(); ++i) factors.push_back(pairs.prepare_anchor(i));
      pairs.anchor_factors = factors.data();
    }
  definition d{loss.similarity,
               loss.reduction,
               loss.arrangement == arrangement::both_ways,
               static_cast<double>(loss.temperature),
               contrastive::detail::bias_of(loss),
               range,
               {[&](index_type i, index_type j) { return static_cast<double>(pairs.denominator(i, j)); },
                [&](index_type i, index_type j) { return static_cast<double>(pairs.positive(i, j)); },
                [&](index_type i) { return contrastive::detail::anchor_constant_of(pairs, i); }},
               law_of(loss, shapes),
               contrastive::detail::anchor_weights_of(loss),
               {}};
  if constexpr (contrastive::detail::makes_rule<L>)
    d.law_at = [&](double temperature) {
      L other = loss;
      if constexpr (requires { other.temperature = 1; })
        other.temperature = static_cast<decltype(other.temperature)>(temperature);
      return law_of(other, shapes);
    };
  return visit(d);
}

}  // namespace detail
}  // namespace naive
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
