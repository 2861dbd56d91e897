// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is true of the losses on any input: symmetries, bounds, and losses that become one another.
#include <rapidcheck.h>

#include <Eigen/QR>
#include <algorithm>
#include <contrastive/contrastive.hpp>
#include <numeric>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

/// A drawn problem: sizes, a seed for the rows, similarity, temperature.
struct drawn {
  index_type n = *rc::gen::inRange(1, 24), d = *rc::gen::inRange(1, 9);
  std::uint64_t seed = *rc::gen::inRange<std::uint64_t>(1, 1000000);
  similarity kind = *rc::gen::elementOf(std::vector<similarity>(std::begin(all_similarities), std::end(all_similarities)));
  double temperature = *rc::gen::elementOf(std::vector<double>{1.0, 0.5, 0.1, 0.05});

  matrix<double> rows(index_type count, std::uint64_t which) const {
    return std::sqrt(3.0 / static_cast<double>(d)) * splitmix_uniform(seed * 16 + which, count, d);
  }
  std::vector<int> labels(index_type count, int classes) const {
    std::vector<int> out;
    for (index_type i = 0; i < count; ++i)
      out.push_back(static_cast<int>((splitmix(seed * 16 + 9, static_cast<std::uint64_t>(i + 1)) + 1) / 2 * classes));
    return out;
  }
  /// A permutation of the numbers below count.
  Eigen::PermutationMatrix<Eigen::Dynamic> shuffle(index_type count) const {
    Eigen::PermutationMatrix<Eigen::Dynamic> p(count);
    p.setIdentity();
    for (index_type i = count - 1; i > 0; --i)
      p.applyTranspositionOnTheRight(i, static_cast<index_type>((splitmix(seed * 16 + 10, static_cast<std::uint64_t>(i)) + 1) /
                                                                2 * static_cast<double>(i + 1)));
    return p;
  }
};

/// Double on both sides, but sums in another order: some roundings of logits up to 1 / temperature.
constexpr double rounding = 1e-11;

bool close(double a, double b, double temperature) { return error_of(a, b) <= rounding / temperature; }
bool close(const matrix<double>& a, const matrix<double>& b, double temperature) {
  return relative_error(a, b, 1 / temperature) <= rounding / temperature;
}

/// rc::check prints its seed and the smallest input that fails.
template <class Property>
void check_property(Property property) {
  CHECK(rc::check(property));
}

}  // namespace

TEST_CASE("property: samples in another order give the same loss and the gradients in that order") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const auto order = p.shuffle(p.n);
    const matrix<double> shuffled_a = order * a, shuffled_b = order * b;
    const auto check = [&](const auto& loss) {
      const auto r = value_and_gradient(loss, a, b), s = value_and_gradient(loss, shuffled_a, shuffled_b);
      RC_ASSERT(close(r.loss, s.loss, p.temperature));
      RC_ASSERT(close(r.temperature_gradient, s.temperature_gradient, p.temperature * p.temperature));
      RC_ASSERT(close(matrix<double>(order * r.gradients[0]), s.gradients[0], p.temperature));
      RC_ASSERT(close(matrix<double>(order * r.gradients[1]), s.gradients[1], p.temperature));
    };
    check(nt_xent{.temperature = p.temperature, .similarity = p.kind});
    check(info_nce{.temperature = p.temperature, .similarity = p.kind});
    check(clip{.temperature = p.temperature, .similarity = p.kind});

    const std::vector<int> labels = p.labels(p.n, 4);
    std::vector<int> shuffled_labels(labels.size());
    for (index_type i = 0; i < p.n; ++i)
      shuffled_labels[static_cast<std::size_t>(order.indices()(i))] = labels[static_cast<std::size_t>(i)];
    const auto r = value_and_gradient(sup_con{p.temperature, p.kind, reduction::mean, pooling::mean_log, labels}, a);
    const auto s =
        value_and_gradient(sup_con{p.temperature, p.kind, reduction::mean, pooling::mean_log, shuffled_labels}, shuffled_a);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(r.valid_anchors == s.valid_anchors);
    RC_ASSERT(close(matrix<double>(order * r.gradients[0]), s.gradients[0], p.temperature));
  });
}

