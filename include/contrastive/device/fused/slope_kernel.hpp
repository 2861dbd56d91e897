// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The backward pass in one kernel: each block makes the gradient's matrix for its rows again, tile by tile in registers, and
// multiplies it with the columns' rows.
#pragma once

#include <contrastive/device/fused/running_sum.hpp>
#include <contrastive/device/fused/walk.hpp>
#include <contrastive/device/pair_slope.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace device {

/// Whose sums a slope comes from: where a loss is symmetric or goes both ways, those of the row and of the column.
enum class slope_sides { row, column, both };

/// Adds Σ_j f_i G_ij f_j v_j to H of each row, G_ij = dL/dx_ij rounded to R, and what slope_tile adds to the temperature's and
/// the bias's share of each.
template <class Gpu, class Pairs, class Rule, class R, int D, slope_sides Sides>
struct fused_slopes {
  static constexpr int threads = fused_shape<D>::threads, blocks_at_once = 1;
  fused_pass<Pairs, R> pass;
  row_terms<Rule, float> terms;
  bool small_exponents;
  gain_planes<Rule, float> rows, columns;
  bool columns_count;   // what columns give to the temperature is to be counted here
  double* temperature;  // an anchor, or null
  double* bias;         // an anchor, or null
  float* h;             // (rows of the pass, D), or null

  index_type blocks() const { return (pass.row_end - pass.row_begin + fused_shape<D>::rows - 1) / fused_shape<D>::rows; }
  static constexpr std::size_t shared_bytes() {
    return walk::shared_bytes(planes) + static_cast<std::size_t>(row_planes * shape::rows) * sizeof(float);
  }

  CONTRASTIVE_HOST_DEVICE void operator()() const {
    const walk all(pass, planes);
    const row_side row[2] = {side_of_row(0), side_of_row(1)};
    fetch_row_gains(all);
    const float factor[2] = {all.row_factor(0), all.row_factor(1)};
    running_sum along[2], sums[2];
    float out[groups][4] = {};  // H of the thread's rows, as a tensor core leaves it
    typename products::factors slopes = {};  // of the tile before
    const R* const last = all.template each_tile<1>(
        [&](int plane, index_type j) { return columns.first + plane * columns.count + j; },
        [&](const R* there) { products::start_columns(out, slopes, there); },
        [&](const tile_task& task, index_type first_column, const float* factors, float* numbers, part& mine) {
          const gain_planes<Rule, float> gains{numbers, shape::columns};
          with_statement<Pairs>(task.says, [&]<tile_weights D_ij, tile_positives P_ij>() {
            const auto work = [&]<bool Small>() {
              unrolled<2>([&](int u) {
                float part_along = 0, part_sum = 0;
                unrolled<part::groups>([&](int c) {
                  unrolled<2>([&](int q) {
                    const int column = part::column(c, q);
                    const index_type j = first_column + column;
                    float& number = mine.product[c][u * 2 + q];
                    number = slope<D_ij, P_ij, Small>(number, factor[u] * factors[column], all.row(u), j, row[u],
                                                      side_of_column(gains, column), part_along, part_sum);
                  });
                });
                along[u].add(part_along), sums[u].add(part_sum);
              });
            };
            // One exponential e^y serves the row and the column of pairs that count once.
            if constexpr (D_ij == tile_weights::ones || P_ij == tile_positives::ones)
              if (small_exponents) return work.template operator()<true>();
            work.template operator()<false>();
          });
          Gpu::sync_warp();  // pairs that are excluded, and weights, part the ways of lanes
          products::template wait<0>();
          products::pack(slopes, mine);
        });
    if (last != nullptr) products::start_columns(out, slopes, last), products::template wait<0>();
    unrolled<2>([&](int u) {
      const double of_temperature = sum_of_four<Gpu>(along[u].total());
      [[maybe_unused]] double of_bias = 0;
      if constexpr (!balanced) of_bias = sum_of_four<Gpu>(sums[u].total());
      const index_type i = all.row(u);
      if (i >= pass.row_end) return;
      if (Gpu::thread() % 4 == 0) {
        if (temperature != nullptr) temperature[i] += of_temperature;
        if constexpr (!balanced)
          if (bias != nullptr) bias[i] += of_bias;
      }
      if (h != nullptr)
        unrolled<D / 8>([&](int c) {
          float* const to = h + (i - pass.row_begin) * D + part::column(c, 0);
          to[0] += out[c][u * 2], to[1] += out[c][u * 2 + 1];
        });
    });
  }

