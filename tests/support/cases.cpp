// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Reads cases made from the oracle, builds the loss that each names, and compares an engine with them.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <support/agreement.hpp>
#include <support/cases.hpp>
#include <support/catch.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

using json = nlohmann::json;

json read_cases(const std::string& file) {
  const char* elsewhere = std::getenv("CONTRASTIVE_CASES_DIR");
  const std::string path = std::string(elsewhere ? elsewhere : CONTRASTIVE_TEST_DATA) + "/" + file;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("no test data at " + path);
  return json::parse(in);
}

template <class T>
matrix<T> matrix_of(const json& rows) {
  matrix<T> m(static_cast<index_type>(rows.size()), static_cast<index_type>(rows.at(0).size()));
  for (index_type r = 0; r < m.rows(); ++r)
    for (index_type c = 0; c < m.cols(); ++c)
      m(r, c) = static_cast<T>(rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)].get<double>());
  return m;
}

similarity similarity_of(const std::string& name) {
  if (name == "cosine") return similarity::cosine;
  if (name == "dot") return similarity::dot;
  if (name == "negative_squared_euclidean") return similarity::negative_squared_euclidean;
  throw std::runtime_error("no similarity " + name);
}

/// The inputs of a case in scalar T.
template <class T>
struct problem {
  explicit problem(const json& c) {
    if (c.contains("generated"))
      for (const auto& g : c["generated"])
        embeddings.push_back(splitmix_uniform(g["seed"], g["rows"], g["cols"]).template cast<T>());
    else
      for (const auto& e : c["embeddings"]) embeddings.push_back(matrix_of<T>(e));
    const auto integers = [&](const char* key) { return c.value(key, std::vector<std::int64_t>{}); };
    const auto numbers = [&](const char* key) { return c.value(key, std::vector<double>{}); };
    labels = integers("labels"), ids = integers("ids"), negative_ids = integers("negative_ids");
    anchor_weights = numbers("anchor_weights"), probabilities = numbers("probabilities");
    if (c.contains("labels_are_row_modulo"))
      for (index_type i = 0; i < embeddings[0].rows(); ++i)
        labels.push_back(i % c["labels_are_row_modulo"].get<std::int64_t>());
    for (const char* given : {"weights", "targets"})
      if (c.contains(given)) weights = matrix_of<float>(c[given]);
    arguments.assign(embeddings.begin(), embeddings.end());
  }
  problem(const problem&) = delete;
  problem& operator=(const problem&) = delete;

  std::vector<matrix<T>> embeddings;
  std::vector<std::int64_t> labels, ids, negative_ids;
  std::vector<double> anchor_weights, probabilities;
  matrix<float> weights;
  views<T> arguments;
};

/// The loss that the case describes. It points into the problem.
template <class T>
any_loss loss_of(const json& c, const problem<T>& p, reduction reduce) {
  const auto& o = c["options"];
  const std::string name = c["loss"];
  const double t = o["temperature"];
  const similarity s = similarity_of(o["similarity"]);
  const bool in_batch = o.value("in_batch", true);
  if (name == "info_nce" || name == "info_nce_known")
    return info_nce{.temperature = t,
                    .similarity = s,
                    .reduction = reduce,
                    .in_batch_negatives = in_batch,
                    .ids = p.ids,
                    .negative_ids = p.negative_ids,
                    .anchor_weights = p.anchor_weights,
                    .candidate_probabilities = p.probabilities};
  if (name == "nt_xent" || name == "nt_xent_known")
    return nt_xent{
        .temperature = t, .similarity = s, .reduction = reduce, .include_self = o.value("include_self", false), .ids = p.ids};
  if (name == "conditional_contrastive")
    return conditional_contrastive{.temperature = t, .similarity = s, .reduction = reduce, .labels = p.labels};
  if (name == "weighted_info_nce") {
    const bool mean_one = o["normalize"] == "mean_one";
    return weighted_info_nce{.temperature = t,
                             .similarity = s,
                             .reduction = reduce,
                             .normalize = mean_one ? weight_normalization::mean_one : weight_normalization::none,
                             .in_batch_negatives = in_batch,
                             .weights = p.weights};
  }
  if (name == "sup_con" || name == "sup_con_weighted") {
    const bool inside = o["pooling"] == "log_sum";
    return sup_con{.temperature = t,
                   .similarity = s,
                   .reduction = reduce,
                   .pooling = inside ? pooling::log_sum : pooling::mean_log,
                   .labels = p.labels,
                   .anchor_weights = p.anchor_weights};
  }
  if (name == "decoupled") return decoupled{.temperature = t, .similarity = s, .reduction = reduce, .sigma = o["sigma"]};
  if (name == "hard_negative")
    return hard_negative{.temperature = t, .similarity = s, .reduction = reduce, .tau_plus = o["tau_plus"], .beta = o["beta"]};
  if (name == "sincere") {
    const bool pairs = o["average"] == "per_pair";
    return sincere{.temperature = t,
                   .similarity = s,
                   .reduction = reduce,
                   .average = pairs ? average::per_pair : average::per_anchor,
                   .labels = p.labels};
  }
  if (name == "siglip") return siglip{.temperature = t, .similarity = s, .reduction = reduce, .bias = o["bias"]};
  if (name == "soft_targets") return soft_targets{.temperature = t, .similarity = s, .reduction = reduce, .targets = p.weights};
  if (name == "d2d_ce")
    return d2d_ce{.temperature = t,
                  .similarity = s,
                  .reduction = reduce,
                  .margin_positive = o["margin_positive"],
                  .margin_negative = o["margin_negative"],
                  .labels = p.labels};
  if (name == "clip" || name == "clip_known") return clip{.temperature = t, .similarity = s, .reduction = reduce, .ids = p.ids};
  throw std::runtime_error("no loss " + name);
}

