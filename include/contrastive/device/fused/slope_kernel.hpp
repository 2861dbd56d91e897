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

/// Of the gains of anchors those that the pairs of a tile are multiplied with: four numbers of each sum that changes with the
/// logit and is not of listed pairs alone, and the reference. A plane each, in shared memory.
template <class Rule, class Pairs>
struct tile_gains {
  static constexpr unsigned used = [] {
    unsigned sums = 0;
    for (int k = 0; k < Rule::sums.size; ++k)
      if (Rule::sums[k].g != pair_function::one && !(lists_positives<Pairs> && Rule::sums[k].of == weight::P)) sums |= 1u << k;
    return sums;
  }();
  /// How many of them come before k.
  CONTRASTIVE_HOST_DEVICE static constexpr int slot(int k) {
    int before = 0;
    for (int other = 0; other < k; ++other) before += static_cast<int>(used >> other & 1);
    return before;
  }
  static constexpr int count = slot(Rule::sums.size), planes = 4 * count + 1;

  /// Where plane `plane` of anchor i lies among all.
  CONTRASTIVE_HOST_DEVICE static const float* source(const gain_planes<Rule, float>& all, int plane, index_type i) {
    if (plane == 4 * count) return &all.reference(i);
    int k = 0;
    while ((used >> k & 1) == 0 || slot(k) != plane / 4) ++k;
    const int which = plane % 4;
    return which == 0   ? &all.gain(k, i)
           : which == 1 ? &all.level(k, i)
           : which == 2 ? &all.level_low(k, i)
                        : &all.gain_at_0(k, i);
  }

  const float* first;  // of an anchor
  int stride;          // from plane to plane

  CONTRASTIVE_HOST_DEVICE static constexpr bool there() { return true; }
  CONTRASTIVE_HOST_DEVICE float gain(int k) const { return first[4 * slot(k) * stride]; }
  CONTRASTIVE_HOST_DEVICE float level(int k) const { return first[(4 * slot(k) + 1) * stride]; }
  CONTRASTIVE_HOST_DEVICE float level_low(int k) const { return first[(4 * slot(k) + 2) * stride]; }
  CONTRASTIVE_HOST_DEVICE float gain_at_0(int k) const { return first[(4 * slot(k) + 3) * stride]; }
  CONTRASTIVE_HOST_DEVICE float reference() const { return first[4 * count * stride]; }
};
/// The same in registers.
template <class Rule, class Pairs>
class tile_gains_in_registers {
 public:
  using gains = tile_gains<Rule, Pairs>;
  CONTRASTIVE_HOST_DEVICE explicit tile_gains_in_registers(const gains& from) {
    for (int plane = 0; plane < gains::planes; ++plane) numbers_[plane] = from.first[plane * from.stride];
  }
  CONTRASTIVE_HOST_DEVICE static constexpr bool there() { return true; }
  CONTRASTIVE_HOST_DEVICE float gain(int k) const { return numbers_[4 * gains::slot(k)]; }
  CONTRASTIVE_HOST_DEVICE float level(int k) const { return numbers_[4 * gains::slot(k) + 1]; }
  CONTRASTIVE_HOST_DEVICE float level_low(int k) const { return numbers_[4 * gains::slot(k) + 2]; }
  CONTRASTIVE_HOST_DEVICE float gain_at_0(int k) const { return numbers_[4 * gains::slot(k) + 3]; }
  CONTRASTIVE_HOST_DEVICE float reference() const { return numbers_[4 * gains::count]; }

 private:
  float numbers_[std::size_t{gains::planes}];
};

/// Adds Σ_j f_i G_ij f_j v_j to H of each row, G_ij = dL/dx_ij rounded to R, and what slope_tile adds to the temperature's and
/// the bias's share of each.
template <class Gpu, class Pairs, class Rule, class R, int D, slope_sides Sides>
struct fused_slopes {
  static constexpr int threads = fused_shape<D>::threads, blocks_at_once = 1;
  fused_pass<Pairs, R> pass;
  row_terms<Rule, float> terms;
  bool small_exponents;
  gain_planes<Rule, float> rows, columns;
  double* temperature;  // an anchor, or null
  double* bias;         // an anchor, or null
  float* h;             // (rows of the pass, D), or null

  index_type blocks() const { return (pass.row_end - pass.row_begin + fused_shape<D>::rows - 1) / fused_shape<D>::rows; }
  static constexpr std::size_t shared_bytes() {
    return walk::shared_bytes() + static_cast<std::size_t>(row_planes * shape::rows) * sizeof(float);
  }

