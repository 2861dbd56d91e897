// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Losses such as a user would write: with nothing said of tiles, with everything said, and with something false said.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <support/random.hpp>

namespace contrastive::testing {

/// Weights that follow no pattern, many of them 0, in any arrangement: the definition alone.
struct scattered {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  contrastive::arrangement arrangement = contrastive::arrangement::all_against_all;
  contrastive::pooling pooling = contrastive::pooling::mean_log;
  std::uint64_t seed = 1;

  double denominator(index_type i, index_type j) const { return weight(seed, i, j, -0.5); }
  double positive(index_type i, index_type j) const { return i % 5 == 4 ? 0 : weight(seed + 1, i, j, 0.6); }

  /// In (0, 2), or 0 where the number drawn is below `least`.
  static double weight(std::uint64_t which, index_type i, index_type j, double least) {
    const double u = splitmix(which, static_cast<std::uint64_t>(i * 40009 + j + 1));
    return u < least ? 0 : u + 1;
  }
};

/// The same with the positives of an anchor scaled to sum 1.
struct scattered_normalized : scattered {
  static constexpr bool normalize_positives = true;
};

/// The same with weights that do not depend on which of two rows is the anchor.
struct scattered_symmetric : scattered {
  static constexpr bool symmetric = true;
  double denominator(index_type i, index_type j) const {
    return i < j ? scattered::denominator(i, j) : scattered::denominator(j, i);
  }
  double positive(index_type i, index_type j) const {
    return i < j ? weight(seed + 1, i, j, 0.6) : weight(seed + 1, j, i, 0.6);
  }
};

/// Weights of negatives that no matrix holds: the further the column, the heavier.
struct weight_by_distance {
  double operator()(index_type i, index_type column) const { return static_cast<double>((column - i) * (column - i) % 7) / 3; }
};

/// Weights that do depend on which row is the anchor, said not to.
struct falsely_symmetric : scattered {
  static constexpr bool symmetric = true;
};

/// Everything that a loss can say of its tiles and lists, true as long as `lie` is none. Rows of all arguments are candidates,
/// and they come in runs of `run`: a row counts in the denominator of the rows in its own run and, of the last `outside` rows
/// (they are in no tile), in that of the anchor that lists it. Positives: the next row of the run, and the row listed.
struct outspoken {
  enum class falsehood { none, diagonal, run, list, tiles };

  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  contrastive::pooling pooling = contrastive::pooling::mean_log;
  index_type num_rows = 0;  // of the first argument, the anchors
  index_type run = 4;
  index_type outside = 2;  // rows of the second argument
  falsehood lie = falsehood::none;

  static constexpr auto arrangement = contrastive::arrangement::first_against_all;
  static constexpr bool positives_listed = true;

  index_type next(index_type i) const { return i + 1 < num_rows && (i + 1) / run == i / run ? i + 1 : i / run * run; }
  double denominator(index_type i, index_type j) const {
    if (j >= num_rows) return j - num_rows == i % outside ? 0.7 : 0;
    return i / run == j / run && i != j ? 1 : 0;
  }
  double positive(index_type i, index_type j) const {
    if (j >= num_rows) return j - num_rows == i % outside ? 0.3 : 0;
    return j == next(i) && j != i ? 1 : 0;
  }

  index_type tiled_begin() const { return 0; }
  index_type tiled_end() const { return lie == falsehood::tiles ? num_rows - 1 : num_rows; }
  tile_weights weights_of(const tile& t) const {
    const index_type first_anchor_run = t.anchor_begin / run, last_anchor_run = (t.anchor_end - 1) / run;
    const index_type first_run = t.candidate_begin / run, last_run = (t.candidate_end - 1) / run;
    if (last_anchor_run < first_run || last_run < first_anchor_run)
      return lie == falsehood::run ? tile_weights::ones : tile_weights::zeros;
    if (first_anchor_run == last_anchor_run && first_run == last_run && first_run == first_anchor_run)
      return lie == falsehood::diagonal ? tile_weights::ones : tile_weights::ones_off_diagonal;
    return tile_weights::general;
  }
  index_type listed_per_anchor() const { return lie == falsehood::list ? 1 : 2; }
  index_type listed(index_type i, index_type t) const { return t == 0 ? next(i) : num_rows + i % outside; }
};

}  // namespace contrastive::testing
