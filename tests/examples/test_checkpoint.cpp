// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints: all of it comes back, and nothing but the whole of the right one is taken.
#include "common/checkpoint.hpp"

#include <filesystem>

#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;
using examples::checkpoint;
using examples::read_checkpoint;
using examples::write_checkpoint;

namespace {
const checkpoint made{{{"loss", "nt_xent"}, {"seed", "1"}},
                      123,
                      {{"weights", {1.5F, -2.25F, 1e-30F}}, {"empty", {}}},
                      {{"queue", std::string("a\0b", 3)}}};
}

TEST_CASE("checkpoint: settings, step and arrays come back") {
  const temporary_folder folder;
  const std::string path = folder / "new/folder/state";
  write_checkpoint(path, made);
  const checkpoint back = read_checkpoint(path, made.settings);
  CHECK(back.settings == made.settings);
  CHECK(back.step == made.step);
  CHECK(back.arrays == made.arrays);
  CHECK(back.blobs == made.blobs);
  CHECK(contains(words_of([&] { back.array("weights", 4); }), "has 3 numbers, not 4"));
  CHECK(contains(words_of([&] { back.array("bias", 4); }), "no array `bias`"));
}

TEST_CASE("checkpoint: cut anywhere, longer by a byte or with any byte changed it is refused in words that name the file") {
  const temporary_folder folder;
  const std::string path = folder / "state";
  write_checkpoint(path, made);
  const std::string bytes = examples::read_file(path);
  const auto refused = [&](const std::string& changed) {
    examples::write_file_atomically(path, changed);
    const std::string words = words_of([&] { read_checkpoint(path, made.settings); });
    INFO(words);
    CHECK(contains(words, path + ": "));
    CHECK(contains(words, "checkpoint"));
  };
  for (std::size_t length = 0; length < bytes.size(); ++length) refused(bytes.substr(0, length));
  refused(bytes + '\0');
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int flip : {0x01, 0x80}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      refused(changed);
    }
}

TEST_CASE("checkpoint: another run's settings are refused by name, a missing file too") {
  const temporary_folder folder;
  const std::string path = folder / "state";
  write_checkpoint(path, made);
  const std::string words = words_of([&] { read_checkpoint(path, {{"loss", "nt_xent"}, {"seed", "2"}, {"batch", "32"}}); });
  CHECK(contains(words, path + ": "));
  CHECK(contains(words, "batch (none) (now 32), seed 1 (now 2)"));
  CHECK_FALSE(contains(words, "loss"));
  CHECK(contains(words_of([&] { read_checkpoint(folder / "none", {}); }), (folder / "none") + ": cannot open"));
}

TEST_CASE("checkpoint: a write that fails leaves the old state and nothing beside it") {
  const temporary_folder folder;
  const std::string path = folder / "state";
  std::filesystem::create_directories(path + "/in the way");  // a folder cannot be replaced by a file
  CHECK(contains(words_of([&] { write_checkpoint(path, made); }), path + ": cannot put into place"));
  std::size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) entries += entry.path() == path ? 1 : 100;
  CHECK(entries == 1);
}
