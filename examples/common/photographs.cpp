// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Finding and reading of photographs.
#include "common/photographs.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <stdexcept>

#include "common/progress_line.hpp"

namespace examples {
namespace {

std::vector<std::string> installed(const std::string& folder, const std::vector<const char*>& names, const std::string& package,
                                   const std::string& option) {
  std::vector<std::string> files;
  for (const char* name : names) {
    files.push_back(folder + "/" + name);
    if (!std::filesystem::exists(files.back()))
      throw std::runtime_error(files.back() + " is missing: apt-get install " + package + ", or name a folder by " + option);
  }
  return files;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

picture cut_to_even(const picture& image) {
  picture out = filled(image.channels, image.height / 2 * 2, image.width / 2 * 2, 0);
  if (out.height == image.height && out.width == image.width) return image;
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x) out.at(c, y, x) = image.at(c, y, x);
  return out;
}

}  // namespace

std::vector<std::string> picture_files(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string ending = at->path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (ending == ".jpg" || ending == ".jpeg" || ending == ".png") files.push_back(at->path().string());
  }
  if (error) throw std::runtime_error(folder + ": " + error.message());
  if (files.empty()) throw std::runtime_error(folder + ": no .jpg, .jpeg or .png in this folder");
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> installed_training_files() {
  const std::string folder = "/usr/share/backgrounds", option = "--data";
  return joined(
      installed(folder,
                {"Bridge_by_Sander_Klootwijk.jpg", "Dragonfly_by_Bolly.jpg", "Picture_0B_by_freespace.jpg",
                 "Picture_1A_by_freespace.jpg", "Wine_by_Jakkub_Mede.jpg", "aitzgorri_by_Aitzol_Berasategi.jpg",
                 "analogpattern_by_Peter_Nerlich.jpg", "free_by_Peter_Nerlich.jpg", "friends_by_Aitzol_Berasategi.jpg",
                 "greentock_by_Peter_Nerlich.jpg", "life_by_Aitzol_Berasategi.jpg", "picosdeeuropa_by_Aitzol_Berasategi.jpg",
                 "seeding_by_Clements_Engelhardt.jpg", "sunset_by_Aitzol_Berasategi.jpg", "umang_by_Abhishek_Mudgal.jpg"},
                "lomiri-wallpapers-16.04", option),
      installed(folder,
                {"Fossa_by_Jasper_Roks.jpg", "Infinite-Sea_by_Aury88.jpg", "Kleiber_by_Lukas_Baubkus.jpg",
                 "Painting-Colors_by__herobrine7gamer.jpg"},
                "lomiri-wallpapers-20.04", option));
}

std::vector<std::string> installed_test_files() {
  const std::string python = "/usr/lib/python3/dist-packages/", option = "--test-data";
  return joined(installed(python + "skimage/data", {"astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"},
                          "python3-skimage", option),
                installed(python + "sklearn/datasets/images", {"china.jpg", "flower.jpg"}, "python3-sklearn", option));
}

std::vector<photograph> read_photographs(const std::vector<std::string>& files, int longest_side, thread_team& team,
                                         const std::string& title) {
  std::vector<photograph> photographs(files.size());
  progress_line progress(title, "files", files.size());
  std::mutex mutex;
  std::size_t done = 0, pixels = 0;
  progress.show(0, "");
  team.for_each(static_cast<index>(files.size()), [&](index i) {
    const auto at = static_cast<std::size_t>(i);
    picture image = read_picture(files[at], 3);
    const std::size_t read = image.plane();
    const int longer = std::max(image.height, image.width);
    if (longest_side > 0 && longer > longest_side) {
      const auto shrunk = [&](int side) {
        return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) * longest_side / longer)));
      };
      image = resized(image, shrunk(image.height), shrunk(image.width));
    }
    photographs[at] = {std::filesystem::path(files[at]).stem().string(), cut_to_even(image)};
    const std::lock_guard lock(mutex);
    pixels += read;
    progress.show(++done, photographs[at].name);
  });
  progress.finish(std::to_string(done) + (done == 1 ? " picture, " : " pictures, ") + with_commas(pixels / 1000) +
                  " thousand pixels");
  return photographs;
}

}  // namespace examples