 private:
  using walk = fused_walk<Gpu, Pairs, R, D, 3>;  // the tile before is still multiplied with
  using products = typename walk::products;
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;
  static constexpr bool uses_d = has_slope<Rule>(weight::D), uses_p = has_slope<Rule>(weight::P);
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;
  static constexpr bool from_row = Sides != slope_sides::column, from_column = Sides != slope_sides::row;
  static constexpr int planes = from_column ? gain_planes<Rule, float>::planes : 0,
                       row_planes = from_row ? gain_planes<Rule, float>::planes : 0;
  static constexpr std::size_t groups = D / 8;
  using in_planes = anchor_in_planes<Rule, float>;
  using row_side = std::conditional_t<from_row, in_planes, no_anchor>;
  using column_side = std::conditional_t<from_column, in_planes, no_anchor>;

  /// The gains of the block's rows, (planes, shape::rows) in shared memory: the accumulators leave no registers for them.
  CONTRASTIVE_HOST_DEVICE static float* row_gains() {
    return reinterpret_cast<float*>(Gpu::shared_memory() + walk::shared_bytes(planes));
  }
  /// They come with the first tile.
  CONTRASTIVE_HOST_DEVICE void fetch_row_gains(const walk& all) const {
    for (int e = Gpu::thread(); e < row_planes * shape::rows; e += threads)
      Gpu::template copy<4>(row_gains() + e, rows.first + e / shape::rows * rows.count + all.row_there(e % shape::rows));
  }
  CONTRASTIVE_HOST_DEVICE static row_side side_of_row(int which) {
    if constexpr (from_row)
      return {{row_gains(), shape::rows}, part::row(which)};
    else
      return {};
  }
  CONTRASTIVE_HOST_DEVICE static column_side side_of_column(const gain_planes<Rule, float>& gains, int column) {
    if constexpr (from_column)
      return {gains, column};
    else
      return {};
  }
  /// f_i G_ij f_j of a pair, 0 where it is excluded, and its shares of what is summed for the temperature and the bias.
  template <tile_weights D_ij, tile_positives P_ij, bool Small>
  CONTRASTIVE_HOST_DEVICE float slope(float product, float both, index_type i, index_type j, const row_side& row,
                                      const column_side& column, float& along, float& sum) const {
    constexpr bool asks = D_ij == tile_weights::general || P_ij == tile_positives::general || has_own<Rule>;
    const bool counts = product != excluded<float>;
    if (asks && !counts) return 0;
    pair_slope<Rule, float, D_ij, P_ij, Gpu> pair{terms, Small};
    const float arm = product * (both * pass.inverse_temperature);
    pair.add_all(arm, {pass.pairs, pass.anchor(i, j), pass.candidate(i, j), uses_d, uses_p}, row, column);
    float of_temperature = 0, of_bias = 0;
    if constexpr (from_row) of_temperature = pair.from_row.along_temperature(arm, row), of_bias = pair.from_row.slope;
    if constexpr (from_column)
      if (columns_count)
        of_temperature += pair.from_column.along_temperature(arm, column), of_bias += pair.from_column.slope;
    along += counts ? of_temperature : 0, sum += counts ? of_bias : 0;
    return counts ? (pair.from_row.slope + pair.from_column.slope) * both : 0;
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