namespace {

/// A random number in (0, 1] for each of n rows.
std::vector<double> random_shares(const drawn& p, index_type n, std::uint64_t which) {
  std::vector<double> out;
  for (index_type i = 0; i < n; ++i)
    out.push_back(1 - (splitmix(p.seed * 16 + which, static_cast<std::uint64_t>(i + 1)) + 1) / 2.5);
  return out;
}
template <class V>
V in_order(const Eigen::PermutationMatrix<Eigen::Dynamic>& order, const V& v) {
  V out = v;
  for (std::size_t i = 0; i < v.size(); ++i) out[static_cast<std::size_t>(order.indices()(static_cast<index_type>(i)))] = v[i];
  return out;
}

}  // namespace

TEST_CASE("property: pairs in another order, with their ids, weights and probabilities, give the same loss") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const std::vector<int> ids = p.labels(p.n, 6);
    const std::vector<double> weights = random_shares(p, p.n, 11), q = random_shares(p, p.n, 12);
    const auto order = p.shuffle(p.n);
    const matrix<double> shuffled_a = order * a, shuffled_b = order * b;
    const auto shuffled_ids = in_order(order, ids);
    const auto shuffled_weights = in_order(order, weights), shuffled_q = in_order(order, q);
    const auto check = [&](auto loss) {
      loss.temperature = p.temperature, loss.similarity = p.kind;
      auto other = loss;
      loss.ids = ids, other.ids = shuffled_ids;
      loss.anchor_weights = weights, other.anchor_weights = shuffled_weights;
      if constexpr (requires { loss.candidate_probabilities; })
        loss.candidate_probabilities = q, other.candidate_probabilities = shuffled_q;
      const auto r = value_and_gradient(loss, a, b), s = value_and_gradient(other, shuffled_a, shuffled_b);
      RC_ASSERT(close(r.loss, s.loss, p.temperature));
      RC_ASSERT(close(r.temperature_gradient, s.temperature_gradient, p.temperature * p.temperature));
      RC_ASSERT(close(matrix<double>(order * r.gradients[0]), s.gradients[0], p.temperature));
      RC_ASSERT(close(matrix<double>(order * r.gradients[1]), s.gradients[1], p.temperature));
    };
    check(info_nce{});
    check(clip{});
    check(siglip{.bias = -3.0});
  });
}

TEST_CASE("property: distinct ids and weights of one change no bit, equal probabilities only a rounding") {
  check_property([] {
    const drawn p;
    const matrix<float> a = p.rows(p.n, 1).cast<float>(), b = p.rows(p.n, 2).cast<float>();
    std::vector<long> ids(static_cast<std::size_t>(p.n));
    std::iota(ids.begin(), ids.end(), *rc::gen::arbitrary<int>());
    const std::vector<double> ones(static_cast<std::size_t>(2 * p.n), 1.0);
    const std::vector<double> alike(static_cast<std::size_t>(p.n), 1 - *rc::gen::inRange(0, 100) / 101.0);
    const auto check = [&](auto loss) {
      loss.temperature = p.temperature, loss.similarity = p.kind;
      const auto plain = value_and_gradient(loss, a, b);
      const auto same_bits = [&](const auto& known) {
        const auto r = value_and_gradient(known, a, b);
        RC_ASSERT(r.loss == plain.loss);
        RC_ASSERT(r.temperature_gradient == plain.temperature_gradient);
        RC_ASSERT(r.gradients[0] == plain.gradients[0]);
        RC_ASSERT(r.gradients[1] == plain.gradients[1]);
      };
      auto known = loss;
      known.ids = ids;
      same_bits(known);
      known.anchor_weights = {ones.data(), known.arrangement == arrangement::all_against_all ? 2 * p.n : p.n};
      same_bits(known);
      if constexpr (requires { known.candidate_probabilities; }) {
        known.candidate_probabilities = alike;
        const auto r = value_and_gradient(known, a, b);
        RC_ASSERT(error_of(plain.loss, r.loss) <= tolerance<float>(p.temperature));
        RC_ASSERT(relative_error(plain.gradients[0].template cast<double>(), r.gradients[0].template cast<double>(),
                                 1 / p.temperature) <= tolerance<float>(p.temperature));
      }
    };
    check(info_nce{});
    check(clip{});
    check(nt_xent{});
    check(decoupled{});
    check(hard_negative{});
    check(siglip{});
  });
}

