// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Reads cases made from the oracle, builds the loss that each names, and compares any engine with them.
#pragma once

#include <contrastive/losses/clip.hpp>
#include <contrastive/losses/conditional_contrastive.hpp>
#include <contrastive/losses/d2d_ce.hpp>
#include <contrastive/losses/decoupled.hpp>
#include <contrastive/losses/hard_negative.hpp>
#include <contrastive/losses/info_nce.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <contrastive/losses/siglip.hpp>
#include <contrastive/losses/sincere.hpp>
#include <contrastive/losses/soft_targets.hpp>
#include <contrastive/losses/sup_con.hpp>
#include <contrastive/losses/weighted_info_nce.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <vector>

namespace contrastive::testing {

using json = nlohmann::json;

/// The cases of a file in the folder of test data, or in CONTRASTIVE_CASES_DIR.
inline json read_cases(const std::string& file, const std::string& folder) {
  const char* elsewhere = std::getenv("CONTRASTIVE_CASES_DIR");
  const std::string path = (elsewhere ? elsewhere : folder) + "/" + file;
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

inline similarity similarity_of(const std::string& name) {
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
    if (c.contains("labels")) labels = c["labels"].get<std::vector<std::int64_t>>();
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
  std::vector<std::int64_t> labels;
  matrix<float> weights;
  views<T> arguments;
};

/// Calls visit(loss) with the loss that the case describes.
template <class T, class Visit>
void visit_loss(const json& c, const problem<T>& p, reduction reduce, Visit visit) {
  const auto& o = c["options"];
  const std::string name = c["loss"];
  const double t = o["temperature"];
  const similarity s = similarity_of(o["similarity"]);
  const bool in_batch = o.value("in_batch", true);
  if (name == "info_nce") {
    visit(info_nce{.temperature = t, .similarity = s, .reduction = reduce, .in_batch_negatives = in_batch});
  } else if (name == "nt_xent") {
    visit(nt_xent{.temperature = t, .similarity = s, .reduction = reduce, .include_self = o["include_self"].get<bool>()});
  } else if (name == "conditional_contrastive") {
    visit(conditional_contrastive{.temperature = t, .similarity = s, .reduction = reduce, .labels = p.labels});
  } else if (name == "weighted_info_nce") {
    const bool mean_one = o["normalize"] == "mean_one";
    visit(weighted_info_nce{.temperature = t,
                            .similarity = s,
                            .reduction = reduce,
                            .normalize = mean_one ? weight_normalization::mean_one : weight_normalization::none,
                            .in_batch_negatives = in_batch,
                            .weights = p.weights});
  } else if (name == "sup_con") {
    const bool inside = o["pooling"] == "log_sum";
    visit(sup_con{.temperature = t,
                  .similarity = s,
                  .reduction = reduce,
                  .pooling = inside ? pooling::log_sum : pooling::mean_log,
                  .labels = p.labels});
  } else if (name == "decoupled") {
    visit(decoupled{.temperature = t, .similarity = s, .reduction = reduce, .sigma = o["sigma"]});
  } else if (name == "hard_negative") {
    visit(hard_negative{.temperature = t, .similarity = s, .reduction = reduce, .tau_plus = o["tau_plus"], .beta = o["beta"]});
  } else if (name == "sincere") {
    const bool pairs = o["average"] == "per_pair";
    visit(sincere{.temperature = t,
                  .similarity = s,
                  .reduction = reduce,
                  .average = pairs ? average::per_pair : average::per_anchor,
                  .labels = p.labels});
  } else if (name == "siglip") {
    visit(siglip{.temperature = t, .similarity = s, .reduction = reduce, .bias = o["bias"]});
  } else if (name == "soft_targets") {
    visit(soft_targets{.temperature = t, .similarity = s, .reduction = reduce, .targets = p.weights});
  } else if (name == "d2d_ce") {
    visit(d2d_ce{.temperature = t,
                 .similarity = s,
                 .reduction = reduce,
                 .margin_positive = o["margin_positive"],
                 .margin_negative = o["margin_negative"],
                 .labels = p.labels});
  } else if (name == "clip") {
    visit(clip{.temperature = t, .similarity = s, .reduction = reduce});
  } else {
    throw std::runtime_error("no loss " + name);
  }
}

/// Compares a gradient with what a big case knows of it: its norm, its product with random numbers, a few entries.
inline double error_of_digest(const json& expected, const json& generated, const matrix<double>& came) {
  const matrix<double> probe = splitmix_uniform(generated["seed"].get<std::uint64_t>() + 1000, came.rows(), came.cols());
  double worst = std::max(error_of(expected["norm"].get<double>(), came.norm()),
                          error_of(expected["dot"].get<double>(), came.cwiseProduct(probe).sum()));
  for (const auto& e : expected["entries"])
    worst = std::max(worst, error_of(e[2].get<double>(), came(e[0].get<index_type>(), e[1].get<index_type>())));
  return worst;
}

/// Runs every case of a file on one engine of scalar T: evaluate(loss, views) gives an answer.
template <class T, class Evaluate>
void check_cases(const json& cases, Evaluate evaluate) {
  for (const json& c : cases) {
    INFO("case " << c["name"].get<std::string>());
    const problem<T> p(c);
    const json& expected = c["expected"];
    const double bound = tolerance<T>(c["options"]["temperature"]);
    visit_loss(c, p, reduction::mean, [&](const auto& loss) {
      const answer came = evaluate(loss, p.arguments);
      CHECK(error_of(expected["loss"].get<double>(), came.loss) <= bound);
      CHECK(error_of(expected["temperature_gradient"].get<double>(), came.temperature_gradient) <= bound);
      if (expected.contains("bias_gradient"))
        CHECK(error_of(expected["bias_gradient"].get<double>(), came.bias_gradient) <= bound);
      else if constexpr (!requires { loss.bias; })
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
    });
    if (!expected.contains("per_anchor")) continue;
    visit_loss(c, p, reduction::none, [&](const auto& loss) {
      const answer came = evaluate(loss, p.arguments);
      CHECK(error_of(expected["per_anchor"].get<std::vector<double>>(), came.per_anchor) <= bound);
    });
  }
}

}  // namespace contrastive::testing
