// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The forward pass in one kernel: what is added up over the pairs of each row, none of which leaves the registers.
#pragma once

#include <cmath>
#include <contrastive/device/fused/running_sum.hpp>
#include <contrastive/device/fused/walk.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Adds the sums over all pairs of a row to those of its anchor, as sum_tile does for a tile: those of the first stage, or
/// those of the second.
template <class Gpu, class Pairs, class Rule, class R, int D, bool Second>
struct fused_sums {
  static constexpr int threads = fused_shape<D>::threads, blocks_at_once = 2;
  fused_pass<Pairs, R> pass;
  row_terms<Rule, float> terms;
  bool small_exponents;               // e^y needs no maximum
  const double* thetas;               // of the direction
  row_values<Rule::sums.size>* sums;  // of the direction

  index_type blocks() const { return (pass.row_end - pass.row_begin + fused_shape<D>::rows - 1) / fused_shape<D>::rows; }
  static constexpr std::size_t shared_bytes() { return walk::shared_bytes(); }

  CONTRASTIVE_HOST_DEVICE void operator()() const {
    const walk all(pass);
    row_state rows[2];
    unrolled<2>([&](int u) {
      rows[u].scale = all.row_factor(u) * pass.inverse_temperature;
      if constexpr (Second) {
        const double theta = thetas[all.row_there(part::row(u))];
        rows[u].theta_high = static_cast<float>(theta);
        rows[u].theta_low = static_cast<float>(theta - static_cast<double>(rows[u].theta_high));
      }
    });
    all.template each_tile<0>(
        [](int) -> const float* { return nullptr; }, [](const R*) {},
        [&](const tile_task& task, index_type first_column, const R*, const float* factors, const float*, const part& mine) {
          with_statement<Pairs>(task.says, [&]<tile_weights D_ij, tile_positives P_ij>() {
            const auto work = [&]<bool Small>() {
              unrolled<2>([&](int u) {
                if constexpr (!Second && !Small)
                  if (!small_exponents) raise_tops<D_ij, P_ij>(rows[u], u, all.row(u), first_column, factors, mine);
                add<D_ij, P_ij, Small>(rows[u], u, all.row(u), first_column, factors, mine);
              });
            };
            if constexpr (sums_vanish<Rule, D_ij, P_ij, Second>)
              if (small_exponents) return work.template operator()<true>();
            work.template operator()<false>();
          });
        });
    unrolled<2>([&](int u) { finish(rows[u], all.row(u)); });
  }

 private:
  using walk = fused_walk<Gpu, Pairs, R, D, 2, 0>;
  using part = thread_part<Gpu, D>;
  static constexpr std::size_t many = Rule::sums.size;
  static constexpr bool uses_d = has_sum<Rule>(weight::D, Second), uses_p = has_sum<Rule>(weight::P, Second);

  struct row_state {
    running_sum values[many], theta_slopes[Second ? many : 1];  // of this thread's columns, e^-top of them
    float top_d = lowest<float>, top_p = lowest<float>;         // the largest arms of pairs that count
    float scale = 0;                                            // f of the row / τ
    float theta_high = 0, theta_low = 0;
  };

  template <int k>
  CONTRASTIVE_HOST_DEVICE float top(const row_state& row) const {
    if (Second || !is_exponential(Rule::sums[k].g) || small_exponents) return 0;
    return terms.template argument<k>(Rule::sums[k].of == weight::D ? row.top_d : row.top_p);
  }
  /// visit(arm, counts, weights) for this thread's pairs of a row; those that are excluded do not count.
  template <tile_weights D_ij, tile_positives P_ij, bool Small, class Visit>
  CONTRASTIVE_HOST_DEVICE void each_pair(float scale, int which, index_type row, index_type first_column, const float* factors,
                                         const part& mine, bool with_d, bool with_p, const Visit& visit) const {
    unrolled<part::groups>([&](int c) {
      unrolled<2>([&](int q) {
        const float product = mine.product[c][which * 2 + q];
        const bool counts = Small || product != excluded<float>;
        constexpr bool asks = D_ij == tile_weights::general || P_ij == tile_positives::general || has_own<Rule>;
        if (asks && !counts) return;
        const int column = part::column(c, q);
        const index_type j = first_column + column;
        visit(product * (scale * factors[column]), counts,
              pair_in_tile<D_ij, P_ij>(pass.pairs, pass.anchor(row, j), pass.candidate(row, j), with_d, with_p));
      });
    });
  }

