// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// weighted_info_nce: info_nce whose negatives count more or less, by a matrix or by a function of known parameters.
#pragma once

#include <cmath>
#include <contrastive/losses/pairs/query_key.hpp>
#include <contrastive/losses/pairs/weight_matrix.hpp>
#include <type_traits>
#include <utility>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// How the weights of one query's negatives are scaled.
enum class weight_normalization {
  none,     ///< as given
  mean_one  ///< to mean 1 over the query's negatives that take part (left alone where all are 0)
};

/// The parameters of one row, one after another: where they lie, or of a strided matrix a copy.
class parameter_row {
 public:
  /// The most parameters of a row that is not contiguous.
  static constexpr index_type most_strided = 32;

  /// Of row r.
  CONTRASTIVE_HOST_DEVICE parameter_row(const matrix_view<const float>& rows, index_type r) {
    data_ = rows.data + r * rows.row_stride;
    if (rows.col_stride == 1) return;
    for (index_type p = 0; p < rows.cols; ++p) copy_[p] = data_[p * rows.col_stride];
    data_ = copy_;
  }
  parameter_row(const parameter_row&) = delete;
  parameter_row& operator=(const parameter_row&) = delete;
  /// The first of the row's parameters.
  CONTRASTIVE_HOST_DEVICE const float* data() const { return data_; }

 private:
  const float* data_;
  float copy_[most_strided];
};

/// Weights computed on the fly: function(anchor_parameters, negative_parameters, num_parameters) ≥ 0 of two rows of known
/// parameters. Row i of `keys` belongs to query i and to key i; row m of `further` to the m-th further negative.
template <class Function>
struct parameter_weights {
  matrix_view<const float> keys;         ///< (n, p)
  matrix_view<const float> further;      ///< (K, p), or (n K, p) with negatives::per_anchor; empty without a third argument
  Function function;                     ///< of an anchor's and a negative's parameters, and their number
  index_type num_keys_as_negatives = 0;  ///< set by the loss when it knows the shapes
  index_type further_per_anchor = 0;     ///< likewise

  /// The weight of negative `column` of query i.
  CONTRASTIVE_HOST_DEVICE double operator()(index_type i, index_type column) const {
    const parameter_row anchor(keys, i);
    if (column < num_keys_as_negatives) return function(anchor.data(), parameter_row(keys, column).data(), keys.cols);
    const index_type row = column - num_keys_as_negatives + i * further_per_anchor;
    return function(anchor.data(), parameter_row(further, row).data(), keys.cols);
  }
};

/// The prior of degradation-aware contrast: a negative counts the more, the more its degradation differs from the anchor's,
///
///   w_ij = 1 - exp(-|θ_i - θ_j|² / scale).
///
/// Parameters such as blur width and noise level, scaled by the caller to comparable ranges.
struct degradation_prior {
  double scale = 1.0;  ///< the squared distance at which w is 1 - 1/e

  /// The weight of two rows of parameters.
  CONTRASTIVE_HOST_DEVICE double operator()(const float* a, const float* b, index_type num_parameters) const {
    double distance = 0;
    for (index_type p = 0; p < num_parameters; ++p) {
      const double difference = static_cast<double>(a[p]) - static_cast<double>(b[p]);
      distance += difference * difference;
    }
    return -std::expm1(-distance / scale);
  }
  /// Throws std::invalid_argument for a scale that is not positive and finite.
  void check(const char* who) const {
    if (!(scale > 0 && scale < 1e300)) detail::refuse(who, "scale of the degradation prior", "a positive finite number", scale);
  }
};

/// Weights by a function of parameters: `weights_from(theta, queue_theta, degradation_prior{.scale = 0.5})`. `further` may be
/// empty, matrix_view<const float>{}. The views must live through the call.
template <class Function>
parameter_weights<Function> weights_from(matrix_view<const float> keys, matrix_view<const float> further, Function function) {
  return {keys, further, function};
}