TEST_CASE("property: a weight multiplies the loss of its anchor, and the mean divides by the weights") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const std::vector<double> weights = random_shares(p, p.n, 13);
    info_nce loss{.temperature = p.temperature, .similarity = p.kind, .reduction = reduction::none};
    const auto each = value_and_gradient(loss, a, b);
    loss.anchor_weights = weights;
    const auto weighed = value_and_gradient(loss, a, b);
    double sum = 0, total = 0;
    for (index_type i = 0; i < p.n; ++i) {
      const double w = weights[static_cast<std::size_t>(i)], l = each.per_anchor[static_cast<std::size_t>(i)];
      RC_ASSERT(close(weighed.per_anchor[static_cast<std::size_t>(i)], w * l, p.temperature));
      sum += w * l, total += w;
    }
    loss.reduction = reduction::mean;
    RC_ASSERT(close(value(loss, a, b), sum / total, p.temperature));
    RC_ASSERT(weighed.valid_anchors == each.valid_anchors);
  });
}

TEST_CASE("property: rotated rows give the same loss and rotated gradients") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(Eigen::MatrixXd(splitmix_uniform(p.seed * 16 + 3, p.d, p.d)));
    const matrix<double> rotation = Eigen::MatrixXd(qr.householderQ()), rotated_a = a * rotation, rotated_b = b * rotation;
    const nt_xent loss{.temperature = p.temperature, .similarity = p.kind};
    const auto r = value_and_gradient(loss, a, b), s = value_and_gradient(loss, rotated_a, rotated_b);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(matrix<double>(r.gradients[0] * rotation), s.gradients[0], p.temperature));
    RC_ASSERT(close(matrix<double>(r.gradients[1] * rotation), s.gradients[1], p.temperature));
  });
}

TEST_CASE("property: cosine does not see the length of a row, and its gradient is at right angles to the row") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    matrix<double> scaled = a;
    for (index_type i = 0; i < p.n; ++i)
      scaled.row(i) *= std::exp(3 * splitmix(p.seed * 16 + 4, static_cast<std::uint64_t>(i + 1)));
    const nt_xent loss{.temperature = p.temperature};
    const auto r = value_and_gradient(loss, a, b), s = value_and_gradient(loss, scaled, b);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    for (const auto& [z, g] : {std::pair{a, r.gradients[0]}, {b, r.gradients[1]}})
      for (index_type i = 0; i < p.n; ++i) RC_ASSERT(std::fabs(z.row(i).dot(g.row(i))) <= rounding / p.temperature);
  });
}

TEST_CASE("property: distances do not see a shift of all rows, and the gradients of all rows sum to 0") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const Eigen::RowVectorXd shift = 3 * splitmix_uniform(p.seed * 16 + 5, 1, p.d);
    const matrix<double> shifted_a = a.rowwise() + shift, shifted_b = b.rowwise() + shift;
    const nt_xent loss{.temperature = p.temperature, .similarity = similarity::negative_squared_euclidean};
    const auto r = value_and_gradient(loss, a, b), s = value_and_gradient(loss, shifted_a, shifted_b);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(r.gradients[0], s.gradients[0], p.temperature));
    const Eigen::RowVectorXd total = r.gradients[0].colwise().sum() + r.gradients[1].colwise().sum();
    RC_ASSERT(total.norm() <= rounding / p.temperature);
  });
}

