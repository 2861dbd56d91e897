// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The reader of CIFAR-10.
#include "common/cifar.hpp"

#include <filesystem>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

constexpr std::size_t picture_bytes = 3 * 32 * 32, record_bytes = 1 + picture_bytes;

}  // namespace

void append_cifar_records(image_set& set, const std::string& bytes, const std::string& name) {
  if (bytes.empty()) throw std::runtime_error(name + ": byte 0: the file is empty, expected records of 3073 bytes");
  if (const std::size_t rest = bytes.size() % record_bytes; rest != 0)
    throw std::runtime_error(name + ": byte " + std::to_string(bytes.size()) + ": the file ends after " + std::to_string(rest) +
                             " bytes of record " + std::to_string(bytes.size() / record_bytes) + ", which has 3073");
  for (std::size_t at = 0; at < bytes.size(); at += record_bytes) {
    const int label = static_cast<unsigned char>(bytes[at]);
    if (label > 9)
      throw std::runtime_error(name + ": byte " + std::to_string(at) + ": label " + std::to_string(label) +
                               ", expected 0 to 9");
    set.labels.push_back(label);
    set.pixels.insert(set.pixels.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at + 1),
                      bytes.begin() + static_cast<std::ptrdiff_t>(at + record_bytes));
  }
}

image_dataset load_cifar10(const std::string& folder) {
  image_dataset data;
  data.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  for (image_set* set : {&data.train, &data.test}) set->height = set->width = 32, set->channels = 3;
  const auto path = [&](const std::string& name) { return (std::filesystem::path(folder) / name).string(); };
  for (const char* name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    if (folder.empty() || !std::filesystem::exists(path(name)))
      throw std::runtime_error(
          "no " + std::string(name) + (folder.empty() ? "" : " in " + folder) +
          ": get \"CIFAR-10 binary version\" from https://www.cs.toronto.edu/~kriz/cifar.html and name the "
          "folder of its six .bin files with --data DIR");
    append_cifar_records(std::string(name) == "test_batch.bin" ? data.test : data.train, read_file(path(name)), path(name));
  }
  return data;
}

}  // namespace examples
