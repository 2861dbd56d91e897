// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Loading by name.
#include "common/datasets.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/cifar.hpp"
#include "common/emoji.hpp"
#include "common/picture.hpp"
#include "common/random_stream.hpp"
#include "common/thumbnails.hpp"

namespace examples {
namespace {

namespace fs = std::filesystem;

constexpr int side = 32;
constexpr std::uint64_t split_seed = 1;
constexpr std::uint64_t most_pixels = 50'000'000;  // of clip art: one drawing has 623 million, 2.5 GB of memory

image_dataset split_dataset(const image_set& all, std::vector<std::string> class_names) {
  image_dataset data;
  data.class_names = std::move(class_names);
  split_by_class(all, 5, split_seed, data.train, data.test);
  return data;
}

/// "Smileys & Emotion" as it fits beside a picture.
std::string short_name(const std::string& group) { return group.substr(0, group.find(" & ")); }

image_dataset load_emoji(const std::string& folder, thread_team& team) {
  emoji_collection all = read_emoji(folder);
  std::erase_if(all.emoji, [](const drawn_emoji& one) {
    return std::any_of(one.code_points.begin(), one.code_points.end(),
                       [](std::uint32_t c) { return c == zero_width_joiner || is_skin_tone(c); });
  });
  std::vector<int> labels;
  for (const auto& one : all.emoji) labels.push_back(static_cast<int>(one.group));
  std::vector<std::string> groups;
  for (const auto& group : all.groups) groups.push_back(short_name(group));
  return split_dataset(thumbnails("reading emoji", labels, side, team,
                                  [&](std::size_t i) { return decode_picture(all.emoji[i].png, all.emoji[i].name); }),
                       groups);
}

/// How many pixels the header of a PNG promises; 0 where there is no such header.
std::uint64_t promised_pixels(const std::string& path) {
  std::array<char, 24> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  const auto number = [&](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t b = at; b < at + 4; ++b) value = value << 8 | static_cast<unsigned char>(head[b]);
    return value;
  };
  return number(16) * number(20);
}

image_dataset load_openclipart(const std::string& folder, thread_team& team) {
  std::vector<std::string> class_names, paths;
  std::vector<int> labels;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_directory()) class_names.push_back(entry.path().filename().string());
  std::sort(class_names.begin(), class_names.end());
  for (std::size_t c = 0; c < class_names.size(); ++c) {
    std::vector<std::string> of_class;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(folder) / class_names[c]))
      if (!entry.is_symlink() && entry.is_regular_file() && entry.path().extension() == ".png") {
        const std::string path = entry.path().string();
        if (promised_pixels(path) > most_pixels)
          std::printf("left out, it has more than %llu pixels: %s\n", static_cast<unsigned long long>(most_pixels),
                      path.c_str());
        else
          of_class.push_back(path);
      }
    std::sort(of_class.begin(), of_class.end());
    labels.insert(labels.end(), of_class.size(), static_cast<int>(c));
    paths.insert(paths.end(), of_class.begin(), of_class.end());
  }
  if (paths.empty())
    throw std::runtime_error(
        "no folders of PNGs in " + folder +
        ": install the clip art with `sudo apt-get install openclipart-png`, or name a folder with one folder "
        "of PNGs for each class with --data DIR");
  return split_dataset(
      thumbnails("reading clip art", labels, side, team, [&](std::size_t i) { return read_picture(paths[i]); }), class_names);
}

}  // namespace

const std::vector<dataset_entry>& known_datasets() {
  static const std::vector<dataset_entry> all = {
      {"fashion-mnist", "Fashion-MNIST", "/usr/share/datasets/fashion-mnist", "the four IDX files of Fashion-MNIST"},
      {"emoji", "Noto emoji", "/usr/share/fonts/truetype/noto", "NotoColorEmoji.ttf"},
      {"openclipart", "Openclipart", "/usr/share/openclipart/png", "one folder of PNGs for each class"},
      {"cifar10", "CIFAR-10", "", "the six .bin files of CIFAR-10"}};
  return all;
}

const dataset_entry& known_dataset(const std::string& name) {
  for (const auto& entry : known_datasets())
    if (entry.name == name) return entry;
  throw std::invalid_argument("unknown data set " + name);
}

image_dataset load_dataset(const std::string& name, const std::string& folder, thread_team& team) {
  const std::string where = folder.empty() ? known_dataset(name).folder : folder;
  if (name == "fashion-mnist") return load_fashion_mnist(where);
  if (name == "emoji") return load_emoji(where, team);
  if (name == "openclipart") return load_openclipart(where, team);
  if (name == "cifar10") return load_cifar10(where);
  throw std::invalid_argument("unknown data set " + name);
}

void split_by_class(const image_set& all, int parts, std::uint64_t seed, image_set& train, image_set& test) {
  for (image_set* set : {&train, &test}) {
    *set = {};
    set->channels = all.channels, set->height = all.height, set->width = all.width;
  }
  std::vector<std::vector<std::size_t>> by_class;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto label = static_cast<std::size_t>(all.labels[i]);
    if (by_class.size() <= label) by_class.resize(label + 1);
    by_class[label].push_back(i);
  }
  std::vector<bool> tested(all.size(), false);
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    const auto& members = by_class[c];
    const std::size_t wanted =
        std::max(members.size() / static_cast<std::size_t>(parts), std::size_t{members.size() > 1 ? 1U : 0U});
    const auto order = shuffled(members.size(), random_stream{seed, {c}});
    for (std::size_t t = 0; t < wanted; ++t) tested[members[order[t]]] = true;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    image_set& to = tested[i] ? test : train;
    to.labels.push_back(all.labels[i]);
    to.pixels.insert(to.pixels.end(), all.picture(i), all.picture(i) + all.pixels_each());
  }
}

}  // namespace examples
