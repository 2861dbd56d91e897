// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss in every form that it has.
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

/// What a caller may know of n pairs, of a queue and of each anchor's own negatives: some ids twice, a weight of 0.
struct known_rows {
  known_rows(index_type n, index_type queue_rows, index_type own_rows)
      : ids(random_labels(n, few(n), 51)),
        queue_ids(random_labels(queue_rows, few(n), 52)),
        own_ids(random_labels(own_rows, few(n), 53)),
        weights(numbers(3 * n, 0, 54)),
        queue_probabilities(numbers(n + queue_rows, 0.05f, 55)),
        own_probabilities(numbers(n + own_rows, 0.05f, 56)) {
    weights[static_cast<std::size_t>(n / 2)] = 0;
  }
  /// The weights of so many anchors.
  weight_view first_weights(index_type anchors) const { return {weights.data(), anchors}; }
  weight_view probabilities(index_type n) const { return {queue_probabilities.data(), n}; }

  std::vector<int> ids, queue_ids, own_ids;
  std::vector<float> weights, queue_probabilities, own_probabilities;

 private:
  static int few(index_type n) { return static_cast<int>(2 * n / 3 + 1); }
  static std::vector<float> numbers(index_type count, float least, std::uint64_t which) {
    const matrix<float> drawn = random_weights(count, 1, which);
    std::vector<float> out;
    for (index_type i = 0; i < count; ++i) out.push_back(least + (1 - least) * std::min(1.0f, drawn(i, 0)));
    return out;
  }
};

}  // namespace

