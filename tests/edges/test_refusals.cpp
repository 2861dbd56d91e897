// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is refused: the words name the argument, what was expected and what came, and nothing is written.
#include <contrastive/contrastive.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/random.hpp>
#include <support/refusal.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
constexpr float float_nan = std::numeric_limits<float>::quiet_NaN();

/// Expects a refusal that says: contrastive: <who>: <argument>: expected <expected>, got <came>.
template <class L, class... E>
void check_refused(const std::string& who, const std::string& argument, const std::string& expected, const std::string& came,
                   const L& loss, const E&... embeddings) {
  const std::string words = "contrastive: " + who + ": " + argument + ": expected " + expected + ", got " + came;
  CHECK(refusal([&] { value(loss, embeddings...); }) == words);
  CHECK(refusal([&] { value_and_gradient(loss, embeddings...); }) == words);
}

matrix<float> rows(index_type n, index_type d) { return random_rows<float>(n, d, static_cast<std::uint64_t>(n * 100 + d)); }

/// A six-fold loop over the losses, each with arguments that fit.
template <class Visit>
void each_of_six(double temperature, Visit visit) {
  static const std::vector<int> labels{0, 1, 0, 1};
  static const matrix<float> weights = matrix<float>::Ones(4, 4), a = rows(4, 3), b = rows(4, 3);
  visit(info_nce{.temperature = temperature}, a, b);
  visit(clip{.temperature = temperature}, a, b);
  visit(nt_xent{.temperature = temperature}, a, b);
  visit(sup_con{.temperature = temperature, .labels = labels}, a);
  visit(conditional_contrastive{.temperature = temperature, .labels = labels}, a);
  visit(weighted_info_nce{.temperature = temperature, .weights = weights}, a, b);
}

}  // namespace

TEST_CASE("refused: a temperature that is not positive and finite, by each of the six losses") {
  for (const auto& [temperature, came] :
       {std::pair<double, const char*>{0.0, "0"}, {-0.5, "-0.5"}, {nan, "nan"}, {infinity, "inf"}, {-infinity, "-inf"}}) {
    each_of_six(temperature, [expected = came](const auto& loss, const auto&... embeddings) {
      const std::string words = refusal([&] { value_and_gradient(loss, embeddings...); });
      INFO(words);
      CHECK(words.find(std::string(loss.name) + ": temperature: expected a positive finite number, got ") != std::string::npos);
      const std::string got = words.substr(words.rfind(' ') + 1);
      CHECK((got == expected || got == "-" + std::string(expected)));  // the sign of a NaN is its own affair
    });
  }
}

TEST_CASE("refused: a temperature beyond the bounds of the type, which the refusal names") {
  const matrix<float> a = rows(4, 3);
  const matrix<double> b = a.cast<double>();
  for (const auto& [temperature, came] : {std::pair<double, const char*>{1e31, "1e+31"}, {1e300, "1e+300"}, {1e-31, "1e-31"}})
    check_refused("nt_xent", "temperature", "a number from 1e-30 to 1e+30, the bounds of float", came,
                  nt_xent{.temperature = temperature}, a, a);
  for (const auto& [temperature, came] : {std::pair<double, const char*>{1e301, "1e+301"}, {1e-301, "1e-301"}})
    check_refused("nt_xent", "temperature", "a number from 1e-300 to 1e+300, the bounds of double", came,
                  nt_xent{.temperature = temperature}, b, b);
}

