// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The reader of IDX files: what it reads, and where it says that a file is damaged.
#include "common/idx.hpp"

#include "common/image_dataset.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;
using examples::read_idx;

namespace {
const std::string values = "abcdefghijklmnopqrstuvwx";
const std::string whole = idx_bytes({2, 3, 4}, values);
}  // namespace

TEST_CASE("idx: shape and values come back from a compressed and from a plain file") {
  const temporary_folder folder;
  write_gz(folder / "a.gz", whole);
  examples::write_file_atomically(folder / "a", whole);
  for (const char* name : {"a.gz", "a"}) {
    const auto array = read_idx(folder / name, 3);
    CHECK(array.dimensions == std::vector<std::size_t>{2, 3, 4});
    CHECK(std::string(array.values.begin(), array.values.end()) == values);
  }
}

TEST_CASE("idx: a plain file cut anywhere is refused with its name and the byte where it ends") {
  const temporary_folder folder;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path = folder / "cut";
    examples::write_file_atomically(path, whole.substr(0, length));
    const std::string words = words_of([&] { read_idx(path, 3); });
    INFO(length << ": " << words);
    CHECK(contains(words, path + ": byte " + std::to_string(length) + ": "));
  }
}

TEST_CASE("idx: a compressed file cut anywhere or changed in any byte of its data is refused with its name and a byte") {
  const temporary_folder folder;
  write_gz(folder / "whole.gz", whole);
  const std::string packed = examples::read_file(folder / "whole.gz"), path = folder / "damaged.gz";
  for (std::size_t length = 0; length < packed.size(); ++length) {
    examples::write_file_atomically(path, packed.substr(0, length));
    const std::string words = words_of([&] { read_idx(path, 3); });
    INFO(length << ": " << words);
    CHECK(contains(words, path + ": byte "));
  }
  int accepted = 0;
  for (std::size_t at = 10; at < packed.size(); ++at) {  // the ten bytes before are gzip's header, with the time in it
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    examples::write_file_atomically(path, damaged);
    std::string read = values;
    const std::string words = words_of([&] {
      const auto array = read_idx(path, 3);
      read.assign(array.values.begin(), array.values.end());
    });
    INFO(at << ": " << words);
    // A bit that fills up the last byte of the compressed data means nothing.
    CHECK((contains(words, path + ": byte ") || (words.empty() && read == values)));
    accepted += words.empty();
  }
  CHECK(accepted <= 1);
}

TEST_CASE("idx: a wrong magic, a wrong count and data that goes on are refused at their byte") {
  const temporary_folder folder;
  const std::string path = folder / "a.gz";
  write_gz(path, idx_bytes({24}, values));
  CHECK(contains(words_of([&] { read_idx(path, 3); }), path + ": byte 0 unpacked: expected the IDX magic 0x00000803"));
  write_gz(path, idx_bytes({2, 3, 5}, values));
  CHECK(contains(words_of([&] { read_idx(path, 3); }),
                 path + ": byte 40 unpacked: the data ends here, but the header says 30 values"));
  write_gz(path, idx_bytes({2, 3, 3}, values));
  CHECK(contains(words_of([&] { read_idx(path, 3); }), path + ": byte 34 unpacked: the data goes on"));
  write_gz(path, idx_bytes({2, 0, 3}, values));
  CHECK(contains(words_of([&] { read_idx(path, 3); }), path + ": byte 8 unpacked: dimension 2 of 0"));
  write_gz(path, idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, values));
  CHECK(contains(words_of([&] { read_idx(path, 3); }), path + ": byte 8 unpacked: dimension 2"));
}

TEST_CASE("pictures: a missing file says what to install") {
  const temporary_folder folder;
  const std::string words = words_of([&] { examples::load_fashion_mnist(folder.path()); });
  CHECK(contains(words, "no train-images-idx3-ubyte.gz in " + folder.path()));
  CHECK(contains(words, "apt-get install dataset-fashion-mnist"));
  CHECK(contains(words, "--data DIR"));
}

TEST_CASE("pictures: four files are read, and labels that do not fit are refused at their byte") {
  const temporary_folder folder;
  write_picture_files(folder.path(), 30, 20);
  const auto data = examples::load_fashion_mnist(folder.path());
  CHECK(data.train.size() == 30);
  CHECK(data.test.size() == 20);
  CHECK(data.test.labels[13] == 3);
  const auto rows = examples::pixel_rows(data.train);
  CHECK(rows.rows() == 30);
  CHECK(rows.cols() == 784);
  CHECK(rows(7, 100) == static_cast<float>(data.train.picture(7)[100]) / 255.0F);

  const std::string labels = folder / "t10k-labels-idx1-ubyte.gz";
  write_gz(labels, idx_bytes({20}, std::string(13, '\1') + '\13' + std::string(6, '\2')));
  CHECK(contains(words_of([&] { examples::load_fashion_mnist(folder.path()); }),
                 labels + ": byte 21 unpacked: label 11, expected 0 to 9"));
  write_gz(labels, idx_bytes({19}, std::string(19, '\1')));
  CHECK(contains(words_of([&] { examples::load_fashion_mnist(folder.path()); }),
                 labels + ": byte 4: 19 labels for the 20 pictures"));
}