template <class T>
void each_loss(const setting& s, const std::function<void(const char*, const any_loss&, const views<T>&)>& visit) {
  const index_type n = s.n, own = 3, queue = n + 6;
  const double t = s.temperature;
  const arguments<T> one(s, {n}), two(s, {n, n}), three(s, {n, n, n}), with_queue(s, {n, n, queue}),
      with_own(s, {n, n, n * own}), with_proxies(s, {n, 5});
  const std::vector<int> labels = random_labels(n, 5, 11);

  visit("info_nce in the batch", info_nce{t, s.similarity, s.reduction}, two.views());
  visit("info_nce in the batch and against a queue", info_nce{t, s.similarity, s.reduction}, with_queue.views());
  visit("info_nce against a queue", info_nce{t, s.similarity, s.reduction, false}, with_queue.views());
  visit("info_nce in the batch and against own negatives", info_nce{t, s.similarity, s.reduction, true, negatives::per_anchor},
        with_own.views());
  visit("info_nce against own negatives", info_nce{t, s.similarity, s.reduction, false, negatives::per_anchor},
        with_own.views());

  const known_rows known(n, queue, n * own);
  const weight_view of_n = known.first_weights(n), of_2n = known.first_weights(2 * n), of_3n = known.first_weights(3 * n);
  constexpr auto shared = negatives::shared;
  visit("info_nce with ids", info_nce{t, s.similarity, s.reduction, true, shared, known.ids}, two.views());
  visit("info_nce with weights of the anchors", info_nce{t, s.similarity, s.reduction, true, shared, {}, {}, of_n},
        with_queue.views());
  visit("info_nce with probabilities", info_nce{t, s.similarity, s.reduction, true, shared, {}, {}, {}, known.probabilities(n)},
        two.views());
  visit("info_nce against a queue of which all is known",
        info_nce{t, s.similarity, s.reduction, true, shared, known.ids, known.queue_ids, of_n, known.queue_probabilities},
        with_queue.views());
  visit("info_nce against own negatives of which all is known",
        info_nce{t, s.similarity, s.reduction, false, negatives::per_anchor, known.ids, known.own_ids, of_n,
                 known.own_probabilities},
        with_own.views());

  visit("clip", clip{t, s.similarity, s.reduction}, two.views());
  visit("clip with ids", clip{t, s.similarity, s.reduction, known.ids}, two.views());
  visit("clip of pairs of which all is known", clip{t, s.similarity, s.reduction, known.ids, of_n, known.probabilities(n)},
        two.views());

  visit("nt_xent of two views", nt_xent{t, s.similarity, s.reduction}, two.views());
  visit("nt_xent with the pair of a row and itself", nt_xent{t, s.similarity, s.reduction, true}, two.views());
  visit("nt_xent of three views", nt_xent{t, s.similarity, s.reduction}, three.views());
  visit("nt_xent with ids and the pair of a row and itself", nt_xent{t, s.similarity, s.reduction, true, known.ids},
        two.views());
  visit("nt_xent of three views with ids and weights", nt_xent{t, s.similarity, s.reduction, false, known.ids, of_3n},
        three.views());

  visit("conditional_contrastive", conditional_contrastive{t, s.similarity, s.reduction, labels}, one.views());
  visit("conditional_contrastive with proxies", conditional_contrastive{t, s.similarity, s.reduction, labels},
        with_proxies.views());
  visit("conditional_contrastive with proxies and weights", conditional_contrastive{t, s.similarity, s.reduction, labels, of_n},
        with_proxies.views());

  visit("sup_con mean_log", sup_con{t, s.similarity, s.reduction, pooling::mean_log, labels}, one.views());
  visit("sup_con log_sum", sup_con{t, s.similarity, s.reduction, pooling::log_sum, labels}, one.views());
  visit("sup_con log_sum with weights", sup_con{t, s.similarity, s.reduction, pooling::log_sum, labels, of_n}, one.views());
  visit("sup_con of two views that share labels", sup_con{t, s.similarity, s.reduction, pooling::mean_log, labels},
        two.views());

  visit("decoupled", decoupled{t, s.similarity, s.reduction}, two.views());
  const bool few = n <= 200;  // the definition takes pair by pair
  if (few) visit("decoupled of three views", decoupled{t, s.similarity, s.reduction}, three.views());
  visit("decoupled with weights of the positives", decoupled{t, s.similarity, s.reduction, 0.7}, two.views());
  visit("decoupled with ids and weights of positives and anchors",
        decoupled{t, s.similarity, s.reduction, 0.7, known.ids, of_2n}, two.views());

  visit("hard_negative", hard_negative{t, s.similarity, s.reduction, 0.1, 1.0}, two.views());
  visit("hard_negative, debiased", hard_negative{t, s.similarity, s.reduction, 0.01, 0.0}, two.views());

  visit("hard_negative with ids and weights", hard_negative{t, s.similarity, s.reduction, 0.1, 0.5, known.ids, of_2n},
        two.views());

  visit("sincere per anchor", sincere{t, s.similarity, s.reduction, average::per_anchor, labels}, one.views());
  visit("sincere per pair of two views that share labels", sincere{t, s.similarity, s.reduction, average::per_pair, labels},
        few ? two.views() : one.views());
  visit("sincere per pair with weights", sincere{t, s.similarity, s.reduction, average::per_pair, labels, of_n}, one.views());

  visit("siglip", siglip{t, s.similarity, s.reduction, -2.0}, two.views());
  visit("siglip with ids and weights", siglip{t, s.similarity, s.reduction, -2.0, known.ids, of_n}, two.views());

  matrix<float> targets = random_weights(n, queue, 41);
  targets.row(n / 2).setZero();  // an anchor without a target
  const arguments<T> against_queue(s, {n, queue});
  visit("soft_targets", soft_targets{t, s.similarity, s.reduction, targets}, against_queue.views());
  visit("soft_targets with weights", soft_targets{t, s.similarity, s.reduction, targets, of_n}, against_queue.views());
  visit("soft_targets by a function", basic_soft_targets<targets_by_distance>{t, s.similarity, s.reduction, {}}, two.views());

  visit("d2d_ce", d2d_ce{t, s.similarity, s.reduction, 0.6, -0.2, labels}, with_proxies.views());
  visit("d2d_ce with weights", d2d_ce{t, s.similarity, s.reduction, 0.6, -0.2, labels, of_n}, with_proxies.views());

  constexpr auto as_given = weight_normalization::none, mean_one = weight_normalization::mean_one;
  matrix<float> batch = random_weights(n, n, 21);
  batch.row(n / 2).setZero();  // a query without a negative that counts
  const matrix<float> both = random_weights(n, n + queue, 22), in_queue = random_weights(n, queue, 23),
                      owned = random_weights(n, n + own, 24);
  visit("weighted_info_nce", weighted_info_nce{t, s.similarity, s.reduction, as_given, true, negatives::shared, batch},
        two.views());
  visit("weighted_info_nce of mean one",
        weighted_info_nce{t, s.similarity, s.reduction, mean_one, true, negatives::shared, batch}, two.views());
  visit("weighted_info_nce of mean one with a queue",
        weighted_info_nce{t, s.similarity, s.reduction, mean_one, true, negatives::shared, both}, with_queue.views());
  visit("weighted_info_nce against a queue",
        weighted_info_nce{t, s.similarity, s.reduction, as_given, false, negatives::shared, in_queue}, with_queue.views());
  visit("weighted_info_nce with own negatives",
        weighted_info_nce{t, s.similarity, s.reduction, mean_one, true, negatives::per_anchor, owned}, with_own.views());
  visit("weighted_info_nce of mean one with a queue of which all is known",
        weighted_info_nce{t, s.similarity, s.reduction, mean_one, true, negatives::shared, both, known.ids, known.queue_ids,
                          of_n, known.queue_probabilities},
        with_queue.views());

  const matrix<float> theta = random_rows<float>(n, 2, 31), queue_theta = random_rows<float>(queue, 2, 32),
                      own_theta = random_rows<float>(n * own, 2, 33);
  const auto prior = weights_from(theta, queue_theta, degradation_prior{.scale = 0.5});
  const auto own_prior = weights_from(theta, own_theta, degradation_prior{.scale = 0.5});
  visit("weighted_info_nce by the degradation prior",
        weighted_by_prior{t, s.similarity, s.reduction, mean_one, true, negatives::shared, prior}, two.views());
  visit("weighted_info_nce by the degradation prior with a queue",
        weighted_by_prior{t, s.similarity, s.reduction, as_given, true, negatives::shared, prior}, with_queue.views());
  visit("weighted_info_nce by the degradation prior against own negatives",
        weighted_by_prior{t, s.similarity, s.reduction, mean_one, false, negatives::per_anchor, own_prior}, with_own.views());
}

template void each_loss<float>(const setting&, const std::function<void(const char*, const any_loss&, const views<float>&)>&);
template void each_loss<double>(const setting&, const std::function<void(const char*, const any_loss&, const views<double>&)>&);

}  // namespace contrastive::testing