  /// Makes the tops those of the tile too, and the sums relative to them.
  template <tile_weights D_ij, tile_positives P_ij>
  CONTRASTIVE_HOST_DEVICE void raise_tops(row_state& row, int which, index_type i, index_type first_column,
                                          const float* factors, const part& mine) const {
    constexpr bool of_d = has_exponential<Rule>(weight::D),
                   of_p = has_exponential<Rule>(weight::P) && P_ij != tile_positives::none;
    if constexpr (of_d || of_p) {
      row_state before = row;
      each_pair<D_ij, P_ij, false>(row.scale, which, i, first_column, factors, mine, of_d, of_p,
                                   [&](float arm, bool counts, const pair_in_tile<D_ij, P_ij>& weights) {
                                     if (!counts) return;
                                     if (of_d && arm > row.top_d && static_cast<float>(weights.denominator) > 0)
                                       row.top_d = arm;
                                     if (of_p && arm > row.top_p && static_cast<float>(weights.positive) > 0) row.top_p = arm;
                                   });
      each_sum<Rule>([&]<int k>() {
        if constexpr (is_exponential(Rule::sums[k].g)) {
          const bool raised = Rule::sums[k].of == weight::D ? row.top_d > before.top_d : row.top_p > before.top_p;
          if (raised) row.values[k].scale(std::exp(top<k>(before) - top<k>(row)));
        }
      });
    }
  }
  /// Small: all exponents are small, and the sums of excluded pairs vanish.
  template <tile_weights D_ij, tile_positives P_ij, bool Small>
  CONTRASTIVE_HOST_DEVICE void add(row_state& row, int which, index_type i, index_type first_column, const float* factors,
                                   const part& mine) const {
    using pair = pair_in_tile<D_ij, P_ij>;
    float values[many] = {}, slopes[many] = {}, tops[many];
    each_sum<Rule>([&]<int k>() { tops[k] = Small ? 0 : top<k>(row); });
    each_pair<D_ij, P_ij, Small>(
        row.scale, which, i, first_column, factors, mine, uses_d, uses_p, [&](float arm, bool counts, const pair& weights) {
          each_sum<Rule>([&]<int k>() {
            constexpr row_sum s = Rule::sums[k];
            if constexpr (s.second_stage == Second && !pair::none(s.of)) {
              const auto w = static_cast<float>(weights.of(s.of));
              if (w == 0) return;
              float value;
              if constexpr (s.g == pair_function::own) {
                value =
                    static_cast<float>(contrastive::detail::own_functions(terms.rule).value(k, terms.template logit<k>(arm)));
              } else {
                float y = terms.template argument<k>(arm, row.theta_high);
                if constexpr (Second) y += row.theta_low;
                if constexpr (is_exponential(s.g))
                  value = Gpu::exp(y - tops[k]);
                else
                  value = contrastive::detail::value_of(s.g, y);
                if constexpr (Second) slopes[k] += counts ? w * contrastive::detail::value_slope(s.g, y) : 0;
              }
              values[k] += counts ? w * value : 0;
            }
          });
        });
    each_sum<Rule>([&]<int k>() {
      if constexpr (Rule::sums[k].second_stage == Second && !pair::none(Rule::sums[k].of)) {
        row.values[k].add(values[k]);
        if constexpr (Second) row.theta_slopes[k].add(slopes[k]);
      }
    });
  }

  /// The four lanes that share a row join, and one of them writes.
  CONTRASTIVE_HOST_DEVICE void finish(const row_state& row, index_type i) const {
    const bool writes = Gpu::thread() % 4 == 0 && i < pass.row_end;
    each_sum<Rule>([&]<int k>() {
      if constexpr (Rule::sums[k].second_stage == Second) {
        if constexpr (is_exponential(Rule::sums[k].g)) {
          log_sum_exp joined{static_cast<double>(top<k>(row)), row.values[k].total()};
          unrolled<2>([&](int step) {
            const double max = Gpu::exchange(joined.max, 1 + step), sum = Gpu::exchange(joined.sum, 1 + step);
            joined.merge({max, sum});
          });
          if (writes) sums[i].parts[k].merge(joined);
        } else {
          const double value = sum_of_four<Gpu>(row.values[k].total());
          if (writes) sums[i].parts[k].sum += value;
        }
        if constexpr (Second) {
          const double slope = sum_of_four<Gpu>(row.theta_slopes[k].total());
          if (writes) sums[i].theta_slopes[k] += slope;
        }
      }
    });
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
