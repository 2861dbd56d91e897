// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a loss and its rule may say falsely is found, in words; and the definition of a rule of one's own gives the gradients
// that differences of its value give. No engine but the naive one.
#include <contrastive/engine/check_rule.hpp>
#include <contrastive/engine/check_statements.hpp>
#include <functional>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <support/naive_answer.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>

namespace contrastive::testing {
namespace {

/// What is false of the pair weights of a loss on arguments of these rows.
template <class L>
std::string said_falsely(const L& loss, const std::vector<index_type>& rows) {
  std::vector<shape> shapes;
  for (const index_type r : rows) shapes.push_back({r, 2});
  const argument_shapes all{shapes.data(), static_cast<int>(shapes.size())};
  return detail::false_statement(detail::bind(loss, all), detail::ranges_of(loss.arrangement, all));
}

/// What is false of the rule of a loss, on random rows.
template <class L>
std::string ruled_falsely(const L& loss, const std::vector<index_type>& rows) {
  const arguments<double> given({1, 3}, rows);
  return detail::false_rule(loss, given.views().data(), static_cast<int>(rows.size()));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A rule that errs in one thing at a time.
struct erring_rule {
  enum class error { none, slope, residual, mass, overflow, own_slope };
  error what = error::none;

  static constexpr auto sums = row_sums(exp_of(weight::D), own_of(weight::P));

  CONTRASTIVE_HOST_DEVICE double value(int, double x) const { return x * x; }
  CONTRASTIVE_HOST_DEVICE double slope(int, double x) const { return what == error::own_slope ? x : 2 * x; }
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<2> finish(const S& s) const {
    if (s.empty(0)) return {};
    if (s[1] == 0) return {.loss = what == error::mass ? 0.5 : 0, .mass = 0};
    const double loss = what == error::overflow ? std::log(std::exp(s.log(0))) + s[1] : s.log(0) + s[1];
    return {.loss = loss,
            .mass = 1,
            .reference = what == error::residual ? s.log(0) : 0,
            .slopes = {what == error::slope ? 0.5 : 1, 1}};
  }
};
struct erring : scattered {
  erring_rule rule;
};

/// A rule that says that its slopes sum to 0.
struct falsely_balanced_rule {
  static constexpr auto sums = row_sums(softplus_of(weight::D));
  static constexpr rule_statements says{.balanced = true};

  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<1> finish(const S& s) const {
    return {.loss = s[0], .mass = 1, .slopes = {1}};
  }
};
struct falsely_balanced : scattered {
  static constexpr falsely_balanced_rule rule{};
};

/// The floor of hard_negative without its share of the temperature's gradient.
struct forgetful_rule : hard_negative_rule {
  template <class S>
  CONTRASTIVE_HOST_DEVICE row_result<3> finish(const S& s) const {
    row_result<3> r = hard_negative_rule::finish(s);
    r.temperature = 0;
    return r;
  }
};
struct forgetful : hard_negative {
  forgetful_rule rule(const argument_shapes& shapes) const { return {hard_negative::rule(shapes)}; }
};

/// Two rows in one list and not in the other's.
struct one_sided : scattered {
  static constexpr pair_statements says{.symmetric = true, .lists = true};
  double denominator(index_type, index_type) const { return 1; }
  double positive(index_type, index_type) const { return 1; }
  index_type listed_per_anchor() const { return 1; }
  index_type listed(index_type i, index_type) const { return i == 2 ? 1 : no_candidate; }
};

/// Pairs that are left out, and what can be wrong with that.
struct leaving : scattered {
  enum class falsehood { none, small_tiles, weight, unseen, unsaid, elsewhere };
  falsehood lie = falsehood::none;

  static constexpr pair_statements says{.tiles = true, .leaves_out = true};
  static bool odd(index_type i, index_type j) { return i + 2 == j; }
  double denominator(index_type i, index_type j) const { return odd(i, j) && lie != falsehood::weight ? 0 : 1; }
  double positive(index_type i, index_type j) const { return odd(i, j) ? 0 : 1; }
  tile_statement of_tile(const tile& t) const {
    if (lie == falsehood::small_tiles && t.anchor_end - t.anchor_begin > 4) return {};  // nothing of large ones: no falsehood
    return {tile_weights::ones, tile_positives::ones, lie != falsehood::unsaid};
  }
  bool leaves_out(index_type i, index_type j) const { return odd(i, j) || (lie == falsehood::unseen && i == 4 && j == 1); }
  template <class Visit>
  void each_left_out(const tile& t, Visit visit) const {
    for (index_type i = t.anchor_begin; i < t.anchor_end; ++i)
      for (index_type j = t.candidate_begin; j < t.candidate_end; ++j)
        if (odd(i, j) || (lie == falsehood::elsewhere && i == 1 && j == 0)) visit(i, j);
  }
};

/// Rows of three classes in turn, numbered anew by them, and what can be wrong with that.
struct renumbered : scattered {
  enum class falsehood { none, not_at_all, candidates, tiles };
  falsehood lie = falsehood::none;
  const index_type* rows = nullptr;
  const std::int64_t* classes = nullptr;
  index_type num_rows = 9;

  static constexpr pair_statements says{.tiles = true, .row_classes = true};
  index_type number(index_type i) const { return rows != nullptr && i < num_rows ? rows[i] : i; }
  double denominator(index_type i, index_type j) const {
    return scattered::denominator(number(i), lie == falsehood::candidates ? j : number(j));
  }
  double positive(index_type i, index_type j) const { return number(i) % 3 == number(j) % 3 ? 1 : 0; }
  tile_statement of_tile(const tile& t) const {
    if (classes == nullptr || t.candidate_end > num_rows) return {};
    const bool apart = classes[t.anchor_end - 1] < classes[t.candidate_begin] || lie == falsehood::tiles;
    return {tile_weights::general, apart ? tile_positives::none : tile_positives::general};
  }
  std::int64_t row_class(index_type i) const { return i % 3; }
  void renumber(const index_type* r, const std::int64_t* c) {
    if (lie != falsehood::not_at_all) rows = r;
    classes = c;
  }
};

struct negative_weight : scattered {
  double wrong = -1;
  double denominator(index_type i, index_type j) const { return i == 3 && j == 5 ? wrong : 1; }
};

/// |gradients of the definition - central differences of its value|, the largest.
template <class L>
double gradient_error(const L& loss, const std::vector<matrix<double>>& given) {
  constexpr double step = 1e-5;
  std::vector<matrix<double>> moved = given;
  const views<double> rows(moved.begin(), moved.end());
  const int count = static_cast<int>(rows.size());
  const auto value = [&](const L& l) { return naive::value(l, rows.data(), count); };
  const auto difference = [&](const std::function<void(double)>& move, const L& l) {
    move(step);
    const double above = value(l);
    move(-step);
    const double below = value(l);
    move(0);
    return (above - below) / (2 * step);
  };
  const answer got = naive_answer(loss, rows);
  double worst = 0;
  for (std::size_t a = 0; a < moved.size(); ++a)
    for (index_type i = 0; i < moved[a].size(); ++i) {
      const double kept = moved[a].data()[i];
      worst = std::max(
          worst, error_of(difference([&](double by) { moved[a].data()[i] = kept + by; }, loss), got.gradients[a].data()[i]));
    }
  L other = loss;
  worst = std::max(worst, error_of(difference([&](double by) { other.temperature = loss.temperature + by; }, other),
                                   got.temperature_gradient));
  if constexpr (requires { other.bias; })
    worst = std::max(worst, error_of(difference([&](double by) { other.bias = loss.bias + by; }, other), got.bias_gradient));
  else
    CHECK(got.bias_gradient == 0);
  return worst;
}

}  // namespace

TEST_CASE("statements: what is false of tiles and lists is named") {
  using falsehood = outspoken::falsehood;
  for (const auto& [lie, run, words] :
       {std::tuple{falsehood::none, index_type{30}, ""},
        {falsehood::none, index_type{1}, ""},
        {falsehood::diagonal, index_type{30}, "ones, but denominator(0, 0) = 0"},
        {falsehood::run, index_type{5}, "ones, but denominator("},
        {falsehood::list, index_type{30}, "positives_listed, but positive(0, 60) = 0.3 is not listed"},
        {falsehood::twice, index_type{30}, "listed(0, 1) = 1, which is listed before"},
        {falsehood::tiles, index_type{30}, "denominator(30, 59) = 1, which is neither listed nor in"},
        {falsehood::positives, index_type{30}, "the positives of anchors [0, 1) and candidates [0, 1) are ones, but"}}) {
    const std::string said = said_falsely(outspoken{.num_rows = 60, .run = run, .lie = lie}, {60, 2});
    INFO(said);
    CHECK(contains(said, words));
    CHECK(said.empty() == (lie == falsehood::none));
  }
}

TEST_CASE("statements: false symmetry is named, of weights and of lists") {
  CHECK(contains(said_falsely(falsely_symmetric{}, {40}), "symmetric, but "));
  CHECK(said_falsely(scattered_symmetric{}, {40}).empty());
  CHECK(said_falsely(one_sided{}, {4}) == "symmetric, but anchor 2 lists candidate 1 and anchor 1 does not list 2");
}

TEST_CASE("statements: what is false of pairs that are left out is named") {
  using falsehood = leaving::falsehood;
  for (const auto& [lie, words] : {std::pair{falsehood::none, ""},
                                   {falsehood::small_tiles, ""},
                                   {falsehood::weight, "leaves_out(0, 2) = 1, but denominator(0, 2) = 1"},
                                   {falsehood::unseen, "leaves_out(4, 1) = 1, but each_left_out does not visit the pair"},
                                   {falsehood::elsewhere, "leaves_out(1, 0) = 0, but each_left_out visits the pair"},
                                   {falsehood::unsaid, "is ones, but denominator(0, 2) = 0"}}) {
    const std::string said = said_falsely(leaving{{}, lie}, {9});
    INFO(said);
    CHECK(contains(said, words));
    CHECK(said.empty() == (lie == falsehood::none || lie == falsehood::small_tiles));
  }
}

TEST_CASE("statements: what is false of rows that are numbered by class is named") {
  using falsehood = renumbered::falsehood;
  for (const arrangement kind : {arrangement::all_against_all, arrangement::first_against_all})
    for (const auto& [lie, words] : {std::pair{falsehood::none, ""},
                                     {falsehood::not_at_all, "renumber: positive(0, 3) = 1, but renumbered positive(0, 1) = 0"},
                                     {falsehood::candidates, "renumber: denominator("},
                                     {falsehood::tiles, "renumbered by class: of_tile: the positives of anchors"}}) {
      renumbered loss{{}, lie};
      loss.arrangement = kind;
      const std::string said =
          said_falsely(loss, kind == arrangement::all_against_all ? std::vector<index_type>{9} : std::vector<index_type>{9, 4});
      INFO(said);
      CHECK(contains(said, words));
      CHECK(said.empty() == (lie == falsehood::none));
    }
  renumbered elsewhere{{}, falsehood::not_at_all};  // nobody numbers anchors anew that are no candidates
  elsewhere.arrangement = arrangement::first_against_rest;
  CHECK(said_falsely(elsewhere, {9, 4}) == "");
}

TEST_CASE("statements: a weight that is negative or not finite is named") {
  CHECK(contains(said_falsely(negative_weight{}, {8}), "denominator(3, 5) = -1, which"));
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK(contains(said_falsely(negative_weight{{}, wrong}, {8}), "denominator(3, 5) = "));
}

TEST_CASE("statements: each loss tells the truth of its pairs and of its rule, at any temperature") {
  const matrix<float> whatever;
  for (const similarity kind : all_similarities)
    for (const double temperature : {0.5, 0.005})
      each_loss<double>({7, 3, kind, reduction::mean, temperature},
                        [&](const char* what, const any_loss& loss, const views<double>& rows) {
                          INFO(what << ", similarity " << static_cast<int>(kind) << ", temperature " << temperature);
                          std::vector<index_type> sizes;
                          for (const auto& v : rows) sizes.push_back(v.rows);
                          std::string of_pairs, of_rule;
                          std::visit(
                              [&](const auto& l) {
                                of_pairs = said_falsely(l, sizes);
                                of_rule = detail::false_rule(l, rows.data(), static_cast<int>(rows.size()));
                              },
                              loss);
                          CHECK(of_pairs == "");
                          CHECK(of_rule == "");
                        });
}

TEST_CASE("rules: what contradicts the loss of a rule is named") {
  using error = erring_rule::error;
  for (const auto& [what, words] : {std::pair{error::none, ""},
                                    {error::slope, "slopes[0] = 0.5, but the loss changes by 1"},
                                    {error::residual, "residual = 0, but the slopes of the pairs sum to"},
                                    {error::mass, "mass = 0, but loss = 0.5"},
                                    {error::overflow, "loss = inf where 10000 is added to every logit"},
                                    {error::own_slope, "but value(1, x) changes by"}}) {
    const std::string said = ruled_falsely(erring{{}, {what}}, {9});
    INFO(said);
    CHECK(contains(said, words));
    CHECK(said.empty() == (what == error::none));
  }
  CHECK(contains(ruled_falsely(falsely_balanced{}, {9}), "balanced, but the slopes of the pairs sum to"));
  const std::string forgotten =
      ruled_falsely(forgetful{{.temperature = 0.3, .similarity = similarity::negative_squared_euclidean}}, {9, 9});
  INFO(forgotten);
  CHECK(contains(forgotten, "temperature = 0, but at constant sums the loss changes by"));
}

TEST_CASE("naive: rules of one's own give the gradients of their value, in every arrangement") {
  INFO("seed " << run_seed());
  const matrix<double> a = random_rows<double>(7, 3, 1), b = random_rows<double>(7, 3, 2);
  for (const arrangement kind :
       {arrangement::all_against_all, arrangement::first_against_all, arrangement::first_against_rest, arrangement::both_ways})
    for (const reduction reduce : all_reductions) {
      INFO("arrangement " << static_cast<int>(kind) << ", reduction " << static_cast<int>(reduce));
      const auto check = [&](auto loss) {
        loss.arrangement = kind, loss.reduction = reduce;
        CHECK(gradient_error(loss, {a, b}) <= 1e-6);
        CHECK(ruled_falsely(loss, {7, 7}) == "");
      };
      check(scattered{}), check(scattered_normalized{}), check(bounded{}), check(two_wells{});
    }
}

TEST_CASE("naive: the loss of one pair is what one works out by hand") {
  const matrix<double> a = (matrix<double>(1, 2) << 3, 4).finished(), b = (matrix<double>(1, 2) << 5, 0).finished();
  const views<double> pair{a, b};  // cosine 0.6
  const answer match = naive_answer(siglip{.temperature = 0.5, .bias = -0.2}, pair);
  CHECK(match.loss == Approx(std::log1p(std::exp(-1.0))));  // x = 0.6 / 0.5 - 0.2 = 1
  CHECK(match.bias_gradient == Approx(-1 / (1 + std::exp(1.0))));
  CHECK(match.temperature_gradient == Approx(0.6 / 0.25 / (1 + std::exp(1.0))));
  for (const double alone : {naive_answer(decoupled{}, pair).loss, naive_answer(hard_negative{}, pair).loss})
    CHECK(alone == 0);  // one sample has no negative
  CHECK(naive_answer(decoupled{}, pair).valid_anchors == 0);
}

}  // namespace contrastive::testing
