// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What a network sees of words: hashed words and n-grams of characters, so that no vocabulary is kept and words nobody has seen
// have parts that somebody has.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/utf8.hpp"

namespace examples::emoji_clip {

/// In lower case, for the alphabets of Latin, Greek and Cyrillic; others are left alone.
inline std::uint32_t lower_case(std::uint32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;      // Latin-1
  if (c >= 0x100 && c <= 0x17F && c != 0x130 && c != 0x178) {  // Latin Extended-A: pairs, from an odd one in two parts
    const bool odd_first = (c >= 0x139 && c <= 0x148) || c >= 0x179;
    return (c % 2 == 1) == odd_first && c != 0x138 && c != 0x149 && c != 0x17F ? c + 1 : c;
  }
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 32;  // Greek
  if (c >= 0x410 && c <= 0x42F) return c + 32;                // Cyrillic
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

/// The words of a text as code points in lower case. What is no letter or digit parts them.
inline std::vector<std::vector<std::uint32_t>> split_words(const std::string& text) {
  std::vector<std::vector<std::uint32_t>> words;
  bool inside = false;
  for (const std::uint32_t raw : code_points_of(text)) {
    const std::uint32_t c = lower_case(raw);
    const bool parts = c < '0' || (c > '9' && c < 'a') || (c > 'z' && c < 0xC0) || (c >= 0x2000 && c < 0x2070) ||
                       (c >= 0x3000 && c < 0x3005) || (c >= 0xFF00 && c < 0xFF10);
    if (parts) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back().push_back(c);
  }
  return words;
}

/// A part of a text: a number below the count of buckets, and how much it counts.
struct token {
  std::int64_t bucket;
  float weight;
};

/// A text's words and their parts of 3 to 5 characters, the word's begin and end counted as one each (Bojanowski et al. 2017,
/// "Enriching word vectors with subword information"). Each word counts 1: itself one half, its parts together the other.
/// Characters of Chinese, Japanese and Korean are words, alone and in twos, each of which counts one half. A text without a
/// letter is the token 0, which counts 1.
inline std::vector<token> tokens_of(const std::string& text, std::int64_t buckets) {
  std::vector<token> tokens;
  const auto add = [&](const std::uint32_t* first, std::size_t count, float weight) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (std::size_t i = 0; i < count; ++i) hash = (hash ^ first[i]) * 0x100000001b3;
    hash ^= hash >> 29;
    tokens.push_back({static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(buckets)), weight});
  };
  for (auto word : split_words(text)) {
    const auto ideograph = [](std::uint32_t c) { return c >= 0x2E80 && c < 0xFF00; };
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (!ideograph(word[i])) continue;
      add(&word[i], 1, 0.5F);
      if (i + 1 < word.size()) add(&word[i], 2, 0.5F);
    }
    if (ideograph(word[0])) continue;
    word.insert(word.begin(), '<');
    word.push_back('>');
    const std::size_t length = word.size();
    std::size_t parts = 0;
    for (std::size_t n = 3; n <= 5 && n < length; ++n) parts += length + 1 - n;
    add(word.data(), length, parts == 0 ? 1 : 0.5F);
    for (std::size_t n = 3; n <= 5 && n < length; ++n)
      for (std::size_t i = 0; i + n <= length; ++i) add(&word[i], n, 0.5F / static_cast<float>(parts));
  }
  if (tokens.empty()) tokens.push_back({0, 1});
  return tokens;
}

/// Texts one behind the other, as torch's EmbeddingBag takes them.
struct token_bags {
  torch::Tensor buckets;  // (all) int64
  torch::Tensor offsets;  // (n) int64: where each text begins
  torch::Tensor weights;  // (all) float
};

inline token_bags bags_of(const std::vector<std::string>& texts, std::int64_t buckets) {
  std::vector<std::int64_t> numbers, offsets;
  std::vector<float> weights;
  for (const auto& text : texts) {
    offsets.push_back(static_cast<std::int64_t>(numbers.size()));
    for (const token& one : tokens_of(text, buckets)) numbers.push_back(one.bucket), weights.push_back(one.weight);
  }
  return {torch::tensor(numbers, torch::kInt64), torch::tensor(offsets, torch::kInt64), torch::tensor(weights)};
}

}  // namespace examples::emoji_clip