TEST_CASE("property: the dot product does not see one vector added to all candidates of info_nce") {
  check_property([] {
    const drawn p;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2);
    const Eigen::RowVectorXd shift = splitmix_uniform(p.seed * 16 + 5, 1, p.d);
    const matrix<double> shifted = k.rowwise() + shift;
    const info_nce loss{.temperature = p.temperature, .similarity = similarity::dot};
    const auto r = value_and_gradient(loss, q, k), s = value_and_gradient(loss, q, shifted);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(r.gradients[0], s.gradients[0], p.temperature));
    RC_ASSERT(close(r.temperature_gradient, s.temperature_gradient, p.temperature * p.temperature));
  });
}

TEST_CASE("property: half the temperature is twice the dot product") {
  check_property([] {
    const drawn p;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2), twice = 2 * q;
    const auto r = value_and_gradient(info_nce{.temperature = p.temperature, .similarity = similarity::dot}, twice, k);
    const auto s = value_and_gradient(info_nce{.temperature = p.temperature / 2, .similarity = similarity::dot}, q, k);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(r.gradients[1], s.gradients[1], p.temperature));
    // dL/dtau = -(1/tau) sum G x = -(1/tau) sum over q of q . dL/dq, for the dot product
    RC_ASSERT(close(-q.cwiseProduct(s.gradients[0]).sum() / (p.temperature / 2), s.temperature_gradient,
                    p.temperature * p.temperature));
  });
}

TEST_CASE("nt_xent: equal rows give log(2N - 1)") {
  check_property([] {
    const drawn p;
    const matrix<double> z = p.rows(1, 1).replicate(p.n, 1);
    const auto r = value_and_gradient(nt_xent{.temperature = p.temperature, .similarity = p.kind}, z, z);
    RC_ASSERT(close(std::log(2.0 * static_cast<double>(p.n) - 1), r.loss, p.temperature));
    RC_ASSERT(std::fabs(r.temperature_gradient) <= rounding / (p.temperature * p.temperature));
    const auto with_self =
        value_and_gradient(nt_xent{.temperature = p.temperature, .similarity = p.kind, .include_self = true}, z, z);
    RC_ASSERT(close(std::log(2.0 * static_cast<double>(p.n)), with_self.loss, p.temperature));
  });
}

TEST_CASE("info_nce: equal rows give the logarithm of the number of candidates") {
  check_property([] {
    const drawn p;
    const index_type queue = 5;
    const matrix<double> z = p.rows(1, 1).replicate(p.n, 1), more = p.rows(1, 1).replicate(queue, 1);
    const double n = static_cast<double>(p.n);
    const info_nce loss{.temperature = p.temperature, .similarity = p.kind};
    RC_ASSERT(close(std::log(n), value(loss, z, z), p.temperature));
    RC_ASSERT(close(std::log(n + queue), value(loss, z, z, more), p.temperature));
    RC_ASSERT(
        close(std::log(1.0 + queue),
              value(info_nce{.temperature = p.temperature, .similarity = p.kind, .in_batch_negatives = false}, z, z, more),
              p.temperature));
    RC_ASSERT(close(std::log(n), value(clip{.temperature = p.temperature, .similarity = p.kind}, z, z), p.temperature));
  });
}

TEST_CASE("sup_con: with a label a sample and two views it is nt_xent") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    std::vector<int> labels(static_cast<std::size_t>(p.n));
    std::iota(labels.begin(), labels.end(), -3);
    for (const pooling pool : {pooling::mean_log, pooling::log_sum}) {
      const auto r = value_and_gradient(sup_con{p.temperature, p.kind, reduction::mean, pool, labels}, a, b);
      const auto s = value_and_gradient(nt_xent{.temperature = p.temperature, .similarity = p.kind}, a, b);
      RC_ASSERT(close(s.loss, r.loss, p.temperature));
      RC_ASSERT(close(s.gradients[0], r.gradients[0], p.temperature));
      RC_ASSERT(close(s.gradients[1], r.gradients[1], p.temperature));
      RC_ASSERT(close(s.temperature_gradient, r.temperature_gradient, p.temperature * p.temperature));
      RC_ASSERT(r.valid_anchors == 2 * p.n);
    }
  });
}

