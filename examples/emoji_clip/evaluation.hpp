// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// How well pictures and words that training has not seen find each other.
#pragma once

#include <algorithm>
#include <cmath>
#include <contrastive/metrics.hpp>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "common/nearest_neighbours.hpp"
#include "common/results_table.hpp"
#include "emoji_clip/networks.hpp"
#include "emoji_clip/pairs.hpp"
#include "torch_common/tensors.hpp"

namespace examples::emoji_clip {

/// The first versions of drawings.
inline std::vector<std::size_t> first_versions(const std::vector<drawing>& drawings) {
  std::vector<std::size_t> first;
  for (const auto& one : drawings) first.push_back(one.versions[0]);
  return first;
}

inline matrix embedded_pictures(two_encoders& network, const emoji_pairs& pairs, const std::vector<std::size_t>& which) {
  return to_matrix(outputs_of(
      *network.pictures, [&](torch::Tensor x) { return network.pictures->forward(std::move(x)); },
      image_tensor(pairs.pictures, which)));
}

inline matrix embedded_texts(two_encoders& network, const std::vector<std::string>& texts) {
  const torch::NoGradGuard constant;
  network.texts->eval();
  return to_matrix(network.of_texts(texts));
}

/// What the emoji are called in one of the languages: their names, or all that is known.
inline std::vector<std::string> names_of(const emoji_pairs& pairs, const std::vector<std::size_t>& which, std::size_t language,
                                         bool all_words) {
  std::vector<std::string> names;
  for (const std::size_t i : which) {
    const emoji_words& words = pairs.words[i][language];
    names.push_back(all_words ? everything(words) : words.name);
  }
  return names;
}

/// Bags of words, each weighed by the logarithm of how rare it is among `known` texts (TF-IDF), as unit rows.
class word_bags {
 public:
  explicit word_bags(const std::vector<std::string>& known) {
    std::map<std::vector<std::uint32_t>, std::size_t> texts_with;
    for (const auto& text : known) {
      const auto words = split_words(text);
      for (const auto& word : std::set(words.begin(), words.end())) ++texts_with[word];
    }
    for (const auto& [word, count] : texts_with) {
      place_.emplace(word, static_cast<index>(weight_.size()));
      weight_.push_back(std::log(static_cast<float>(known.size() + 1) / static_cast<float>(count)));
    }
  }
  matrix operator()(const std::vector<std::string>& texts) const {
    matrix rows = matrix::Zero(static_cast<index>(texts.size()), static_cast<index>(weight_.size()));
    for (std::size_t i = 0; i < texts.size(); ++i)
      for (const auto& word : split_words(texts[i]))
        if (const auto found = place_.find(word); found != place_.end())
          rows(static_cast<index>(i), found->second) = weight_[static_cast<std::size_t>(found->second)];
    normalize_rows(rows);
    return rows;
  }