/// InfoNCE whose negatives carry weights w ≥ 0, with the candidate sets of info_nce:
///
///   l_i = log( e^(s(q_i, k_i)/τ) + Σ_c w_ic e^(s(q_i, n_c)/τ) ) - s(q_i, k_i)/τ
///
/// c runs over the other queries' keys (with `in_batch_negatives`), then over the further negatives of a third argument.
/// The positive weighs 1. Weights of one give info_nce. A negative of weight 0 is in no sum.
/// Arguments: q (n, d), k (n, d), and optionally shared negatives (K, d) or each query's own (n K, d).
/// `weights`: a float matrix (n, n), with a third argument (n, n + K), without in-batch ones (n, K); the diagonal of the
/// first n columns is not read. Or any callable (query, column) ≥ 0, trivially copyable, such as `weights_from(…)`.
/// No gradient flows into the weights. Views must live through the call. Loss in nats; `mean` divides by n.
/// `ids`, `anchor_weights` and `candidate_probabilities` say what is known of the rows, as those of info_nce do; negatives with
/// the query's id do not take part in the mean of `mean_one`, and probabilities do not change it.
/// Throws std::invalid_argument for shapes that disagree and for negative or non-finite weights of a matrix or of parameters,
/// more than 32 columns of parameters whose rows are not contiguous, and as info_nce for what is known of the rows.
/// Source: negatives weighted by known degradation for blind super-resolution; the weighted sum as in Robinson et al. 2021,
/// "Contrastive learning with hard negative samples", with weights given instead of learned.
///
///   auto r = contrastive::value_and_gradient(contrastive::weighted_info_nce{.weights = weights}, q, k);
template <class Weight>
struct basic_weighted_info_nce {
  double temperature = 0.07;                                             ///< τ > 0
  contrastive::similarity similarity = contrastive::similarity::cosine;  ///< s
  contrastive::reduction reduction = contrastive::reduction::mean;       ///< how the l_i become the loss
  weight_normalization normalize = weight_normalization::none;           ///< how a query's weights are scaled
  bool in_batch_negatives = true;                                        ///< the keys of the other queries are negatives
  contrastive::negatives negatives = contrastive::negatives::shared;     ///< what a third argument holds
  Weight weights = {};                                                   ///< w: a float matrix, or a callable (query, column)
  label_view ids = {};                                                   ///< (n), or empty: of the pairs (query, key)
  label_view negative_ids = {};                                          ///< with `ids`, one a row of the third argument
  weight_view anchor_weights = {};                                       ///< (n) w ≥ 0, or empty: all 1
  weight_view candidate_probabilities = {};  ///< of keys, then further negatives, or empty: all alike

  static constexpr const char* name = "weighted_info_nce";
  static constexpr auto arrangement = contrastive::arrangement::first_against_rest;
  static constexpr mean_log rule{};

  query_key_pairs<Weight> bind(const argument_shapes& shapes) const {
    auto pairs =
        detail::bind_query_key(name, shapes, in_batch_negatives, negatives, normalize == weight_normalization::mean_one,
                               weights, {ids, negative_ids, candidate_probabilities});
    const index_type keys = in_batch_negatives ? pairs.num_queries : 0;
    if constexpr (requires { weights.check(name, "weights", index_type{}, index_type{}, bool{}, bool{}); })
      weights.check(name, "weights", pairs.num_queries, keys + pairs.num_negatives, in_batch_negatives, !shapes.on_device);
    if constexpr (requires { weights.num_keys_as_negatives; }) {
      if constexpr (requires { weights.function.check(name); }) weights.function.check(name);
      check_parameters("parameters of the keys", weights.keys, pairs.num_queries, !shapes.on_device);
      if (shapes.count == 3)
        check_parameters("parameters of the further negatives", weights.further, shapes[2].rows, !shapes.on_device);
      pairs.weight.num_keys_as_negatives = keys;
      pairs.weight.further_per_anchor = pairs.per_anchor ? pairs.num_negatives : 0;
    }
    return pairs;
  }

  template <class Visit>
  void each_view(Visit visit) const {
    visit("ids", ids.data());
    visit("negative_ids", negative_ids.data());
    visit("anchor_weights", anchor_weights.data());
    visit("candidate_probabilities", candidate_probabilities.data());
    if constexpr (requires { weights.values.data; })
      visit("weights", weights.values.data);
    else if constexpr (requires { weights.keys.data; }) {
      visit("parameters of the keys", weights.keys.data);
      visit("parameters of the further negatives", weights.further.data);
    }
  }

 private:
  void check_parameters(const char* which, const matrix_view<const float>& rows, index_type expected, bool look) const {
    const auto say = [](index_type r, index_type c) { return '(' + std::to_string(r) + ", " + std::to_string(c) + ")"; };
    if (rows.data == nullptr || rows.rows != expected || rows.cols != weights.keys.cols)
      detail::refuse(name, which, say(expected, weights.keys.cols), say(rows.rows, rows.cols));
    if (rows.col_stride != 1 && rows.cols > parameter_row::most_strided)
      detail::refuse(name, which, "at most 32 columns, or rows one number after another",
                     std::to_string(rows.cols) + " columns of stride " + std::to_string(rows.col_stride));
    for (index_type r = 0; look && r < rows.rows; ++r)
      for (index_type c = 0; c < rows.cols; ++c)
        if (const float v = rows(r, c); !(v >= -3.4e38f && v <= 3.4e38f))
          detail::refuse(name, std::string(which) + '(' + std::to_string(r) + ", " + std::to_string(c) + ")", "a finite number",
                         v);
  }
};

/// Weights of a matrix.
using weighted_info_nce = basic_weighted_info_nce<weight_matrix>;

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