TEST_CASE("conditional_contrastive: with every label distinct there is no valid anchor") {
  check_property([] {
    const drawn p;
    std::vector<int> labels(static_cast<std::size_t>(p.n));
    std::iota(labels.begin(), labels.end(), 0);
    const auto r = value_and_gradient(
        conditional_contrastive{.temperature = p.temperature, .similarity = p.kind, .labels = labels}, p.rows(p.n, 1));
    RC_ASSERT(r.valid_anchors == 0);
    RC_ASSERT(r.loss == 0);
    RC_ASSERT((r.gradients[0].array() == 0).all());
    // With proxies each has one: the loss is the cross entropy of the own proxy against the other rows.
    const auto with_proxies =
        value_and_gradient(conditional_contrastive{.temperature = p.temperature, .similarity = p.kind, .labels = labels},
                           p.rows(p.n, 1), p.rows(p.n, 2));
    RC_ASSERT(with_proxies.valid_anchors == p.n);
  });
}

TEST_CASE("conditional_contrastive: classes by other names are the same classes") {
  check_property([] {
    const drawn p;
    const matrix<double> h = p.rows(p.n, 1);
    const std::vector<int> labels = p.labels(p.n, 3);
    std::vector<std::int64_t> renamed;
    for (const int l : labels) renamed.push_back(1000000007LL * (2 - l) - 5);
    const auto r =
        value_and_gradient(conditional_contrastive{.temperature = p.temperature, .similarity = p.kind, .labels = labels}, h);
    const auto s =
        value_and_gradient(conditional_contrastive{.temperature = p.temperature, .similarity = p.kind, .labels = renamed}, h);
    RC_ASSERT(same_bits(r, s));
  });
}

TEST_CASE("weighted_info_nce: weights of one are info_nce, for every set of negatives") {
  check_property([] {
    const drawn p;
    const index_type queue = 6, own = 2;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2), shared = p.rows(queue, 3), each = p.rows(p.n * own, 4);
    for (const auto normalize : {weight_normalization::none, weight_normalization::mean_one}) {
      const auto check = [&](bool in_batch, negatives set, index_type further, const auto&... embeddings) {
        const matrix<float> ones = matrix<float>::Ones(p.n, (in_batch ? p.n : 0) + further);
        const auto r = value_and_gradient(
            weighted_info_nce{p.temperature, p.kind, reduction::mean, normalize, in_batch, set, ones}, embeddings...);
        const auto s = value_and_gradient(info_nce{p.temperature, p.kind, reduction::mean, in_batch, set}, embeddings...);
        RC_ASSERT(close(s.loss, r.loss, p.temperature));
        RC_ASSERT(close(s.temperature_gradient, r.temperature_gradient, p.temperature * p.temperature));
        for (std::size_t g = 0; g < s.gradients.size(); ++g) RC_ASSERT(close(s.gradients[g], r.gradients[g], p.temperature));
      };
      check(true, negatives::shared, 0, q, k);
      check(true, negatives::shared, queue, q, k, shared);
      check(false, negatives::shared, queue, q, k, shared);
      check(true, negatives::per_anchor, own, q, k, each);
      check(false, negatives::per_anchor, own, q, k, each);
    }
  });
}

TEST_CASE("weighted_info_nce: under mean_one the scale of a row of weights does not matter") {
  check_property([] {
    const drawn p;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2);
    const matrix<float> w = (splitmix_uniform(p.seed * 16 + 6, p.n, p.n).array() + 1).cast<float>();
    matrix<float> scaled = w;
    for (index_type i = 0; i < p.n; ++i) scaled.row(i) *= std::ldexp(1.0f, static_cast<int>(i) - 10);  // exact in float
    const auto loss = [&](const matrix<float>& weights) {
      return value_and_gradient(weighted_info_nce{p.temperature, p.kind, reduction::mean, weight_normalization::mean_one, true,
                                                  negatives::shared, weights},
                                q, k);
    };
    const auto r = loss(w), s = loss(scaled);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(r.gradients[0], s.gradients[0], p.temperature));
  });
}

