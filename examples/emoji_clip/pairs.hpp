// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The pairs: pictures of emoji and what people call them, in training batches and held out.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/augmentation.hpp"
#include "common/emoji.hpp"
#include "common/random_stream.hpp"
#include "common/thumbnails.hpp"

namespace examples::emoji_clip {

/// A drawing in its versions: alone, and with the skin tones that it has.
struct drawing {
  std::vector<std::size_t> versions;  // numbers of emoji, the one without a skin tone first where there is one
};

struct emoji_pairs {
  std::vector<std::string> groups, languages;
  std::vector<drawn_emoji> emoji;
  std::vector<std::vector<emoji_words>> words;  // (emoji, languages)
  image_set pictures;                           // of the emoji
  std::vector<drawing> train, test;             // families are in one of them
};

/// The name and all keywords, each once.
inline std::string everything(const emoji_words& words) {
  std::string all = words.name;
  for (const auto& keyword : words.keywords)
    if (keyword != words.name) all += " " + keyword;
  return all;
}

/// Of the emoji of the font and list in `folder` those that have a name in all languages. One family in five is held out, the
/// same with any languages.
inline emoji_pairs load_pairs(const std::string& folder, const std::string& words_folder,
                              const std::vector<std::string>& languages, int side, thread_team& team) {
  emoji_pairs all;
  all.languages = languages;
  std::vector<std::map<std::vector<std::uint32_t>, emoji_words>> by_language;
  for (const auto& language : languages) by_language.push_back(read_emoji_words(words_folder, language));
  emoji_collection read = read_emoji(folder);
  all.groups = read.groups;
  std::vector<int> labels;
  std::map<std::vector<std::uint32_t>, std::vector<drawing>> families;
  std::map<std::vector<std::uint32_t>, std::pair<std::vector<std::uint32_t>, std::size_t>> drawing_of;
  for (auto& one : read.emoji) {
    std::vector<std::uint32_t> codes = one.code_points;
    std::erase(codes, 0xFE0FU);
    std::vector<emoji_words> words;
    for (const auto& known : by_language)
      if (const auto found = known.find(codes); found != known.end()) words.push_back(found->second);
    if (words.size() != languages.size()) continue;
    const std::size_t number = all.emoji.size();
    std::vector<std::uint32_t> toneless = codes;
    std::erase_if(toneless, is_skin_tone);
    std::vector<drawing>& of_family = families[family_of(codes)];
    const auto [place, is_new] = drawing_of.try_emplace(toneless, family_of(codes), of_family.size());
    if (is_new) of_family.emplace_back();
    of_family[place->second.second].versions.push_back(number);
    labels.push_back(static_cast<int>(one.group));
    all.emoji.push_back(std::move(one));
    all.words.push_back(std::move(words));
  }
  if (all.emoji.empty()) throw std::runtime_error(words_folder + ": has no names for any emoji of " + folder);
  std::size_t number = 0;
  const auto order = shuffled(families.size(), random_stream{1, {77}});
  for (const auto& [family, drawings] : families) {
    auto& to = order[number++] % 5 == 0 ? all.test : all.train;
    to.insert(to.end(), drawings.begin(), drawings.end());
  }
  all.pictures = thumbnails("reading emoji", labels, side, team,
                            [&](std::size_t i) { return decode_picture(all.emoji[i].png, all.emoji[i].name); });
  return all;
}

/// A training batch: row i of the pictures and caption i belong together.
struct pair_batch {
  torch::Tensor pictures;             // (n, 3, side, side), 0 to 1
  std::vector<std::string> captions;  // (n)
  torch::Tensor ids;                  // (n) int64: equal for equal captions
};

/// What someone might call an emoji: its name, one to three keywords, or its name and keywords.
inline std::string draw_caption(const emoji_words& words, random_stream& random) {
  const float kind = random.uniform();
  if (words.keywords.empty() || kind < 0.4F) return words.name;
  const std::size_t count = 1 + random.below(3);
  std::string caption = kind < 0.8F ? "" : words.name;
  const auto order = shuffled(words.keywords.size(), random_stream{random.next()});
  for (std::size_t k = 0; k < std::min(count, order.size()); ++k)
    caption += (caption.empty() ? "" : " ") + words.keywords[order[k]];
  return caption;
}

class pair_maker {
 public:
  /// Refers to the pairs and threads. Throws std::runtime_error where there are fewer drawings than a batch has.
  pair_maker(const emoji_pairs& pairs, const view_range& range, std::size_t batch, std::uint64_t seed, thread_team& team)
      : pairs_(pairs), range_(range), batch_(batch), seed_(seed), team_(team) {
    if (pairs.train.size() < batch)
      throw std::runtime_error("--batch " + std::to_string(batch) + " is more than the " + std::to_string(pairs.train.size()) +
                               " training drawings");
  }
  std::uint64_t steps_per_epoch() const { return pairs_.train.size() / batch_; }

  /// Depends on the seed, the epoch and the step alone, not on threads. Each drawing comes once an epoch, in one of its
  /// versions and one of the languages.
  pair_batch make(std::uint64_t epoch, std::uint64_t step) {
    if (order_.empty() || epoch != epoch_of_order_) order_ = shuffled(pairs_.train.size(), random_stream{seed_, {1, epoch}});
    epoch_of_order_ = epoch;
    const image_set& images = pairs_.pictures;
    const auto n = static_cast<std::int64_t>(batch_);
    pair_batch made{torch::empty({n, images.channels, images.height, images.width}), std::vector<std::string>(batch_),
                    torch::empty({n}, torch::kInt64)};
    const auto pixels = made.pictures.data_ptr<float>();
    team_.for_blocks(n, 32, [&](index begin, index length) {
      for (index i = begin; i < begin + length; ++i) {
        const auto at = static_cast<std::size_t>(i), sample = order_[step * batch_ + at];
        random_stream random{seed_, {2, epoch, sample}};
        const auto& versions = pairs_.train[sample].versions;
        const std::size_t version = versions[random.uniform() < 0.5F ? 0 : random.below(versions.size())];
        const auto& words = pairs_.words[version];
        made.captions[at] = draw_caption(words[random.below(words.size())], random);
        const view_parameters view = draw_view(range_, random);
        render_view(images.picture(version), images.channels, images.height, images.width, view, random,
                    pixels + at * images.pixels_each());
      }
    });
    std::map<std::string, std::int64_t> known;
    for (std::size_t i = 0; i < batch_; ++i)
      made.ids.data_ptr<std::int64_t>()[i] = known.try_emplace(made.captions[i], static_cast<std::int64_t>(i)).first->second;
    return made;
  }

 private:
  const emoji_pairs& pairs_;
  view_range range_;
  std::size_t batch_;
  std::uint64_t seed_, epoch_of_order_ = 0;
  thread_team& team_;
  std::vector<std::size_t> order_;
};

}  // namespace examples::emoji_clip
