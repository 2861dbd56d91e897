// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How each loss is called.
#include "torch_common/objective.hpp"

#include <algorithm>
#include <contrastive/adapters/torch_ranks.hpp>
#include <stdexcept>

#include "common/random_stream.hpp"
#include "torch_common/processes.hpp"

namespace examples {
namespace {

bool is_one_of(const std::string& loss, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return loss == name; });
}

}  // namespace

const std::vector<std::string>& objective::known() {
  static const std::vector<std::string> all = {"nt_xent", "decoupled", "hard_negative", "info_nce", "weighted_info_nce",
                                               "clip",    "siglip",    "sup_con",       "sincere",  "conditional_contrastive"};
  return all;
}
bool objective::takes_many_views(const std::string& loss) {
  return is_one_of(loss, {"nt_xent", "decoupled", "sup_con", "sincere", "conditional_contrastive"});
}
bool objective::learns_from_labels(const std::string& loss) {
  return is_one_of(loss, {"sup_con", "sincere", "conditional_contrastive"});
}
bool objective::sees_earlier_rows(const std::string& loss) {
  return is_one_of(loss, {"info_nce", "weighted_info_nce", "sup_con"});
}

objective::objective(const objective_settings& how, std::int64_t num_classes, std::int64_t dim, std::uint64_t seed,
                     std::shared_ptr<processes> together)
    : how_(how), together_(std::move(together)) {
  if (std::find(known().begin(), known().end(), how.loss) == known().end())
    throw std::invalid_argument("unknown loss " + how.loss);
  if (how.loss != "conditional_contrastive") return;
  proxies_ = torch::empty({num_classes, dim});
  random_stream random{seed, {1000}};
  for (std::int64_t i = 0; i < proxies_.numel(); ++i) proxies_.data_ptr<float>()[i] = random.normal();
  proxies_.requires_grad_();
}

torch::Tensor objective::operator()(const embedded_views& batch, const earlier_rows& earlier) const {
  using namespace contrastive;
  const double t = how_.temperature;
  const bool further = earlier.z.defined() && earlier.z.size(0) > 0;
  const auto two = [&] {
    if (batch.z.size() != 2)
      throw std::invalid_argument(how_.loss + " takes two views, got " + std::to_string(batch.z.size()) +
                                  "; nt_xent, decoupled, sup_con, sincere and conditional_contrastive take more");
  };
  const auto stacked_labels = [&] { return batch.labels.repeat({static_cast<std::int64_t>(batch.z.size())}); };
  const auto& z = batch.z;
  // Over the processes that train together, or here; of what `same` holds all have the same rows.
  const auto over_all = [&](const auto& loss, const auto&... rows) {
    return together_ ? torch_loss(together_->ranks(), loss, rows...) : torch_loss(loss, rows...);
  };
  const auto with_same = [&](const auto& loss, const torch::Tensor& same, const auto&... rows) {
    return together_ ? torch_loss(together_->ranks(), loss, rows..., replicated_tensor(same)) : torch_loss(loss, rows..., same);
  };
  if (how_.loss == "nt_xent") return over_all(nt_xent{.temperature = t}, z);
  if (how_.loss == "decoupled") return over_all(decoupled{.temperature = t}, z);
  if (how_.loss == "sincere") return over_all(sincere{.temperature = t, .labels = labels_of(batch.labels)}, z);
  if (how_.loss == "sup_con") {
    if (!further) return over_all(sup_con{.temperature = t, .labels = labels_of(batch.labels)}, z);
    if (together_) throw std::invalid_argument("sup_con takes no earlier rows where several processes train together");
    auto rows = z;
    rows.push_back(earlier.z);
    const torch::Tensor labels = torch::cat({stacked_labels(), earlier.labels});
    return torch_loss(sup_con{.temperature = t, .labels = labels_of(labels)}, torch::cat(rows));
  }
  if (how_.loss == "conditional_contrastive") {
    const torch::Tensor labels = stacked_labels();
    return with_same(conditional_contrastive{.temperature = t, .labels = labels_of(labels)}, proxies_, torch::cat(z));
  }
  two();
  if (how_.loss == "hard_negative") return over_all(hard_negative{.temperature = t}, z[0], z[1]);
  if (how_.loss == "siglip") return over_all(siglip{.temperature = t, .bias = -1 / t}, z[0], z[1]);
  if (how_.loss == "clip") return over_all(clip{.temperature = t}, z[0], z[1]);
  if (how_.loss == "info_nce") {
    if (further) return with_same(info_nce{.temperature = t}, earlier.z, z[0], z[1]);
    return over_all(info_nce{.temperature = t}, z[0], z[1]);
  }
  using weighted = basic_weighted_info_nce<parameter_weights<degradation_prior>>;
  const auto weights = weights_from(rows_of(batch.changes), further ? rows_of(earlier.changes) : matrix_view<const float>{},
                                    degradation_prior{.scale = how_.prior_scale});
  const weighted loss{.temperature = t, .normalize = weight_normalization::mean_one, .weights = weights};
  return further ? with_same(loss, earlier.z, z[0], z[1]) : over_all(loss, z[0], z[1]);
}

}  // namespace examples
