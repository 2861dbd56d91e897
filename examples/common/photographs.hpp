// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Photographs from a folder, or those that Debian's packages install.
#pragma once

#include <string>
#include <vector>

#include "common/picture.hpp"
#include "common/thread_team.hpp"

namespace examples {

struct photograph {
  std::string name;  // of the file, without folder and ending
  picture image;     // colour
};

/// The JPEG and PNG files of a folder, by name; throws std::runtime_error where there is no such folder or none in it.
std::vector<std::string> picture_files(const std::string& folder);

/// 19 photographs of the packages lomiri-wallpapers-16.04 and lomiri-wallpapers-20.04, 191 megapixels. Throws
/// std::runtime_error that names the packages where one is missing.
std::vector<std::string> installed_training_files();
/// Six of the packages python3-skimage and python3-sklearn: astronaut, chelsea, coffee, rocket, china, flower.
std::vector<std::string> installed_test_files();

/// Reads the files, on the threads of the team, under a line of progress with this title. A picture whose longer side is above
/// `longest_side` is shrunk to it at once (0: none is), so that few large ones are in memory; that averages the camera's noise
/// away, too. Sides are cut to even lengths. Throws std::runtime_error that names the file where one is missing or no picture.
std::vector<photograph> read_photographs(const std::vector<std::string>& files, int longest_side, thread_team& team,
                                         const std::string& title);

}  // namespace examples