TEST_CASE("refused: ids of another number than the rows, by each loss that takes them") {
  const matrix<float> a = rows(4, 3), queue = rows(5, 3);
  const std::vector<int> ids{0, 1, 2}, four{0, 1, 2, 3};
  check_refused("info_nce", "ids", "4 ids, one a query", "3 ids", info_nce{.ids = ids}, a, a);
  check_refused("weighted_info_nce", "ids", "4 ids, one a query", "3 ids", weighted_info_nce{.ids = ids}, a, a);
  check_refused("clip", "ids", "4 ids, one a query", "3 ids", clip{.ids = ids}, a, a);
  check_refused("nt_xent", "ids", "4 ids, one a sample", "3 ids", nt_xent{.ids = ids}, a, a);
  check_refused("decoupled", "ids", "4 ids, one a sample", "3 ids", decoupled{.ids = ids}, a, a);
  check_refused("hard_negative", "ids", "4 ids, one a sample", "3 ids", hard_negative{.ids = ids}, a, a);
  check_refused("siglip", "ids", "4 ids, one a pair", "3 ids", siglip{.ids = ids}, a, a);
  check_refused("info_nce", "negative_ids", "5 ids, one a row of argument 3", "0 ids", info_nce{.ids = four}, a, a, queue);
  check_refused("info_nce", "negative_ids", "5 ids, one a row of argument 3", "4 ids",
                info_nce{.ids = four, .negative_ids = four}, a, a, queue);
  check_refused("info_nce", "negative_ids", "0 ids, one a row of argument 3", "4 ids",
                info_nce{.ids = four, .negative_ids = four}, a, a);
  check_refused("info_nce", "negative_ids", "ids of the queries beside them", "no ids", info_nce{.negative_ids = ids}, a, a);
}

TEST_CASE("refused: weights of anchors that are of another number, negative or not finite, by each loss") {
  const matrix<float> a = rows(4, 3), unit = matrix<float>::Ones(4, 4);
  const std::vector<int> labels{0, 1, 0, 1};
  const std::vector<float> three(3, 1.0f);
  const auto each = [&](const weight_view& w, auto visit) {
    visit(info_nce{.anchor_weights = w}, a, a);
    visit(clip{.anchor_weights = w}, a, a);
    visit(siglip{.anchor_weights = w}, a, a);
    visit(weighted_info_nce{.weights = unit, .anchor_weights = w}, a, a);
    visit(soft_targets{.targets = unit, .anchor_weights = w}, a, a);
    visit(sup_con{.labels = labels, .anchor_weights = w}, a);
    visit(sincere{.labels = labels, .anchor_weights = w}, a);
    visit(conditional_contrastive{.labels = labels, .anchor_weights = w}, a);
    visit(d2d_ce{.labels = labels, .anchor_weights = w}, a, a);
  };
  each(three, [](const auto& loss, const auto&... embeddings) {
    check_refused(loss.name, "anchor_weights", "4 weights, one an anchor", "3 weights", loss, embeddings...);
  });
  for (const auto& [bad, came] : {std::pair<double, const char*>{-0.5, "-0.5"}, {infinity, "inf"}}) {
    std::vector<double> weights(4, 1.0);
    weights[2] = bad;
    each(weights, [words = came](const auto& loss, const auto&... embeddings) {
      check_refused(loss.name, "anchor_weights[2]", "a finite weight of at least 0", words, loss, embeddings...);
    });
  }
  std::vector<double> denormal(4, 1.0);
  denormal[1] = 1e-310;
  check_refused("info_nce", "anchor_weights[1]", "0 or a weight of at least 2.3e-308", "1e-310",
                info_nce{.anchor_weights = denormal}, a, a);
  const weight_view nowhere(static_cast<const float*>(nullptr), 4);
  check_refused("info_nce", "anchor_weights", "memory", "a null pointer", info_nce{.anchor_weights = nowhere}, a, a);
  std::vector<float> none;
  none.reserve(4);  // empty, though it has memory
  CHECK(value(info_nce{.anchor_weights = none}, a, a) == value(info_nce{}, a, a));
  const std::vector<float> with_nan{1, float_nan, 1, 1};
  CHECK(refusal([&] { value(info_nce{.anchor_weights = with_nan}, a, a); }).find("anchor_weights[1]") != std::string::npos);
  // One a row of all views.
  const std::vector<float> four(4, 1.0f);
  check_refused("nt_xent", "anchor_weights", "8 weights, one an anchor", "4 weights", nt_xent{.anchor_weights = four}, a, a);
  check_refused("decoupled", "anchor_weights", "8 weights, one an anchor", "4 weights", decoupled{.anchor_weights = four}, a,
                a);
  check_refused("hard_negative", "anchor_weights", "8 weights, one an anchor", "4 weights",
                hard_negative{.anchor_weights = four}, a, a);
}

