// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss as the CPU engine sees it: its sums, and a few functions that fill strips of weights and finish rows. They are
// compiled once a loss, the engine once a scalar type, so that a further loss costs a translation unit next to nothing.
#pragma once

#include <contrastive/cpu/kernels/interface.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <contrastive/engine/row/pairs.hpp>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace cpu {

/// The sums of a block of rows as a rule reads them: row i has its sums at parts + i · (number of sums).
struct row_block {
  index_type count;
  const log_sum_exp* parts;
  const double* theta_slopes;  // likewise, or null without a second stage
  double batch_log_sum;
};

/// row_result without the number of sums in its type.
struct row_outcome {
  double loss, mass, reference, residual, temperature;
  double slopes[most_row_sums];
};

/// Engines number anchors and candidates from 0 on; where they have a part of a larger problem these are the loss's numbers of
/// the first.
template <class T>
struct loss_functions {
  void* pairs;
  const void* rule;
  pair_statements says;
  rule_statements rule_says;
  index_type num_candidates;          // of the whole problem, by the loss's numbers
  index_type tiled_begin, tiled_end;  // candidates, by the engine's numbers
  index_type first_anchor = 0, first_candidate = 0;
  index_type listed_per_anchor;
  int num_terms;
  pair_term terms[most_row_sums];

  tile_statement (*of_tile)(const void* pairs, const tile&);
  /// Row-major (anchors of the tile, ld); columns past the tile's last get 0.
  void (*fill_denominators)(const void* pairs, const tile&, T* out, index_type ld);
  void (*fill_positives)(const void* pairs, const tile&, T* out, index_type ld);
  index_type (*listed)(const void* pairs, index_type anchor, index_type t);
  void (*weights)(const void* pairs, index_type anchor, index_type candidate, double& denominator, double& positive);
  /// Null where no factors are prepared.
  double (*prepare_anchor)(const void* pairs, index_type anchor);
  void (*set_anchor_factors)(void* pairs, const double* factors);
  /// Null where pairs leave nothing out, where there are no constants.
  void (*exclude)(const void* pairs, const tile&, T* x, index_type ld);  // what is left out of a strip of logits
  double (*anchor_constant)(const void* pairs, index_type anchor);
  /// Null where rows have no classes.
  std::int64_t (*row_class)(const void* pairs, index_type anchor);
  void (*renumber)(void* pairs, const index_type* rows, const std::int64_t* classes);

  void (*finish)(const void* rule, const row_block&, row_outcome* out);
  /// Null where there is no second stage, no batch step, no function of the rule's own.
  double (*theta)(const void* rule, const log_sum_exp* parts);
  double (*batch_term)(const void* rule, const log_sum_exp* parts);
  index_type batch_anchors;
  double (*own)(const void* rule, int k, bool slope, double x);
  /// out = g or g' of a strip of arms; what is excluded gets 0.
  void (*fill_own)(const void* rule, int k, bool slope, const pair_term&, const strip<T>&, T* out);

  // The functions of the pairs by the engine's numbers.
  tile renumbered(const tile& t) const {
    return {t.anchor_begin + first_anchor, t.anchor_end + first_anchor, t.candidate_begin + first_candidate,
            t.candidate_end + first_candidate};
  }
  tile_statement statement_of(const tile& t) const { return of_tile(pairs, renumbered(t)); }
  void denominators(const tile& t, T* out, index_type ld) const { fill_denominators(pairs, renumbered(t), out, ld); }
  void positives(const tile& t, T* out, index_type ld) const { fill_positives(pairs, renumbered(t), out, ld); }
  void leave_out(const tile& t, T* x, index_type ld) const { exclude(pairs, renumbered(t), x, ld); }
  void weights_of(index_type i, index_type j, double& denominator, double& positive) const {
    weights(pairs, first_anchor + i, first_candidate + j, denominator, positive);
  }
};

/// A rule's own functions behind the table.
struct own_functions {
  const void* rule;
  double (*call)(const void* rule, int k, bool slope, double x);
  double value(int k, double x) const { return call(rule, k, false, x); }
  double slope(int k, double x) const { return call(rule, k, true, x); }
};

