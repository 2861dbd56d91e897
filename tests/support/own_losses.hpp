// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Losses such as a user would write: with nothing said of tiles, with everything said, with something false said, and with
// rules of their own.
#pragma once

#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <support/random.hpp>
#include <variant>

namespace contrastive::testing {

/// Weights that follow no pattern, many of them 0, in any arrangement: the definition alone.
struct scattered {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  contrastive::arrangement arrangement = contrastive::arrangement::all_against_all;
  contrastive::pooling pooling = contrastive::pooling::mean_log;
  std::uint64_t seed = 1;

  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const { return weight(seed, i, j, -0.5); }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return i % 5 == 4 ? 0 : weight(seed + 1, i, j, 0.6);
  }
  std::variant<mean_log, log_sum> rule(const argument_shapes&) const { return pooled(false); }

  std::variant<mean_log, log_sum> pooled(bool average) const {
    if (pooling == contrastive::pooling::log_sum) return log_sum{.average = average};
    return mean_log{.average = average};
  }
  /// In (0, 2), or 0 where the number drawn is below `least`.
  CONTRASTIVE_HOST_DEVICE static double weight(std::uint64_t which, index_type i, index_type j, double least) {
    const double u = splitmix(which, static_cast<std::uint64_t>(i * 40009 + j + 1));
    return u < least ? 0 : u + 1;
  }
};

/// The same with the positives of an anchor scaled to sum 1.
struct scattered_normalized : scattered {
  std::variant<mean_log, log_sum> rule(const argument_shapes&) const { return pooled(true); }
};

/// The same with weights that do not depend on which of two rows is the anchor.
struct scattered_symmetric : scattered {
  static constexpr pair_statements says{.symmetric = true};
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return i < j ? scattered::denominator(i, j) : scattered::denominator(j, i);
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    return i < j ? weight(seed + 1, i, j, 0.6) : weight(seed + 1, j, i, 0.6);
  }
};

/// l = (1 - p^q) / q, p = e^(mean of the positives' x) / Σ D e^x: between the cross entropy (q = 0) and 1 - p.
struct bounded_nce {
  double q = 0.5;

  static constexpr auto sums = row_sums(exp_of(weight::D), x_of(weight::P), weight_of(weight::P));
  static constexpr rule_statements says{.balanced = true};

  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s.empty(0) || s[2] == 0) return {};
    const double t = q * (s[1] / s[2] - s.log(0)), p_q = std::exp(t);
    return {.loss = -std::expm1(t) / q, .mass = 1, .reference = s.log(0), .slopes = {p_q, -p_q / s[2], 0}};
  }
};

/// A rule of the user's own, over weights of which the positives follow no pattern.
struct bounded : scattered {
  double q = 0.5;

  CONTRASTIVE_HOST_DEVICE double denominator(index_type, index_type) const { return 1; }
  bounded_nce rule(const argument_shapes&) const { return {q}; }
};

/// l = log(1 + Σ D √(1 + x²)) + Σ P √(1 + (x - 3)²) / Σ P: negatives are pulled to x = 0, positives to x = 3.
struct two_wells_rule {
  static constexpr auto sums = row_sums(own_of(weight::D), own_of(weight::P), weight_of(weight::P));

  CONTRASTIVE_HOST_DEVICE double value(int k, double x) const { return std::sqrt(1 + (k == 0 ? x * x : (x - 3) * (x - 3))); }
  CONTRASTIVE_HOST_DEVICE double slope(int k, double x) const { return (k == 0 ? x : x - 3) / value(k, x); }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    if (s[2] == 0) return {};
    return {.loss = std::log1p(s[0]) + s[1] / s[2], .mass = 1, .slopes = {1 / (1 + s[0]), 1 / s[2], 0}};
  }
};

/// Functions of the logit of the user's own, and a bias.
struct two_wells : scattered {
  double bias = -0.3;

  static constexpr two_wells_rule rule{};
};

/// Weights of negatives that no matrix holds: the further the column, the heavier.
struct weight_by_distance {
  CONTRASTIVE_HOST_DEVICE double operator()(index_type i, index_type column) const {
    return static_cast<double>((column - i) * (column - i) % 7) / 3;
  }
};

/// Weights that do depend on which row is the anchor, said not to.
struct falsely_symmetric : scattered {
  static constexpr pair_statements says{.symmetric = true};
};

/// Everything that a loss can say of its tiles and lists, true as long as `lie` is none. Rows of all arguments are candidates,
/// and they come in runs of `run`: a row counts in the denominator of the rows in its own run and, of the last `outside` rows
/// (they are in no tile), in that of the anchor that lists it. Positives: the next row of the run, and the row listed.
struct outspoken {
  enum class falsehood { none, diagonal, run, list, twice, tiles, positives };

  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  contrastive::pooling pooling = contrastive::pooling::mean_log;
  index_type num_rows = 0;  // of the first argument, the anchors
  index_type run = 4;
  index_type outside = 2;  // rows of the second argument
  falsehood lie = falsehood::none;

  static constexpr auto arrangement = contrastive::arrangement::first_against_all;
  static constexpr pair_statements says{.lists = true, .positives_listed = true, .tiled_range = true, .tiles = true};

  std::variant<mean_log, log_sum> rule(const argument_shapes&) const {
    if (pooling == contrastive::pooling::log_sum) return log_sum{};
    return mean_log{};
  }