TEST_CASE("refused: probabilities of another number, of 0 or above 1") {
  const matrix<float> a = rows(4, 3), queue = rows(5, 3);
  std::vector<float> q(4, 0.1f);
  check_refused("info_nce", "candidate_probabilities", "9 probabilities, one a candidate", "4 probabilities",
                info_nce{.candidate_probabilities = q}, a, a, queue);
  for (const auto& [bad, came] : {std::pair<float, const char*>{0.0f, "0"}, {1.5f, "1.5"}, {-0.25f, "-0.25"}}) {
    q[3] = bad;
    const std::string what = "candidate_probabilities[3]", expected = "a probability of at least 1e-15 and at most 1";
    check_refused("info_nce", what, expected, came, info_nce{.candidate_probabilities = q}, a, a);
    check_refused("clip", what, expected, came, clip{.candidate_probabilities = q}, a, a);
    const matrix<float> unit = matrix<float>::Ones(4, 4);
    check_refused("weighted_info_nce", what, expected, came, weighted_info_nce{.weights = unit, .candidate_probabilities = q},
                  a, a);
  }
}

TEST_CASE("refused: no rows, by each of the six losses") {
  const matrix<float> none(0, 3);
  check_refused("nt_xent", "argument 1", "at least one row", "0 rows", nt_xent{}, none, none);
  check_refused("info_nce", "argument 1", "at least one row", "0 rows", info_nce{}, none, none);
  check_refused("clip", "argument 1", "at least one row", "0 rows", clip{}, none, none);
  check_refused("sup_con", "argument 1", "at least one row", "0 rows", sup_con{}, none);
  check_refused("conditional_contrastive", "argument 1", "at least one row", "0 rows", conditional_contrastive{}, none);
  check_refused("weighted_info_nce", "argument 1", "at least one row", "0 rows", weighted_info_nce{}, none, none);
  check_refused("info_nce", "argument 3", "at least one row", "0 rows", info_nce{}, rows(4, 3), rows(4, 3), none);
  const std::vector<int> labels{0, 0};
  check_refused("conditional_contrastive", "argument 2", "at least one row", "0 rows",
                conditional_contrastive{.labels = labels}, rows(2, 3), none);
}

TEST_CASE("refused: no columns, by each of the six losses") {
  const matrix<float> none(3, 0);
  check_refused("nt_xent", "argument 1", "at least one column", "0 columns", nt_xent{}, none, none);
  check_refused("info_nce", "argument 1", "at least one column", "0 columns", info_nce{}, none, none);
  check_refused("clip", "argument 1", "at least one column", "0 columns", clip{}, none, none);
  check_refused("sup_con", "argument 1", "at least one column", "0 columns", sup_con{}, none);
  check_refused("conditional_contrastive", "argument 1", "at least one column", "0 columns", conditional_contrastive{}, none);
  check_refused("weighted_info_nce", "argument 1", "at least one column", "0 columns", weighted_info_nce{}, none, none);
}

TEST_CASE("refused: a null pointer") {
  const matrix_view<const float> nowhere(nullptr, 4, 3);
  check_refused("nt_xent", "argument 2", "memory", "a null pointer", nt_xent{}, rows(4, 3), nowhere);
}

TEST_CASE("refused: embeddings of different dimension") {
  check_refused("nt_xent", "argument 2", "3 columns as in argument 1", "4 columns", nt_xent{}, rows(4, 3), rows(4, 4));
  check_refused("info_nce", "argument 3", "3 columns as in argument 1", "2 columns", info_nce{}, rows(4, 3), rows(4, 3),
                rows(9, 2));
  const std::vector<int> labels{0, 1, 0, 1};
  check_refused("conditional_contrastive", "argument 2", "3 columns as in argument 1", "5 columns",
                conditional_contrastive{.labels = labels}, rows(4, 3), rows(2, 5));
}