TEST_CASE("clip: it is the mean of info_nce in both directions") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const auto r = value_and_gradient(clip{.temperature = p.temperature, .similarity = p.kind}, a, b);
    const info_nce one_way{.temperature = p.temperature, .similarity = p.kind};
    const auto there = value_and_gradient(one_way, a, b), back = value_and_gradient(one_way, b, a);
    RC_ASSERT(close((there.loss + back.loss) / 2, r.loss, p.temperature));
    RC_ASSERT(close((there.temperature_gradient + back.temperature_gradient) / 2, r.temperature_gradient,
                    p.temperature * p.temperature));
    RC_ASSERT(close(matrix<double>((there.gradients[0] + back.gradients[1]) / 2), r.gradients[0], p.temperature));
    RC_ASSERT(close(matrix<double>((there.gradients[1] + back.gradients[0]) / 2), r.gradients[1], p.temperature));
  });
}

/// Do two results, of losses that should be one, agree?
template <class R>
void same_results(const R& r, const R& s, double temperature) {
  RC_ASSERT(close(s.loss, r.loss, temperature));
  RC_ASSERT(r.valid_anchors == s.valid_anchors);
  RC_ASSERT(close(s.temperature_gradient, r.temperature_gradient, temperature * temperature));
  for (std::size_t g = 0; g < s.gradients.size(); ++g) RC_ASSERT(close(s.gradients[g], r.gradients[g], temperature));
}

TEST_CASE("decoupled: equal rows give log(2N - 2)") {
  check_property([] {
    const drawn p;
    const matrix<double> z = p.rows(1, 1).replicate(p.n + 1, 1);
    const auto r = value_and_gradient(decoupled{.temperature = p.temperature, .similarity = p.kind}, z, z);
    RC_ASSERT(close(std::log(2.0 * static_cast<double>(p.n)), r.loss, p.temperature));
    // All positives alike: each weight is 2 - N / N = 1.
    const auto s = value_and_gradient(decoupled{.temperature = p.temperature, .similarity = p.kind, .sigma = 0.5}, z, z);
    same_results(s, r, p.temperature);
  });
}

TEST_CASE("decoupled: nt_xent is the softplus of it, anchor by anchor") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n + 1, 1), b = p.rows(p.n + 1, 2);
    const auto r = value_and_gradient(decoupled{p.temperature, p.kind, reduction::none}, a, b);
    const auto s = value_and_gradient(nt_xent{p.temperature, p.kind, reduction::none}, a, b);
    for (std::size_t i = 0; i < r.per_anchor.size(); ++i)
      RC_ASSERT(close(std::max(r.per_anchor[i], 0.0) + std::log1p(std::exp(-std::fabs(r.per_anchor[i]))), s.per_anchor[i],
                      p.temperature));
  });
}

TEST_CASE("hard_negative: without correction and without weights it is nt_xent") {
  check_property([] {
    drawn p;
    ++p.d;  // in one dimension all negatives may be opposed, which is the edge of the floor
    const matrix<double> a = p.rows(p.n + 1, 1), b = p.rows(p.n + 1, 2);
    const auto r = value_and_gradient(hard_negative{.temperature = p.temperature, .tau_plus = 0, .beta = 0}, a, b);
    same_results(r, value_and_gradient(nt_xent{.temperature = p.temperature}, a, b), p.temperature);
  });
}

TEST_CASE("hard_negative: the more the near negatives count, the larger the loss") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n + 1, 1), b = p.rows(p.n + 1, 2);
    double last = 0;
    for (const double beta : {0.0, 0.5, 2.0}) {
      const double l = value(hard_negative{.temperature = p.temperature, .tau_plus = 0.1, .beta = beta}, a, b);
      RC_ASSERT(l >= last - rounding / p.temperature);
      last = l;
    }
  });
}