 private:
  std::map<std::vector<std::uint32_t>, index> place_;
  std::vector<float> weight_;
};

/// The rows of `values` that belong to the nearest of `keys` for each query.
inline matrix values_of_nearest(thread_team& team, const matrix& queries, const matrix& keys, const matrix& values) {
  const neighbours nearest = nearest_neighbours(team, queries, keys, 1);
  matrix found(queries.rows(), values.cols());
  for (index i = 0; i < queries.rows(); ++i) found.row(i) = values.row(nearest.rows(i, 0));
  return found;
}

/// How many rows of `queries` have their nearest of `keys` in their own group, in percent.
inline double same_group_share(thread_team& team, const matrix& queries, const std::vector<std::size_t>& groups,
                               const matrix& keys, const std::vector<std::size_t>& key_groups) {
  const neighbours nearest = nearest_neighbours(team, queries, keys, 1);
  double same = 0;
  for (std::size_t i = 0; i < groups.size(); ++i)
    same += groups[i] == key_groups[static_cast<std::size_t>(nearest.rows(static_cast<index>(i), 0))] ? 1 : 0;
  return 100 * same / static_cast<double>(groups.size());
}

/// Recall on the held-out drawings, both ways, and the share whose group is known: by chance (the commonest group), by the
/// nearest training emoji (of the words most alike, of the pixels most alike), and by the network. To it a group is the mean
/// vector of its training emoji's names, in all languages: no picture says which group it is of (zero-shot by several texts a
/// class: Radford et al. 2021, sec. 3.1.4).
inline results_table evaluated(const emoji_pairs& pairs, two_encoders& network, const std::string& loss, thread_team& team) {
  results_table table(
      "held-out emoji",
      {{"words to picture at 1 [%]"}, {"at 5"}, {"at 10"}, {"picture to words at 1 [%]"}, {"at 5"}, {"at 10"}, {"group [%]"}});
  const auto known = first_versions(pairs.train), held_out = first_versions(pairs.test);
  const auto groups_of = [&](const std::vector<std::size_t>& which) {
    std::vector<std::size_t> groups;
    for (const std::size_t i : which) groups.push_back(pairs.emoji[i].group);
    return groups;
  };
  const auto groups = groups_of(held_out);
  const auto unit = [](matrix rows) {
    normalize_rows(rows);
    return rows;
  };

  std::vector<double> chance, of_group(pairs.groups.size());
  for (const double rank : {1, 5, 10, 1, 5, 10})
    chance.push_back(100 * std::min(1.0, rank / static_cast<double>(held_out.size())));
  for (const std::size_t group : groups) of_group[group] += 100 / static_cast<double>(held_out.size());
  chance.push_back(*std::max_element(of_group.begin(), of_group.end()));
  table.add("chance", chance);

  const auto pixels_of = [&](const std::vector<std::size_t>& which) {  // of what is not white
    return unit(1 - to_matrix(image_tensor(pairs.pictures, which).flatten(1)).array());
  };
  const matrix known_pixels = pixels_of(known), pixels = pixels_of(held_out),
               pictures = unit(embedded_pictures(network, pairs, held_out));
  const double by_pixels = same_group_share(team, pixels, groups, known_pixels, groups_of(known));
  std::vector<std::size_t> each_group(pairs.groups.size());
  std::iota(each_group.begin(), each_group.end(), std::size_t{0});
  matrix group_words = matrix::Zero(static_cast<index>(pairs.groups.size()), pictures.cols());
  for (std::size_t language = 0; language < pairs.languages.size(); ++language) {
    const matrix names = unit(embedded_texts(network, names_of(pairs, known, language, false)));
    for (std::size_t i = 0; i < known.size(); ++i)
      group_words.row(static_cast<index>(pairs.emoji[known[i]].group)) += names.row(static_cast<index>(i));
  }
  const double zero_shot = same_group_share(team, pictures, groups, unit(group_words), each_group);

  const contrastive::options threads{.threads = team.size()};
  const auto add = [&](const std::string& name, const matrix& words, const matrix& pictures_for_words, const matrix& drawn,
                       const matrix& words_for_pictures, double group) {
    std::vector<double> row;
    const auto recall = [&](const matrix& queries, const matrix& keys, index rank) {
      row.push_back(100 * contrastive::recall(queries, keys, rank, contrastive::similarity::cosine, threads));
    };
    for (const index rank : {1, 5, 10}) recall(pictures_for_words, drawn, rank);
    for (const index rank : {1, 5, 10}) recall(words_for_pictures, words, rank);
    row.push_back(group);
    table.add(name, row);
  };
  for (std::size_t language = 0; language < pairs.languages.size(); ++language)
    for (const bool all_words : {false, true}) {
      const std::string what = pairs.languages[language] + (all_words ? ", name and keywords" : ", name");
      const auto texts = names_of(pairs, held_out, language, all_words), known_texts = names_of(pairs, known, language, true);
      const word_bags bags(known_texts);
      const matrix known_words = bags(known_texts), words = bags(texts), embedded = embedded_texts(network, texts);
      add("word match: " + what, words, values_of_nearest(team, words, known_words, known_pixels), pixels,
          values_of_nearest(team, pixels, known_pixels, known_words), by_pixels);
      add(loss + ": " + what, embedded, embedded, pictures, pictures, zero_shot);
    }
  return table;
}

}  // namespace examples::emoji_clip