TEST_CASE("refused: views, keys or pairs of different numbers of rows") {
  check_refused("nt_xent", "argument 2", "4 rows as in argument 1", "5 rows", nt_xent{}, rows(4, 3), rows(5, 3));
  check_refused("nt_xent", "argument 3", "4 rows as in argument 1", "3 rows", nt_xent{}, rows(4, 3), rows(4, 3), rows(3, 3));
  check_refused("info_nce", "argument 2 (keys)", "4 rows as in argument 1", "5 rows", info_nce{}, rows(4, 3), rows(5, 3));
  check_refused("weighted_info_nce", "argument 2 (keys)", "4 rows as in argument 1", "5 rows", weighted_info_nce{}, rows(4, 3),
                rows(5, 3));
  check_refused("clip", "argument 2", "4 rows as in argument 1", "5 rows", clip{}, rows(4, 3), rows(5, 3));
}

TEST_CASE("refused: too few or too many embedding arguments") {
  const matrix<float> z = rows(4, 3);
  const std::vector<int> labels{0, 1, 0, 1};
  check_refused("nt_xent", "embedding arguments", "two or more views", "1", nt_xent{}, z);
  check_refused("info_nce", "embedding arguments", "at least 2", "1", info_nce{}, z);
  check_refused("info_nce", "embedding arguments", "2 (queries, keys) or 3 (queries, keys, negatives)", "4", info_nce{}, z, z,
                z, z);
  check_refused("clip", "embedding arguments", "2", "1", clip{}, z);
  check_refused("clip", "embedding arguments", "2", "3", clip{}, z, z, z);
  check_refused("conditional_contrastive", "embedding arguments", "1 (rows) or 2 (rows, class proxies)", "3",
                conditional_contrastive{.labels = labels}, z, z, z);
  evaluator<float> evaluate;
  CHECK(refusal([&] { evaluate.value_and_gradient(nt_xent{}, std::vector<matrix_view<const float>>{}); }) ==
        "contrastive: nt_xent: embedding arguments: expected at least 1, got 0");
}

TEST_CASE("refused: no negatives at all, or own negatives that do not divide among the queries") {
  check_refused("info_nce", "in_batch_negatives = false", "negatives as a third argument", "none",
                info_nce{.in_batch_negatives = false}, rows(4, 3), rows(4, 3));
  check_refused("info_nce", "argument 3 (each query's own negatives)", "a multiple of 4 rows", "10 rows",
                info_nce{.negatives = negatives::per_anchor}, rows(4, 3), rows(4, 3), rows(10, 3));
}

TEST_CASE("refused: as many labels as there are neither rows nor samples") {
  const std::vector<int> labels{0, 1, 0, 1, 2};
  check_refused("conditional_contrastive", "labels", "4 labels, one a row of argument 1", "5 labels",
                conditional_contrastive{.labels = labels}, rows(4, 3));
  check_refused("conditional_contrastive", "labels", "4 labels, one a row of argument 1", "0 labels", conditional_contrastive{},
                rows(4, 3));
  check_refused("sup_con", "labels", "4 labels, one a row (or one a sample shared by views of equal size)", "5 labels",
                sup_con{.labels = labels}, rows(4, 3));
  check_refused("sup_con", "labels", "8 labels, one a row (or one a sample shared by views of equal size)", "5 labels",
                sup_con{.labels = labels}, rows(5, 3), rows(3, 3));
}

TEST_CASE("refused: a label that no proxy has") {
  const std::vector<int> above{0, 1, 5, 1}, below{0, 1, 2, -1};
  const std::vector<std::int64_t> wide{0, 4294967296, 0, 0};
  check_refused("conditional_contrastive", "labels[2]", "a row of the proxies, 0 to 4", "5",
                conditional_contrastive{.labels = above}, rows(4, 3), rows(5, 3));
  check_refused("conditional_contrastive", "labels[3]", "a row of the proxies, 0 to 4", "-1",
                conditional_contrastive{.labels = below}, rows(4, 3), rows(5, 3));
  check_refused("conditional_contrastive", "labels[1]", "a row of the proxies, 0 to 4", "4294967296",
                conditional_contrastive{.labels = wide}, rows(4, 3), rows(5, 3));
}

