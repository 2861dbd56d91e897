// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Drawings by words: answers printed, answers drawn, and the vectors for other programs.
#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/file.hpp"
#include "common/npy.hpp"
#include "common/picture_grid.hpp"
#include "common/utf8.hpp"
#include "emoji_clip/evaluation.hpp"

namespace examples::emoji_clip {

/// All drawings, without skin tones, with unit vectors of their pictures; those of training first.
class gallery {
 public:
  /// Refers to all of them.
  gallery(const emoji_pairs& pairs, two_encoders& network, thread_team& team) : pairs_(pairs), network_(network), team_(team) {
    drawings_ = first_versions(pairs.train);
    const auto held_out = first_versions(pairs.test);
    drawings_.insert(drawings_.end(), held_out.begin(), held_out.end());
    pictures_ = unit(embedded_pictures(network, pairs, drawings_));
  }

  struct answer {
    std::size_t emoji;  // a number of the pairs' emoji
    float similarity;   // cosine
    bool held_out;
  };
  /// The nearest to the words, nearest first.
  std::vector<answer> find(const std::string& words, int count, bool among_held_out = false) const {
    const index first = among_held_out ? known() : 0;
    const matrix base = pictures_.bottomRows(pictures_.rows() - first);
    const neighbours found = nearest_neighbours(team_, unit(embedded_texts(network_, {words})), base,
                                                std::min(count, static_cast<int>(base.rows())));
    std::vector<answer> all;
    for (index k = 0; k < found.rows.cols(); ++k) {
      const index row = first + found.rows(0, k);
      all.push_back({drawings_[static_cast<std::size_t>(row)], found.similarities(0, k), row >= known()});
    }
    return all;
  }

  void print(const std::string& words) const {
    for (const answer& one : find(words, 6))
      std::printf("%s  %.3f  %s%s\n", text_of(pairs_.emoji[one.emoji].code_points).c_str(), static_cast<double>(one.similarity),
                  pairs_.words[one.emoji][0].name.c_str(), one.held_out ? "  (not seen in training)" : "");
  }

  /// The six nearest to each of the queries, among all drawings and among those held out.
  void draw(const std::string& path, const std::string& title, const std::vector<std::string>& queries) const {
    constexpr int shown = 64, count = 6;
    std::map<std::size_t, picture> pictures;
    const auto pixels_of = [&](std::size_t emoji) {
      const auto& from = pairs_.emoji[emoji];
      if (!pictures.contains(emoji)) pictures[emoji] = square_thumbnail(decode_picture(from.png, from.name), shown);
      return pictures.at(emoji).pixels.data();
    };
    std::vector<grid_group> groups;
    for (const bool among_held_out : {false, true}) {
      groups.push_back({among_held_out ? "among the " + std::to_string(pairs_.test.size()) + " held out"
                                       : "among all " + std::to_string(drawings_.size()),
                        {}});
      for (const auto& query : queries) {
        auto& row = groups.back().rows.emplace_back();
        for (const answer& one : find(query, count, among_held_out))
          row.push_back({pixels_of(one.emoji), one.held_out ? grid_cell::frame::right : grid_cell::frame::plain});
      }
    }
    write_picture_grid(path, title + " (green: not seen in training)", queries, groups, shown, shown, 3);
  }

  /// pictures.npy and names.npy, unit rows in one order, with emoji.tsv: emoji, name, "training" or "held out". query.npy where
  /// there are words.
  void write(const std::string& folder, const std::string& words) const {
    prepare_folder(folder);
    const auto path_of = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
    const auto write_rows = [&](const char* name, const matrix& rows) {
      write_npy(path_of(name), rows);
      std::printf("wrote %s: %lld x %lld\n", path_of(name).c_str(), static_cast<long long>(rows.rows()),
                  static_cast<long long>(rows.cols()));
    };
    write_rows("pictures.npy", pictures_);
    write_rows("names.npy", unit(embedded_texts(network_, names_of(pairs_, drawings_, 0, false))));
    if (!words.empty()) write_rows("query.npy", unit(embedded_texts(network_, {words})));
    std::string table;
    for (std::size_t k = 0; k < drawings_.size(); ++k)
      table += text_of(pairs_.emoji[drawings_[k]].code_points) + '\t' + pairs_.words[drawings_[k]][0].name + '\t' +
               (k < pairs_.train.size() ? "training" : "held out") + '\n';
    write_file_atomically(path_of("emoji.tsv"), table);
    std::printf("wrote %s: what each row is\n", path_of("emoji.tsv").c_str());
  }

 private:
  static matrix unit(matrix rows) {
    normalize_rows(rows);
    return rows;
  }
  index known() const { return static_cast<index>(pairs_.train.size()); }

  const emoji_pairs& pairs_;
  two_encoders& network_;
  thread_team& team_;
  std::vector<std::size_t> drawings_;
  matrix pictures_;
};

}  // namespace examples::emoji_clip
