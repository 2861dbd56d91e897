// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Saved feature queues.
#include <cmath>
#include <contrastive/memory/feature_queue.hpp>
#include <sstream>

#include "fuzz/fuzz.hpp"

namespace {

using contrastive::feature_queue;
constexpr unsigned right_checksum = 1, of_double = 2;

std::string checksum_of(const std::string& bytes) {
  contrastive::detail::checksum sum;
  sum.add(bytes.data(), bytes.size());
  std::string eight;
  for (int b = 0; b < 8; ++b) eight += static_cast<char>(static_cast<unsigned char>(sum.value() >> (8 * b)));
  return eight;
}

template <class T>
feature_queue<T> made() {
  return feature_queue<T>(4, 2, {.labels = true, .num_parameters = 1, .ids = true});
}

template <class T>
std::string saved(const feature_queue<T>& queue) {
  std::ostringstream out;
  queue.save(out);
  return out.str();
}

template <class T>
void load(const std::string& bytes) {
  auto queue = made<T>();
  const T before[2] = {1, 2};
  const int label[1] = {3};
  const float parameter[1] = {4};
  const contrastive::matrix_view<const T> row(before, 1, 2);
  const contrastive::matrix_view<const float> beside(parameter, 1, 1);
  queue.push(row, label, beside, label);
  const std::string old = saved(queue);
  std::istringstream in(bytes);
  try {
    queue.load(in);
  } catch (const std::runtime_error&) {
    fuzz::require(saved(queue) == old);
    throw;
  }
  const auto rows = queue.features();
  for (contrastive::index_type r = 0; r < rows.rows; ++r) {
    for (contrastive::index_type c = 0; c < rows.cols; ++c) fuzz::require(std::isfinite(rows(r, c)));
    fuzz::require(std::isfinite(queue.parameters()(r, 0)));
  }
  const std::string again = saved(queue);
  fuzz::require(bytes.compare(0, again.size(), again) == 0);
  for (int n = 0; n < 5; ++n) queue.push(row, label, beside, label);
  fuzz::require(queue.full());
}

template <class T>
void add_seeds(unsigned type, std::vector<std::string>& all) {
  const T rows[6] = {1, -2, 3, 1.5, 0, 1e-30F};
  const int labels[3] = {7, -1, 0};
  const float parameters[3] = {0.5F, 1, 2};
  auto queue = made<T>();
  for (int pushes = 0; pushes < 3; ++pushes) {
    const std::string bytes = saved(queue);
    all.push_back(fuzz::join(type, bytes));
    all.push_back(fuzz::join(type | right_checksum, bytes.substr(0, bytes.size() - 8)));
    queue.push(contrastive::matrix_view<const T>(rows, 3, 2), labels, contrastive::matrix_view<const float>(parameters, 3, 1),
               labels);
  }
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> all;
  add_seeds<float>(0, all);
  add_seeds<double>(of_double, all);
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::parts input(data, size);
  const std::string bytes = input.bytes + (input.choice & right_checksum ? checksum_of(input.bytes) : "");
  fuzz::read_or_refuse([&] { input.choice& of_double ? load<double>(bytes) : load<float>(bytes); });
  return 0;
}