TEST_CASE("sincere: with a label a sample and two views it is nt_xent, per anchor and per pair") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    std::vector<int> labels(static_cast<std::size_t>(p.n));
    std::iota(labels.begin(), labels.end(), -3);
    const auto s = value_and_gradient(nt_xent{.temperature = p.temperature, .similarity = p.kind}, a, b);
    for (const average how : {average::per_anchor, average::per_pair})
      same_results(value_and_gradient(sincere{p.temperature, p.kind, reduction::mean, how, labels}, a, b), s, p.temperature);
  });
}

TEST_CASE("sincere: per_pair is the mean over the pairs, not over the anchors") {
  check_property([] {
    const drawn p;
    const matrix<double> z = p.rows(p.n, 1);
    const std::vector<int> labels = p.labels(p.n, 3);
    const auto each = value_and_gradient(sincere{p.temperature, p.kind, reduction::none, average::per_anchor, labels}, z);
    const auto mean = value_and_gradient(sincere{p.temperature, p.kind, reduction::mean, average::per_pair, labels}, z);
    double total = 0, pairs = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const double positives = static_cast<double>(std::count(labels.begin(), labels.end(), labels[i])) - 1;
      total += positives * each.per_anchor[i], pairs += positives;
    }
    RC_ASSERT(close(pairs > 0 ? total / pairs : 0, mean.loss, p.temperature));
    RC_ASSERT(each.valid_anchors == mean.valid_anchors);
  });
}

TEST_CASE("sincere and d2d_ce: one class alone gives 0, and valid anchors") {
  check_property([] {
    const drawn p;
    const std::vector<int> labels(static_cast<std::size_t>(p.n + 1), 0);
    const matrix<double> z = p.rows(p.n + 1, 1);
    const auto r = value_and_gradient(sincere{.temperature = p.temperature, .similarity = p.kind, .labels = labels}, z);
    const auto s =
        value_and_gradient(d2d_ce{.temperature = p.temperature, .similarity = p.kind, .labels = labels}, z, p.rows(1, 2));
    for (const auto& one : {r, s}) {
      RC_ASSERT(one.loss == 0);
      RC_ASSERT(one.valid_anchors == p.n + 1);
      for (const auto& g : one.gradients) RC_ASSERT((g.array() == 0).all());
    }
  });
}

TEST_CASE("d2d_ce: what is easy by the margins has no gradient") {
  check_property([] {
    const drawn p;
    const matrix<double> z = p.rows(p.n, 1);
    std::vector<int> labels(static_cast<std::size_t>(p.n));
    std::iota(labels.begin(), labels.end(), 0);
    // Every positive lies above -2, every negative below 2: each counts e^0.
    const auto r = value_and_gradient(
        d2d_ce{.temperature = p.temperature, .margin_positive = -2, .margin_negative = 2, .labels = labels}, z, p.rows(p.n, 2));
    RC_ASSERT(close(std::log(static_cast<double>(p.n)), r.loss, p.temperature));
    for (const auto& g : r.gradients) RC_ASSERT((g.array() == 0).all());
    RC_ASSERT(r.temperature_gradient == 0);
  });
}

TEST_CASE("siglip: one pair gives log(1 + e^-x), and swapped arguments the same sum") {
  check_property([] {
    const drawn p;
    const double bias = -1.5;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2), one = a.topRows(1), other = b.topRows(1);
    const siglip loss{.temperature = p.temperature, .similarity = p.kind, .bias = bias};
    const double s = p.kind == similarity::dot ? one.row(0).dot(other.row(0))
                     : p.kind == similarity::negative_squared_euclidean
                         ? -(one - other).squaredNorm()
                         : one.row(0).dot(other.row(0)) / one.norm() / other.norm();
    const double x = s / p.temperature + bias, slope = -1 / (1 + std::exp(x));
    const auto r = value_and_gradient(loss, one, other);
    RC_ASSERT(close(std::max(-x, 0.0) + std::log1p(std::exp(-std::fabs(x))), r.loss, p.temperature));
    RC_ASSERT(close(slope, r.bias_gradient, p.temperature));
    RC_ASSERT(close(-slope * s / (p.temperature * p.temperature), r.temperature_gradient, p.temperature * p.temperature));
    const auto there = value_and_gradient(loss, a, b), back = value_and_gradient(loss, b, a);
    RC_ASSERT(close(there.loss, back.loss, p.temperature));
    RC_ASSERT(close(there.bias_gradient, back.bias_gradient, p.temperature));
    RC_ASSERT(close(there.gradients[0], back.gradients[1], p.temperature));
  });
}

