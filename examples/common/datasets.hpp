// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The sets of pictures that a trainer can be asked for by name.
#pragma once

#include <string>
#include <vector>

#include "common/image_dataset.hpp"
#include "common/thread_team.hpp"

namespace examples {

/// A name on the command line, one for people, and the folder that --data means where it is not given.
struct dataset_entry {
  std::string name, title, folder, what_data_is;
};

/// fashion-mnist  four IDX files                                          10 classes, 28 x 28 grey
/// emoji          NotoColorEmoji.ttf, and emoji-test.txt there or where the package unicode-data puts it
///                                                                         9 groups, 32 x 32 in colour
/// openclipart    folders of PNGs, one a class                            22 classes, 32 x 32 in colour
/// cifar10        six binary files, no default folder                     10 classes, 32 x 32 in colour
const std::vector<dataset_entry>& known_datasets();
const dataset_entry& known_dataset(const std::string& name);

/// Loads a set by its name; an empty folder means the default one. Emoji and clip art have no split of their own: one in five
/// of each class is a test picture, drawn with a fixed seed. Of the emoji, those of one code point, flags and keycaps are
/// taken, not joined ones or skin tones, which are variations of one drawing; of the clip art, not what is a link to a picture
/// of another folder or has more than 50 million pixels. Pictures are made square with white and brought to 32 x 32.
///
/// Throws std::runtime_error: where files are missing, with what to install; where one is damaged, with its name and byte.
image_dataset load_dataset(const std::string& name, const std::string& folder, thread_team& team);

/// Parts `all` by class: of each class one picture in `parts`, at least one where it has two, goes into `test`.
void split_by_class(const image_set& all, int parts, std::uint64_t seed, image_set& train, image_set& test);

}  // namespace examples
