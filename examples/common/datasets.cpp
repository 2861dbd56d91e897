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
#include "common/emoji_font.hpp"
#include "common/file.hpp"
#include "common/picture.hpp"
#include "common/progress_line.hpp"
#include "common/random_stream.hpp"

namespace examples {
namespace {

namespace fs = std::filesystem;

constexpr int side = 32;
constexpr std::uint64_t split_seed = 1;
constexpr std::uint64_t most_pixels = 50'000'000;  // of clip art: one drawing has 623 million, 2.5 GB of memory

/// On white, in the middle of a square, 32 x 32.
picture square_thumbnail(const picture& image) {
  const int edge = std::max(image.height, image.width);
  if (image.height == image.width) return resized(image, side, side);
  picture square = filled(image.channels, edge, edge, 255);
  const int top = (edge - image.height) / 2, left = (edge - image.width) / 2;
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) square.at(c, top + y, left + x) = image.at(c, y, x);
  return resized(square, side, side);
}

/// A colour picture made by `make(i)` for each label.
template <class Make>
image_set thumbnails(const std::string& title, std::vector<int> labels, thread_team& team, const Make& make) {
  image_set all;
  all.channels = 3;
  all.height = all.width = side;
  all.labels = std::move(labels);
  all.pixels.resize(all.size() * all.pixels_each());
  progress_line progress(title, "pictures", all.size());
  // Rounds, so that the caller's thread alone shows how far they are.
  constexpr std::size_t round = 128;
  for (std::size_t first = 0; first < all.size(); first += round) {
    const std::size_t count = std::min(round, all.size() - first);
    team.for_each(static_cast<index>(count), [&](index piece) {
      const std::size_t i = first + static_cast<std::size_t>(piece);
      const picture small = square_thumbnail(make(i));
      std::copy(small.pixels.begin(), small.pixels.end(),
                all.pixels.begin() + static_cast<std::ptrdiff_t>(i * all.pixels_each()));
    });
    progress.show(first + count, "");
  }
  progress.finish(with_commas(all.size()) + " pictures");
  return all;
}

image_dataset split_dataset(const image_set& all, std::vector<std::string> class_names) {
  image_dataset data;
  data.class_names = std::move(class_names);
  split_by_class(all, 5, split_seed, data.train, data.test);
  return data;
}

/// "Smileys & Emotion" as it fits beside a picture.
std::string short_name(const std::string& group) { return group.substr(0, group.find(" & ")); }

image_dataset load_emoji(const std::string& folder, thread_team& team) {
  const std::string font_path = (fs::path(folder) / "NotoColorEmoji.ttf").string();
  if (!fs::exists(font_path))
    throw std::runtime_error("no " + font_path +
                             ": install the emoji with `sudo apt-get install fonts-noto-color-emoji`, or name the folder of "
                             "NotoColorEmoji.ttf with --data DIR");
  std::string list_path = (fs::path(folder) / "emoji-test.txt").string();
  if (!fs::exists(list_path)) list_path = "/usr/share/unicode/emoji/emoji-test.txt";
  if (!fs::exists(list_path))
    throw std::runtime_error("no " + list_path + ": install the list of emoji with `sudo apt-get install unicode-data`");

  const emoji_font font(read_file(font_path), font_path);
  const emoji_list list = read_emoji_list(list_path);
  std::vector<std::string> pictures, names;
  std::vector<int> labels;
  for (const auto& emoji : list.emoji) {
    const auto& codes = emoji.code_points;
    const bool variation = std::any_of(codes.begin(), codes.end(), [](std::uint32_t c) {
      return c == 0x200D || (c >= 0x1F3FB && c <= 0x1F3FF);  // zero width joiner, skin tones
    });
    if (variation) continue;
    std::string png = font.png(codes);
    if (png.empty()) continue;
    pictures.push_back(std::move(png));
    labels.push_back(static_cast<int>(emoji.group));
    names.push_back(font_path + ": " + emoji.name);
  }
  if (pictures.empty()) throw std::runtime_error(font_path + ": has no picture of any emoji of " + list_path);
  std::vector<std::string> groups;
  for (const auto& group : list.groups) groups.push_back(short_name(group));
  return split_dataset(
      thumbnails("reading emoji", labels, team, [&](std::size_t i) { return decode_picture(pictures[i], names[i]); }), groups);
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
  return split_dataset(thumbnails("reading clip art", labels, team, [&](std::size_t i) { return read_picture(paths[i]); }),
                       class_names);
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