  CONTRASTIVE_HOST_DEVICE void operator()() const {
    const walk all(pass);
    fetch_row_gains(all);
    const float factor[2] = {all.row_factor(0), all.row_factor(1)};
    running_sum along[2], sums[2];
    float out[groups][4] = {};  // H of the thread's rows, as a tensor core leaves it
    typename products::factors slopes = {};
    const R* const last =
        all.template each_tile < deferred
            ? 1
            : 0 > ([&](int plane) { return gains::source(columns, plane, pass.column_begin); },
                   [&](const R* before) {
                     if constexpr (deferred) products::start_columns(out, slopes, before);
                   },
                   [&](const tile_task& task, index_type first_column, const R* there, const float* factors,
                       const float* numbers, part& mine) {
                     with_statement<Pairs>(task.says, [&]<tile_weights D_ij, tile_positives P_ij>() {
                       const auto work = [&]<bool Small>() {
                         unrolled<2>([&](int u) {
                           const row_side row(side_of_row(u));
                           float part_along = 0, part_sum = 0;
                           unrolled<part::groups>([&](int c) {
                             unrolled<2>([&](int q) {
                               const int column = part::column(c, q);
                               const index_type j = first_column + column;
                               float& number = mine.product[c][u * 2 + q];
                               number = slope<D_ij, P_ij, Small>(number, factor[u] * factors[column], all.row(u), j, row,
                                                                 side_of_column(numbers, column), part_along, part_sum);
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
                     if constexpr (!deferred) products::start_columns(out, slopes, there), products::template wait<0>();
                   });
    if (deferred && last != nullptr) products::start_columns(out, slopes, last), products::template wait<0>();
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
  using shape = fused_shape<D>;
  using part = thread_part<Gpu, D>;
  using gains = tile_gains<Rule, Pairs>;
  static constexpr bool uses_d = has_slope<Rule>(weight::D), uses_p = has_slope<Rule>(weight::P);
  static constexpr bool balanced = contrastive::detail::rule_says<Rule>().balanced;
  static constexpr bool from_row = Sides != slope_sides::column, from_column = Sides != slope_sides::row;
  // What columns give to the temperature is counted by the rows that they are, where the loss is symmetric.
  static constexpr bool columns_count = from_column && !contrastive::detail::statements_of<Pairs>().symmetric;
  static constexpr int planes = from_column ? gains::planes : 0, row_planes = from_row ? gains::planes : 0;
  // Slopes are multiplied with a tile's columns while the next tile is visited, which needs a stage more; 256 numbers a row
  // leave no registers to keep them in.
  static constexpr bool deferred = D <= 128;
  using walk = fused_walk<Gpu, Pairs, R, D, deferred ? 3 : 2, planes>;
  using products = typename walk::products;
  static constexpr std::size_t groups = D / 8;
  using row_side = std::conditional_t<from_row, tile_gains_in_registers<Rule, Pairs>, no_anchor>;
  using column_side = std::conditional_t<from_column, gains, no_anchor>;

  /// The gains of the block's rows, (planes, shape::rows) in shared memory: the accumulators leave no registers for them.
  CONTRASTIVE_HOST_DEVICE static float* row_gains() {
    return reinterpret_cast<float*>(Gpu::shared_memory() + walk::shared_bytes());
  }
  /// They come with the first tile.
  CONTRASTIVE_HOST_DEVICE void fetch_row_gains(const walk& all) const {
    unrolled<row_planes>([&](int plane) {
      for (int r = Gpu::thread(); r < shape::rows; r += threads)
        Gpu::template copy<4>(row_gains() + plane * shape::rows + r, gains::source(rows, plane, all.row_there(r)));
    });
  }
  CONTRASTIVE_HOST_DEVICE static auto side_of_row([[maybe_unused]] int which) {
    if constexpr (from_row)
      return gains{row_gains() + part::row(which), shape::rows};
    else
      return no_anchor{};
  }
  CONTRASTIVE_HOST_DEVICE static column_side side_of_column([[maybe_unused]] const float* numbers,
                                                            [[maybe_unused]] int column) {
    if constexpr (from_column)
      return {numbers + column, shape::columns};
    else
      return {};
  }
  /// Is nothing to be asked where a pair is excluded, as all that tiles have are e^y of small y?
  static constexpr bool vanishes = [] {
    for (int k = 0; k < Rule::sums.size; ++k)
      if ((gains::used >> k & 1) != 0 && Rule::sums[k].g != pair_function::exponential) return false;
    return !requires(const Rule& rule) { rule.parameter(0); };
  }();
  /// f_i G_ij f_j of a pair, 0 where it is excluded, and its shares of what is summed for the temperature and the bias.
  template <tile_weights D_ij, tile_positives P_ij, bool Small>
  CONTRASTIVE_HOST_DEVICE float slope(float product, float both, index_type i, index_type j, const row_side& row,
                                      const column_side& column, float& along, float& sum) const {
    constexpr bool asks = D_ij == tile_weights::general || P_ij == tile_positives::general || has_own<Rule>;
    const bool counts = (vanishes && Small && !asks) || product != excluded<float>;
    if (asks && !counts) return 0;
    pair_slope<Rule, float, D_ij, P_ij, Gpu> pair{terms, Small};
    const float arm = product * (both * pass.inverse_temperature);
    pair.add_all(arm, {pass.pairs, pass.anchor(i, j), pass.candidate(i, j), uses_d, uses_p}, row, column);
    float of_temperature = 0, of_bias = 0;
    if constexpr (from_row) of_temperature = pair.from_row.along_temperature(arm, row), of_bias = pair.from_row.slope;
    if constexpr (columns_count)
      of_temperature += pair.from_column.along_temperature(arm, column), of_bias += pair.from_column.slope;
    along += counts ? of_temperature : 0, sum += counts ? of_bias : 0;
    return counts ? (pair.from_row.slope + pair.from_column.slope) * both : 0;
  }
};

}  // namespace device
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