TEST_CASE("soft_targets: one-hot rows are info_nce, and the loss is linear in the targets") {
  check_property([] {
    const drawn p;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2);
    const matrix<float> one_hot = matrix<float>::Identity(p.n, p.n),
                        w = (splitmix_uniform(p.seed * 16 + 6, p.n, p.n).array() + 1).cast<float>(),
                        sum = one_hot + 2 * w.array().round().matrix();
    const auto loss = [&](const matrix<float>& targets, reduction how) {
      return value_and_gradient(soft_targets{p.temperature, p.kind, how, targets}, q, k);
    };
    same_results(loss(one_hot, reduction::mean),
                 value_and_gradient(info_nce{.temperature = p.temperature, .similarity = p.kind}, q, k), p.temperature);
    const matrix<float> whole = w.array().round();
    const auto r = loss(sum, reduction::sum), s = loss(one_hot, reduction::sum), t = loss(whole, reduction::sum);
    RC_ASSERT(close(s.loss + 2 * t.loss, r.loss, p.temperature));
    RC_ASSERT(close(matrix<double>(s.gradients[1] + 2 * t.gradients[1]), r.gradients[1], p.temperature));
  });
}

TEST_CASE("info_nce: a queue shuffled, or given to each query as its own, is the same queue") {
  check_property([] {
    const drawn p;
    const index_type queue = p.n + 3;
    const matrix<double> q = p.rows(p.n, 1), k = p.rows(p.n, 2), queued = p.rows(queue, 3);
    const auto order = p.shuffle(queue);
    const matrix<double> shuffled = order * queued;
    const info_nce loss{.temperature = p.temperature, .similarity = p.kind, .in_batch_negatives = false};
    const auto r = value_and_gradient(loss, q, k, queued), s = value_and_gradient(loss, q, k, shuffled);
    RC_ASSERT(close(r.loss, s.loss, p.temperature));
    RC_ASSERT(close(matrix<double>(order * r.gradients[2]), s.gradients[2], p.temperature));
    // The same negatives as each query's own: K copies, whose gradients add up.
    const matrix<double> copies = queued.replicate(p.n, 1);
    const auto t =
        value_and_gradient(info_nce{p.temperature, p.kind, reduction::mean, false, negatives::per_anchor}, q, k, copies);
    matrix<double> summed = matrix<double>::Zero(queue, p.d);
    for (index_type i = 0; i < p.n; ++i) summed += t.gradients[2].middleRows(i * queue, queue);
    RC_ASSERT(close(r.loss, t.loss, p.temperature));
    RC_ASSERT(close(r.gradients[0], t.gradients[0], p.temperature));
    RC_ASSERT(close(r.gradients[2], summed, p.temperature));
  });
}

TEST_CASE("property: a loss with its positive in the denominator is not negative") {
  check_property([] {
    const drawn p;
    const matrix<double> a = p.rows(p.n, 1), b = p.rows(p.n, 2);
    const std::vector<int> labels = p.labels(p.n, 3);
    RC_ASSERT(value(nt_xent{.temperature = p.temperature, .similarity = p.kind}, a, b) >= -rounding / p.temperature);
    RC_ASSERT(value(info_nce{.temperature = p.temperature, .similarity = p.kind}, a, b) >= -rounding / p.temperature);
    RC_ASSERT(value(conditional_contrastive{.temperature = p.temperature, .similarity = p.kind, .labels = labels}, a) >=
              -rounding / p.temperature);
  });
}

}  // namespace contrastive::testing