  CONTRASTIVE_HOST_DEVICE index_type next(index_type i) const {
    return i + 1 < num_rows && (i + 1) / run == i / run ? i + 1 : i / run * run;
  }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    if (j >= num_rows) return j - num_rows == i % outside ? 0.7 : 0;
    return i / run == j / run && i != j ? 1 : 0;
  }
  CONTRASTIVE_HOST_DEVICE double positive(index_type i, index_type j) const {
    if (j >= num_rows) return j - num_rows == i % outside ? 0.3 : 0;
    return j == next(i) && j != i ? 1 : 0;
  }

  CONTRASTIVE_HOST_DEVICE index_type tiled_begin() const { return 0; }
  CONTRASTIVE_HOST_DEVICE index_type tiled_end() const { return lie == falsehood::tiles ? num_rows - 1 : num_rows; }
  CONTRASTIVE_HOST_DEVICE tile_statement of_tile(const tile& t) const {
    const tile_positives positives = lie == falsehood::positives ? tile_positives::ones : tile_positives::none;
    const index_type first_anchor_run = t.anchor_begin / run, last_anchor_run = (t.anchor_end - 1) / run;
    const index_type first_run = t.candidate_begin / run, last_run = (t.candidate_end - 1) / run;
    if (last_anchor_run < first_run || last_run < first_anchor_run)
      return {lie == falsehood::run ? tile_weights::ones : tile_weights::zeros, positives};
    if (first_anchor_run == last_anchor_run && first_run == last_run && first_run == first_anchor_run)
      return {lie == falsehood::diagonal ? tile_weights::ones : tile_weights::ones_off_diagonal, positives};
    return {tile_weights::general, positives};
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return lie == falsehood::list ? 1 : 2; }
  /// The next row of the run, none in a run of one; then the row outside.
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    if (lie == falsehood::twice) return next(i);
    return t == 1 ? num_rows + i % outside : next(i) != i ? next(i) : no_candidate;
  }
};

/// Targets that no matrix holds: the nearer the column, the larger, and every other 0.
struct targets_by_distance {
  CONTRASTIVE_HOST_DEVICE double operator()(index_type i, index_type j) const {
    return (i + j) % 2 == 0 ? 1 / (1 + static_cast<double>((i - j) * (i - j) % 11)) : 0;
  }
};

/// A sum of each kind, in two stages, with a weight that depends on the batch:
///   l = log S_0 + log S_1 / 2 + log(1 + S_2) + e^(log S_0 - batch) S_3, θ = log S_0 in S_2, the exponential without a
///   gradient.
struct mixed_rule {
  double beta, margin;

  static constexpr auto sums =
      row_sums(exp_of(weight::D), clipped_exp_of(weight::P), softplus_above_theta(weight::P), clipped_x_of(weight::D));

  CONTRASTIVE_HOST_DEVICE double parameter(int k) const { return k == 0 ? beta : margin; }
  CONTRASTIVE_HOST_DEVICE bool uses_batch() const { return true; }
  CONTRASTIVE_HOST_DEVICE index_type batch_anchors() const { return 7; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE double batch_term(const S& s) const {
    return s.log(0);
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE double theta(const S& s) const {
    return s.log(0);
  }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<4> finish(const S& s) const {
    if (s.empty(1)) return {};
    const double w = std::exp(s.log(0) - s.batch()), inner = 1 / (1 + s[2]);
    return {.loss = s.log(0) + s.log(1) / 2 + std::log1p(s[2]) + w * s[3],
            .mass = 2,
            .slopes = {1 + inner * s.theta_slope(2), 0.5, inner, w}};
  }
};
/// Each third anchor lists two candidates, of which one is said not to be there every so often.
struct mixed : scattered {
  double bias = 0.2, beta = 1.5, margin = 0.13;
  index_type num_candidates = 1;

  static constexpr pair_statements says{.lists = true};

  mixed_rule rule(const argument_shapes&) const { return {beta, margin}; }
  CONTRASTIVE_HOST_DEVICE double denominator(index_type i, index_type j) const {
    return j == 0 ? 1 : scattered::denominator(i, j);
  }
  CONTRASTIVE_HOST_DEVICE index_type listed_per_anchor() const { return 2; }
  CONTRASTIVE_HOST_DEVICE index_type listed(index_type i, index_type t) const {
    if (i % 3 != 0 || (t == 1 && i % 4 == 0)) return no_candidate;
    return (5 * i + t) % num_candidates;
  }
};

/// Tiles of one kind after the other where pairs come in blocks: P is one in a block on the diagonal, but for (i, i), and D
/// outside; of every fifth block nothing is said.
struct blocks {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  index_type side = 4;

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr log_sum rule{};
  static constexpr pair_statements says{.symmetric = true, .tiles = true};

  double denominator(index_type i, index_type j) const { return i / side == j / side ? 0 : 1; }
  double positive(index_type i, index_type j) const { return i / side == j / side && i != j ? 1 : 0; }
  tile_statement of_tile(const tile& t) const {
    const index_type a = t.anchor_begin / side, c = t.candidate_begin / side;
    if ((t.anchor_end - 1) / side != a || (t.candidate_end - 1) / side != c || (a + c) % 5 == 4) return {};
    if (a == c) return {tile_weights::zeros, tile_positives::ones_off_diagonal};
    return {tile_weights::ones, tile_positives::none};
  }
};

}  // namespace contrastive::testing