/// Compares a gradient with what a big case knows of it: its norm, its product with random numbers, a few entries.
double error_of_digest(const json& expected, const json& generated, const matrix<double>& came) {
  const matrix<double> probe = splitmix_uniform(generated["seed"].get<std::uint64_t>() + 1000, came.rows(), came.cols());
  double worst = std::max(error_of(expected["norm"].get<double>(), came.norm()),
                          error_of(expected["dot"].get<double>(), came.cwiseProduct(probe).sum()));
  for (const auto& e : expected["entries"])
    worst = std::max(worst, error_of(e[2].get<double>(), came(e[0].get<index_type>(), e[1].get<index_type>())));
  return worst;
}

}  // namespace

template <class T>
int check_cases(const std::string& file, const engine_call<T>& evaluate, int most_rows) {
  int count = 0;
  for (const json& c : read_cases(file)) {
    if (c.contains("generated") && c["generated"][0]["rows"].template get<int>() > most_rows) continue;
    ++count;
    INFO("case " << c["name"].get<std::string>());
    const problem<T> p(c);
    const json& expected = c["expected"];
    const double bound = tolerance<T>(c["options"]["temperature"]);
    const any_loss loss = loss_of(c, p, reduction::mean);
    const answer came = evaluate(loss, p.arguments);
    CHECK(error_of(expected["loss"].get<double>(), came.loss) <= bound);
    CHECK(error_of(expected["temperature_gradient"].get<double>(), came.temperature_gradient) <= bound);
    if (expected.contains("bias_gradient"))
      CHECK(error_of(expected["bias_gradient"].get<double>(), came.bias_gradient) <= bound);
    else if (!has_bias(loss))
      CHECK(came.bias_gradient == 0);
    REQUIRE(came.gradients.size() == expected["gradients"].size());
    for (std::size_t g = 0; g < came.gradients.size(); ++g) {
      INFO("gradient " << g);
      if (c.contains("generated")) {
        REQUIRE(came.gradients[g].rows() == p.embeddings[g].rows());
        CHECK(error_of_digest(expected["gradients"][g], c["generated"][g], came.gradients[g]) <= bound);
      } else {
        CHECK(error_of(matrix_of<double>(expected["gradients"][g]), came.gradients[g]) <= bound);
      }
    }
    if (!expected.contains("per_anchor")) continue;
    CHECK(error_of(expected["per_anchor"].get<std::vector<double>>(),
                   evaluate(loss_of(c, p, reduction::none), p.arguments).per_anchor) <= bound);
  }
  return count;
}

template int check_cases<float>(const std::string&, const engine_call<float>&, int);
template int check_cases<double>(const std::string&, const engine_call<double>&, int);

}  // namespace contrastive::testing
