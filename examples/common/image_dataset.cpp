// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Loading of Fashion-MNIST.
#include "common/image_dataset.hpp"

#include <filesystem>
#include <stdexcept>

#include "common/idx.hpp"

namespace examples {
namespace {

std::string find_file(const std::string& folder, const std::string& name) {
  for (const char* ending : {".gz", ""})
    if (const auto path = std::filesystem::path(folder) / (name + ending); std::filesystem::exists(path)) return path.string();
  throw std::runtime_error(
      "no " + name + ".gz in " + folder +
      ": install the Fashion-MNIST pictures with `sudo apt-get install dataset-fashion-mnist`, or name the "
      "folder that has them with --data DIR");
}

image_set load_set(const std::string& folder, const std::string& prefix, std::size_t num_classes) {
  const std::string images_path = find_file(folder, prefix + "-images-idx3-ubyte");
  const std::string labels_path = find_file(folder, prefix + "-labels-idx1-ubyte");
  idx_array images = read_idx(images_path, 3);
  const idx_array labels = read_idx(labels_path, 1);
  if (images.dimensions[0] != labels.dimensions[0])
    throw std::runtime_error(labels_path + ": byte 4: " + std::to_string(labels.dimensions[0]) + " labels for the " +
                             std::to_string(images.dimensions[0]) + " pictures of " + images_path);
  if (images.dimensions[1] > 4096 || images.dimensions[2] > 4096)
    throw std::runtime_error(images_path + ": byte 8: pictures of " + std::to_string(images.dimensions[1]) + " x " +
                             std::to_string(images.dimensions[2]) + " are larger than 4096 x 4096");
  image_set set;
  set.height = static_cast<int>(images.dimensions[1]);
  set.width = static_cast<int>(images.dimensions[2]);
  set.pixels = std::move(images.values);
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    if (labels.values[i] >= num_classes)
      throw std::runtime_error(labels_path + ": byte " + std::to_string(8 + i) + " unpacked: label " +
                               std::to_string(labels.values[i]) + ", expected 0 to " + std::to_string(num_classes - 1));
    set.labels.push_back(labels.values[i]);
  }
  return set;
}

}  // namespace

image_dataset load_fashion_mnist(const std::string& folder) {
  image_dataset data;
  data.class_names = {"T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
  data.train = load_set(folder, "train", data.class_names.size());
  data.test = load_set(folder, "t10k", data.class_names.size());
  if (data.train.height != data.test.height || data.train.width != data.test.width)
    throw std::runtime_error(folder + ": training pictures of " + std::to_string(data.train.height) + " x " +
                             std::to_string(data.train.width) + ", but test pictures of " + std::to_string(data.test.height) +
                             " x " + std::to_string(data.test.width));
  return data;
}

matrix pixel_rows(const image_set& images) {
  using bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const bytes> pixels(images.pixels.data(), static_cast<index>(images.size()),
                                       static_cast<index>(images.pixels_each()));
  return pixels.cast<float>() / 255.0F;
}

}  // namespace examples