namespace detail {

/// row(i, first, count, out) for the anchors of a tile.
template <class T, class Row>
void fill(const tile& t, T* out, index_type ld, Row row) {
  const index_type columns = t.candidate_end - t.candidate_begin;
  for (index_type i = t.anchor_begin; i < t.anchor_end; ++i, out += ld) {
    row(i, t.candidate_begin, columns, out);
    for (index_type c = columns; c < ld; ++c) out[c] = 0;
  }
}

template <int K>
row_values<K> values_of(const log_sum_exp* parts, const double* theta_slopes, double batch_log_sum) {
  row_values<K> values;
  for (int k = 0; k < K; ++k) {
    values.parts[k] = parts[k];
    if (theta_slopes != nullptr) values.theta_slopes[k] = theta_slopes[k];
  }
  values.batch_log_sum = batch_log_sum;
  return values;
}

template <class T, pair_weights P>
void add_pair_functions(loss_functions<T>& f, P& pairs, index_type num_candidates) {
  constexpr pair_statements says = contrastive::detail::statements_of<P>();
  f.pairs = &pairs;
  f.says = says;
  f.num_candidates = num_candidates;
  f.tiled_begin = 0, f.tiled_end = num_candidates;
  if constexpr (says.tiled_range) f.tiled_begin = pairs.tiled_begin(), f.tiled_end = pairs.tiled_end();
  f.of_tile = [](const void* p, const tile& t) { return contrastive::detail::statement_of(*static_cast<const P*>(p), t); };
  f.fill_denominators = [](const void* p, const tile& t, T* out, index_type ld) {
    fill(t, out, ld, [q = *static_cast<const P*>(p)](index_type i, index_type first, index_type count, T* row) {
      if constexpr (contrastive::detail::statements_of<P>().denominator_rows)
        q.denominators(i, first, count, row);
      else
        for (index_type c = 0; c < count; ++c) row[c] = static_cast<T>(q.denominator(i, first + c));
    });
  };
  f.fill_positives = [](const void* p, const tile& t, T* out, index_type ld) {
    fill(t, out, ld, [q = *static_cast<const P*>(p)](index_type i, index_type first, index_type count, T* row) {
      if constexpr (contrastive::detail::statements_of<P>().positive_rows)
        q.positives(i, first, count, row);
      else
        for (index_type c = 0; c < count; ++c) row[c] = static_cast<T>(q.positive(i, first + c));
    });
  };
  f.weights = [](const void* p, index_type i, index_type j, double& denominator, double& positive) {
    const P& q = *static_cast<const P*>(p);
    denominator = static_cast<double>(q.denominator(i, j)), positive = static_cast<double>(q.positive(i, j));
  };
  if constexpr (says.lists) {
    f.listed_per_anchor = pairs.listed_per_anchor();
    f.listed = [](const void* p, index_type anchor, index_type t) {
      return static_cast<index_type>(static_cast<const P*>(p)->listed(anchor, t));
    };
  }
  if constexpr (says.anchor_factors)
    if (contrastive::detail::prepares_anchors(pairs)) {
      f.prepare_anchor = [](const void* p, index_type anchor) {
        return static_cast<double>(static_cast<const P*>(p)->prepare_anchor(anchor));
      };
      f.set_anchor_factors = [](void* p, const double* factors) { static_cast<P*>(p)->anchor_factors = factors; };
    }
  if constexpr (says.leaves_out)
    f.exclude = [](const void* p, const tile& t, T* x, index_type ld) {
      static_cast<const P*>(p)->each_left_out(
          t, [&](index_type i, index_type j) { x[(i - t.anchor_begin) * ld + (j - t.candidate_begin)] = excluded<T>; });
    };
  if constexpr (says.anchor_constants)
    f.anchor_constant = [](const void* p, index_type anchor) {
      return static_cast<double>(static_cast<const P*>(p)->anchor_constant(anchor));
    };
  if constexpr (says.row_classes) {
    f.row_class = [](const void* p, index_type anchor) {
      return static_cast<std::int64_t>(static_cast<const P*>(p)->row_class(anchor));
    };
    f.renumber = [](void* p, const index_type* rows, const std::int64_t* classes) {
      static_cast<P*>(p)->renumber(rows, classes);
    };
  }
}

template <class T, row_rule R>
void add_rule_functions(loss_functions<T>& f, const R& rule, double temperature, double bias) {
  constexpr int K = R::sums.size;
  f.rule = &rule;
  f.rule_says = contrastive::detail::rule_says<R>();
  f.num_terms = K;
  for (int k = 0; k < K; ++k) f.terms[k] = contrastive::detail::term_of(rule, k, R::sums[k], temperature, bias);
  f.finish = [](const void* r, const row_block& rows, row_outcome* out) {
    for (index_type i = 0; i < rows.count; ++i) {
      const double* const slopes = rows.theta_slopes == nullptr ? nullptr : rows.theta_slopes + i * K;
      const row_result<K> made = static_cast<const R*>(r)->finish(values_of<K>(rows.parts + i * K, slopes, rows.batch_log_sum));
      out[i] = {made.loss, made.mass, made.reference, made.residual, made.temperature, {}};
      for (int k = 0; k < K; ++k) out[i].slopes[k] = made.slopes[k];
    }
  };
  if constexpr (R::sums.has_second_stage())
    f.theta = [](const void* r, const log_sum_exp* parts) {
      return contrastive::detail::theta_of(*static_cast<const R*>(r), values_of<K>(parts, nullptr, 0));
    };
  if constexpr (contrastive::detail::has_batch<R>)
    if (rule.uses_batch()) {
      f.batch_anchors = rule.batch_anchors();
      f.batch_term = [](const void* r, const log_sum_exp* parts) {
        return static_cast<double>(static_cast<const R*>(r)->batch_term(values_of<K>(parts, nullptr, 0)));
      };
    }
  if constexpr (requires { rule.value(0, 0.0), rule.slope(0, 0.0); }) {
    f.own = [](const void* r, int k, bool slope, double x) {
      const R& q = *static_cast<const R*>(r);
      return static_cast<double>(slope ? q.slope(k, x) : q.value(k, x));
    };
    f.fill_own = [](const void* r, int k, bool slope, const pair_term& term, const strip<T>& t, T* out) {
      const R q = *static_cast<const R*>(r);
      for (index_type i = 0; i < t.num_rows; ++i)
        for (index_type c = 0; c < t.num_columns; ++c) {
          const T arm = t.x[i * t.ld + c];
          const double x = static_cast<double>(arm) + term.offset;
          out[i * t.ld + c] = arm > no_logit<T> ? static_cast<T>(slope ? q.slope(k, x) : q.value(k, x)) : T(0);
        }
    };
  }
}

}  // namespace detail

/// The functions of pair weights and a rule that must live as long as the result is used.
template <class T, pair_weights P, row_rule R>
loss_functions<T> functions_of(P& pairs, const R& rule, index_type num_candidates, double temperature, double bias) {
  loss_functions<T> f{};
  detail::add_pair_functions(f, pairs, num_candidates);
  detail::add_rule_functions(f, rule, temperature, bias);
  return f;
}

}  // namespace cpu
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