TEST_CASE("refused: weights of the wrong shape, for every set of negatives") {
  const matrix<float> z = rows(4, 3), queue = rows(6, 3), own = rows(8, 3), w = matrix<float>::Ones(4, 5);
  check_refused("weighted_info_nce", "weights", "(4, 4)", "(4, 5)", weighted_info_nce{.weights = w}, z, z);
  check_refused("weighted_info_nce", "weights", "(4, 4)", "(0, 0)", weighted_info_nce{}, z, z);
  check_refused("weighted_info_nce", "weights", "(4, 10)", "(4, 5)", weighted_info_nce{.weights = w}, z, z, queue);
  check_refused("weighted_info_nce", "weights", "(4, 6)", "(4, 5)",
                weighted_info_nce{.in_batch_negatives = false, .weights = w}, z, z, queue);
  check_refused("weighted_info_nce", "weights", "(4, 6)", "(4, 5)",
                weighted_info_nce{.negatives = negatives::per_anchor, .weights = w}, z, z, own);
}

TEST_CASE("refused: weights that are negative or not finite, the diagonal is not read") {
  const matrix<float> z = rows(4, 3);
  for (const auto& [bad, came] :
       {std::pair<float, const char*>{-0.5f, "-0.5"}, {float_nan, "nan"}, {static_cast<float>(infinity), "inf"}}) {
    matrix<float> w = matrix<float>::Ones(4, 4);
    w.diagonal().setConstant(bad);
    CHECK(std::isfinite(value(weighted_info_nce{.weights = w}, z, z)));
    w(1, 2) = bad;
    check_refused("weighted_info_nce", "weights(1, 2)", "a finite weight of at least 0", came, weighted_info_nce{.weights = w},
                  z, z);
    matrix<float> queue_weights = matrix<float>::Ones(4, 6);
    queue_weights(3, 3) = bad;  // without in-batch negatives there is no diagonal
    check_refused("weighted_info_nce", "weights(3, 3)", "a finite weight of at least 0", came,
                  weighted_info_nce{.in_batch_negatives = false, .weights = queue_weights}, z, z, rows(6, 3));
  }
}

TEST_CASE("refused: parameters of weights that do not fit or are not finite, and a scale that is not positive") {
  using by_prior = basic_weighted_info_nce<parameter_weights<degradation_prior>>;
  const matrix<float> z = rows(4, 3), queue = rows(6, 3), theta = rows(4, 2), short_theta = rows(3, 2),
                      queue_theta = rows(6, 2), odd = rows(6, 3);
  const auto with = [](const matrix<float>& keys, const matrix_view<const float>& further, double scale = 1) {
    return by_prior{.weights = weights_from(keys, further, degradation_prior{.scale = scale})};
  };
  check_refused("weighted_info_nce", "parameters of the keys", "(4, 2)", "(3, 2)", with(short_theta, {}), z, z);
  check_refused("weighted_info_nce", "parameters of the further negatives", "(6, 2)", "(0, 0)", with(theta, {}), z, z, queue);
  check_refused("weighted_info_nce", "parameters of the further negatives", "(6, 2)", "(6, 3)", with(theta, odd), z, z, queue);
  const Eigen::MatrixXf columns = rows(4, 33);
  check_refused("weighted_info_nce", "parameters of the keys", "at most 32 columns, or rows one number after another",
                "33 columns of stride 4", by_prior{.weights = weights_from(columns, {}, degradation_prior{})}, z, z);
  matrix<float> broken = theta;
  broken(2, 1) = float_nan;
  check_refused("weighted_info_nce", "parameters of the keys(2, 1)", "a finite number", "nan", with(broken, {}), z, z);
  matrix<float> broken_queue = queue_theta;
  broken_queue(5, 0) = static_cast<float>(infinity);
  check_refused("weighted_info_nce", "parameters of the further negatives(5, 0)", "a finite number", "inf",
                with(theta, broken_queue), z, z, queue);
  for (const double scale : {0.0, -1.0, nan, infinity}) {
    const std::string words = refusal([&] { value(with(theta, {}, scale), z, z); });
    INFO(words);
    CHECK(words.find("scale of the degradation prior: expected a positive finite number, got ") != std::string::npos);
  }
}

