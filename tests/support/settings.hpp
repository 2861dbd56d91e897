// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Every loss in every set of candidates that it takes, on random rows of a given size.
#pragma once

#include <functional>
#include <string>
#include <support/any_loss.hpp>
#include <support/layouts.hpp>
#include <vector>

namespace contrastive::testing {

constexpr similarity all_similarities[] = {similarity::cosine, similarity::dot, similarity::negative_squared_euclidean};
constexpr reduction all_reductions[] = {reduction::mean, reduction::sum, reduction::none};

/// What the losses of a sweep share.
struct setting {
  index_type n = 1, d = 1;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  double temperature = 0.5;
  int layout = 0;

  std::string text() const {
    return "n " + std::to_string(n) + ", d " + std::to_string(d) + ", similarity " +
           std::to_string(static_cast<int>(similarity)) + ", reduction " + std::to_string(static_cast<int>(reduction)) +
           ", temperature " + std::to_string(temperature) + ", layout " + std::to_string(layout) + ", seed " +
           std::to_string(run_seed());
  }
};

/// Sizes below, at and above what tiles and vectors are made of, each under every similarity; what else there is to
/// choose takes turns, with periods that share no factor with the number of sizes.
inline std::vector<setting> awkward_settings() {
  constexpr index_type sizes[][2] = {{1, 1},  {1, 128}, {2, 3},    {3, 16},  {3, 33},  {31, 128},
                                     {33, 3}, {33, 33}, {127, 16}, {129, 1}, {129, 33}};
  constexpr double temperatures[] = {0.5, 0.1, 0.03};
  std::vector<setting> out;
  int turn = 0;
  for (const similarity s : all_similarities)
    for (const auto& [n, d] : sizes) {
      out.push_back({n, d, s, all_reductions[turn % 3], temperatures[turn / 2 % 3], turn % num_layouts});
      ++turn;
    }
  return out;
}

/// The rows of a call, each argument in another layout.
template <class T>
class arguments {
 public:
  arguments(const setting& s, std::vector<index_type> rows, std::uint64_t which = 1) {
    int layout = s.layout;
    for (const index_type r : rows) held_.emplace_back(random_rows<T>(r, s.d, which++), layout++);
    for (const auto& h : held_) views_.push_back(h.view());
  }
  const testing::views<T>& views() const { return views_; }

 private:
  std::vector<laid_out<T>> held_;
  testing::views<T> views_;
};

/// Calls visit(what, loss, views) for each loss of the library in each of its forms. Defined in settings.cpp, for float and
/// double.
template <class T>
void each_loss(const setting& s, const std::function<void(const char*, const any_loss&, const views<T>&)>& visit);

}  // namespace contrastive::testing
