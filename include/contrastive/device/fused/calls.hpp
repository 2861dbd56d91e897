// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The fused kernels of a call: what they take, and their launches.
#pragma once

#include <contrastive/device/fused/slope_kernel.hpp>
#include <contrastive/device/fused/sum_kernel.hpp>
#include <contrastive/device/request.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Has the machine fused kernels for rows of R? One that has names its instructions, and run(kernel) launches.
template <class Machine, class R>
concept fuses = requires {
  typename Machine::gpu;
}
&&Machine::template has_products_of<R>;

template <class Machine, class Pairs, class Rule, class R>
struct fused_calls {
  using gpu = typename Machine::gpu;
  static constexpr bool symmetric = contrastive::detail::statements_of<Pairs>().symmetric;

  /// Do they fit the 99 KiB of shared memory that a block has on every card? Those of rules with very many sums do not.
  static constexpr bool fit() {
    constexpr std::size_t most = 99 * 1024;
    return fused_slopes<gpu, Pairs, Rule, R, 128, slope_sides::both>::shared_bytes() <= most &&
           fused_slopes<gpu, Pairs, Rule, R, 256, slope_sides::both>::shared_bytes() <= most;
  }

  Machine& machine;
  pair_lists<Pairs> lists;
  candidate_lists order;
  row_terms<Rule, float> terms;
  bool small_exponents;
  const R* rows;         // (total, width)
  const float* factors;  // (total)
  index_type width;
  double temperature;
  index_type num_anchors, tiled_begin, tiled_end;  // the candidates that are in tiles
  index_type anchor_base, candidate_base;          // the global rows of anchor 0 and candidate 0

  /// Adds the sums of a stage over all pairs that are not listed to those of the anchors or, transposed, of the candidates.
  template <bool Second>
  void sum(bool transposed, const double* thetas, row_values<Rule::sums.size>* sums) const {
    const auto all =
        transposed ? pass(true, tiled_begin, tiled_end, has_sum<Rule>(weight::D, Second), has_sum<Rule>(weight::P, Second))
                   : pass(false, 0, num_anchors, has_sum<Rule>(weight::D, Second), has_sum<Rule>(weight::P, Second));
    with_width([&]<int D>() {
      machine.run(fused_sums<gpu, Pairs, Rule, R, D, Second>{all, terms, small_exponents, thetas, sums});
    });
  }

  /// Adds to H and to the temperature's and the bias's shares what the anchors [begin, end) or, transposed, the candidates get.
  void slope(bool transposed, index_type begin, index_type end, const gain_planes<Rule, float>& of_rows,
             const gain_planes<Rule, float>& of_columns, double* of_temperature, double* of_bias, float* h) const {
    const auto all = pass(transposed, begin, end, has_slope<Rule>(weight::D), has_slope<Rule>(weight::P));
    const auto run = [&]<slope_sides Sides>() {
      with_width([&]<int D>() {
        machine.run(fused_slopes<gpu, Pairs, Rule, R, D, Sides>{all, terms, small_exponents, of_rows, of_columns,
                                                                of_temperature, of_bias, h});
      });
    };
    if (of_rows.there() && of_columns.there()) return run.template operator()<slope_sides::both>();
    if constexpr (!symmetric) {
      if (of_rows.there())
        run.template operator()<slope_sides::row>();
      else
        run.template operator()<slope_sides::column>();
    }
  }

 private:
  fused_pass<Pairs, R> pass(bool transposed, index_type begin, index_type end, bool uses_d, bool uses_p) const {
    const index_type first = transposed ? 0 : tiled_begin, last = transposed ? num_anchors : tiled_end;
    const auto ask = [&](index_type r, index_type r_end, index_type c, index_type c_end) {
      const tile there = transposed ? tile{first + c, first + c_end, begin + r, begin + r_end}
                                    : tile{begin + r, begin + r_end, first + c, first + c_end};
      return contrastive::detail::statement_of(lists.pairs, there);
    };
    constexpr index_type rows_of_block = fused_shape<64>::rows;  // a multiple of all shapes'
    return {lists.pairs,
            lists,
            order,
            rows,
            factors,
            static_cast<float>(1 / temperature),
            begin,
            end,
            first,
            last,
            transposed ? candidate_base : anchor_base,
            transposed ? anchor_base : candidate_base,
            transposed,
            uses_d,
            uses_p,
            {end - begin, last - first, rows_of_block, ask}};
  }
  template <class Work>
  void with_width(const Work& work) const {
    if (width == 64)
      work.template operator()<64>();
    else if (width == 128)
      work.template operator()<128>();
    else
      work.template operator()<256>();
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