TEST_CASE("refused: fewer than no threads") {
  CHECK(refusal([] { evaluator<float> evaluate({.threads = -1}); }) ==
        "contrastive: options: threads: expected 0 (all) or more, got -1");
}

TEST_CASE("refused: memory for gradients that is missing, misshapen or shared") {
  const matrix<float> a = rows(4, 3), b = rows(4, 3);
  matrix<float> one(4, 3), other(4, 3), odd(3, 4);
  evaluator<float> evaluate;
  const auto into = [&](std::initializer_list<matrix_view<float>> out) {
    return refusal([&] { evaluate.value_and_gradient_into(out, nt_xent{}, a, b); });
  };
  CHECK(into({one}) == "contrastive: nt_xent: gradients: expected 2 views, one an embedding argument, got 1");
  CHECK(into({one, other, odd}) == "contrastive: nt_xent: gradients: expected 2 views, one an embedding argument, got 3");
  CHECK(into({one, odd}) == "contrastive: nt_xent: gradients[1]: expected (4, 3), got (3, 4)");
  CHECK(into({matrix_view<float>{}, other}) == "contrastive: nt_xent: gradients[0]: expected (4, 3), got (0, 0)");
  CHECK(into({one, one}) ==
        "contrastive: nt_xent: gradients[1]: expected memory of its own, got memory that overlaps gradients[0]");
  std::vector<float> memory(20);
  const matrix_view<float> first(memory.data(), 4, 3), overlapping(memory.data() + 8, 4, 3), behind(memory.data() + 12, 2, 3);
  CHECK(into({first, overlapping}) ==
        "contrastive: nt_xent: gradients[1]: expected memory of its own, got memory that overlaps gradients[0]");
  CHECK(into({one, other}).empty());
}

TEST_CASE("refused: nothing is written, neither to the caller's memory nor to the last result") {
  const matrix<float> a = rows(4, 3), b = rows(4, 3), longer = rows(5, 3);
  evaluator<float> evaluate({.check_finite = true});
  const result<float>& kept = evaluate.value_and_gradient(nt_xent{.reduction = reduction::none}, a, b);
  const result<float> before = kept;
  matrix<float> one = matrix<float>::Constant(4, 3, 7), other = one, broken = a;
  broken(2, 1) = float_nan;
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient(nt_xent{.temperature = -1}, a, b); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient(nt_xent{}, a, longer); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient(nt_xent{}, a, broken); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient_into({one, other}, nt_xent{.temperature = -1}, a, b); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient_into({one, other}, nt_xent{}, a, longer); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient_into({one, other}, nt_xent{}, a, broken); }).empty());
  CHECK_FALSE(refusal([&] { evaluate.value_and_gradient_into({one, one}, nt_xent{}, a, b); }).empty());
  CHECK((one.array() == 7).all());
  CHECK((other.array() == 7).all());
  CHECK(kept.loss == before.loss);
  CHECK(kept.temperature_gradient == before.temperature_gradient);
  CHECK(kept.per_anchor == before.per_anchor);
  REQUIRE(kept.gradients.size() == 2);
  CHECK(kept.gradients[0] == before.gradients[0]);
  CHECK(kept.gradients[1] == before.gradients[1]);
}

TEST_CASE("refused with check_finite: NaN or infinity, by argument and row") {
  evaluator<double> evaluate({.check_finite = true});
  matrix<double> a = random_rows<double>(4, 3, 1), b = random_rows<double>(4, 3, 2);
  CHECK(std::isfinite(evaluate.value(nt_xent{}, a, b)));
  b(2, 1) = infinity;
  CHECK(refusal([&] { evaluate.value(nt_xent{}, a, b); }) ==
        "contrastive: nt_xent: argument 2, row 2: expected finite numbers, got inf");
  a(3, 0) = nan;
  const std::string words = refusal([&] { evaluate.value_and_gradient(info_nce{}, a, b); });
  INFO(words);
  CHECK(words.find("contrastive: info_nce: argument 1, row 3: expected finite numbers, got ") == 0);
}

}  // namespace contrastive::testing
