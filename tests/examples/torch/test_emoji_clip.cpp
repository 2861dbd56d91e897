// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What emoji_clip's networks see: n-grams, captions, batches, families that are held out whole; and the word match beside them.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "emoji_clip/evaluation.hpp"
#include "support/catch.hpp"

using namespace examples;
using namespace examples::emoji_clip;

namespace {

std::set<std::int64_t> ngrams(const std::string& text) {
  std::set<std::int64_t> buckets;
  for (const token& one : tokens_of(text, 1 << 30)) buckets.insert(one.bucket);
  return buckets;
}

float weight_of(const std::string& text) {
  float all = 0;
  for (const token& one : tokens_of(text, 1 << 30)) all += one.weight;
  return all;
}

bool share(const std::set<std::int64_t>& a, const std::set<std::int64_t>& b) {
  return std::any_of(a.begin(), a.end(), [&](std::int64_t n) { return b.contains(n); });
}

}  // namespace

TEST_CASE("emoji_clip: words are parted by what is no letter, in lower case") {
  const auto words = [](const std::string& text) {
    std::string joined;
    for (const auto& word : split_words(text)) joined += (joined.empty() ? "" : "/") + text_of(word);
    return joined;
  };
  CHECK(words("flag: Côte d’Ivoire") == "flag/côte/d/ivoire");
  CHECK(words("O’clock 12-hour") == "o/clock/12/hour");
  CHECK(words("ÄPFEL Šála ЖАБА Ζώα Žába") == "äpfel/šála/жаба/ζώα/žába");
  CHECK(words("大笑、的猫") == "大笑/的猫");
  CHECK(words("×÷ß") == "×÷ß");
  CHECK(words(" ,. ").empty());
}

TEST_CASE("emoji_clip: tokens know parts of words, and no order of words, a long word counts as much as a short one") {
  CHECK(tokens_of("cat", 1 << 30).size() == 1 + 3 + 2);  // <cat>; <ca, cat, at>; <cat, cat>
  CHECK(tokens_of("a", 1 << 30).size() == 1);            // <a>
  CHECK(ngrams("Happy Cat") == ngrams("cat happy"));
  CHECK(share(ngrams("kitten"), ngrams("kittens")));
  CHECK_FALSE(share(ngrams("cat"), ngrams("dog")));
  CHECK(tokens_of("大笑", 1 << 30).size() == 3);
  CHECK(share(ngrams("笑"), ngrams("大笑")));
  for (const char* word : {"a", "cat", "celebration", "笑", ""})
    CHECK(std::abs(weight_of(word) - (*word == '\xE7' ? 0.5F : 1)) < 1e-5F);
  CHECK(std::abs(weight_of("happy cat") - 2) < 1e-5F);
  for (const token& one : tokens_of("grinning face with smiling eyes", 7)) CHECK((one.bucket >= 0 && one.bucket < 7));
  const token_bags bags = bags_of({"cat", "大笑", ""}, 1000);
  CHECK(bags.offsets.equal(torch::tensor({0, 6, 9}, torch::kInt64)));
  CHECK(bags.buckets.size(0) == 10);
  CHECK(bags.weights.size(0) == 10);
}

TEST_CASE("emoji_clip: captions are names, keywords or both") {
  const emoji_words words{"grinning cat", {"cat", "face", "smile"}};
  CHECK(everything({"cat", {"cat", "face"}}) == "cat face");
  std::set<std::string> drawn;
  random_stream random{3};
  for (int i = 0; i < 2000; ++i) drawn.insert(draw_caption(words, random));
  for (const char* caption : {"grinning cat", "cat", "smile face", "cat face smile", "grinning cat face"})
    CHECK(drawn.contains(caption));
  CHECK(drawn.size() == 1 + (3 + 6 + 6) + (3 + 6 + 6));
  CHECK(draw_caption({"alone", {}}, random) == "alone");
}

TEST_CASE("emoji_clip: a bag of words finds the text with most rare words in common") {
  const std::vector<std::string> known{"face cat", "face dog", "face red heart"};
  const word_bags bags(known);
  thread_team team(1);
  const matrix keys = bags(known);
  const auto nearest = [&](const std::string& text) { return nearest_neighbours(team, bags({text}), keys, 1).rows(0, 0); };
  CHECK(nearest("Dog!") == 1);
  CHECK(nearest("a red face") == 2);
  CHECK(bags({"nothing of these"}).isZero());
  matrix values(3, 1);
  values << 5, 6, 7;
  CHECK(values_of_nearest(team, bags({"heart", "cat"}), keys, values) == (matrix(2, 1) << 7, 5).finished());
}

TEST_CASE("emoji_clip: real emoji in two languages, families are held out whole, batches depend on their number alone") {
  const std::string font = "/usr/share/fonts/truetype/noto", words = "/usr/share/unicode/cldr/common";
  if (!std::filesystem::exists(font + "/NotoColorEmoji.ttf") || !std::filesystem::exists(words + "/annotations/de.xml") ||
      !std::filesystem::exists("/usr/share/unicode/emoji/emoji-test.txt")) {
    WARN("skipped: apt-get install fonts-noto-color-emoji unicode-data unicode-cldr-core");
    return;
  }
  thread_team team(2), alone(1);
  const emoji_pairs pairs = load_pairs(font, words, {"en", "de"}, 32, team);
  CHECK(pairs.emoji.size() > 3500);
  CHECK(pairs.groups.size() == 9);
  CHECK(pairs.train.size() + pairs.test.size() > 1700);
  CHECK(pairs.test.size() > 300);
  std::set<std::vector<std::uint32_t>> known;
  std::size_t versions = 0, toned = 0;
  for (const auto& one : pairs.train) known.insert(family_of(pairs.emoji[one.versions[0]].code_points));
  for (const auto* part : {&pairs.train, &pairs.test})
    for (const auto& one : *part) {
      versions += one.versions.size();
      const auto& first = pairs.emoji[one.versions[0]].code_points;
      toned += std::any_of(first.begin(), first.end(), is_skin_tone) ? 1 : 0;
      if (part == &pairs.test) CHECK_FALSE(known.contains(family_of(first)));
    }
  CHECK(versions == pairs.emoji.size());
  CHECK(toned < 10);  // couples of two persons with skin tones, who are one sign without

  pair_maker one(pairs, {}, 64, 5, team), other(pairs, {}, 64, 5, alone);
  other.make(0, 1);
  const pair_batch a = one.make(1, 2), b = other.make(1, 2);
  CHECK(a.pictures.equal(b.pictures));
  CHECK(a.captions == b.captions);
  for (std::size_t i = 0; i < a.captions.size(); ++i)
    for (std::size_t j = 0; j < a.captions.size(); ++j)
      CHECK((a.ids[static_cast<std::int64_t>(i)].item<std::int64_t>() ==
             a.ids[static_cast<std::int64_t>(j)].item<std::int64_t>()) == (a.captions[i] == a.captions[j]));
  CHECK_FALSE(one.make(1, 3).pictures.equal(a.pictures));
  CHECK_THROWS_AS(pair_maker(pairs, {}, 5000, 5, team), std::runtime_error);
}
