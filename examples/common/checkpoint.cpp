// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Writing and checking of checkpoints.
#include "common/checkpoint.hpp"

#include <zlib.h>

#include <bit>
#include <cstring>
#include <stdexcept>

#include "common/file.hpp"

namespace examples {
namespace {

static_assert(std::endian::native == std::endian::little,
              "checkpoints are written as the machine holds numbers: little-endian");

constexpr char magic[] = "ctrckpt\n";
constexpr std::size_t magic_size = 8, header_size = magic_size + 4 + 8, checksum_size = 4;
constexpr std::uint32_t version = 2;

template <class Number>
void put(std::string& bytes, Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof number);
}

void put_text(std::string& bytes, const std::string& text) {
  put(bytes, std::uint64_t{text.size()});
  bytes += text;
}

std::uint32_t checksum(const char* bytes, std::size_t count) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes), count));
}

/// Takes parts off the front of a payload; never reads past its end.
class reader {
 public:
  reader(const std::string& path, const char* first, std::size_t size) : path_(path), first_(first), left_(size) {}

  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint64_t>();
    return {take(size), size};
  }
  std::vector<float> numbers() {
    const auto count = number<std::uint64_t>();
    if (count > left_ / sizeof(float)) refuse();
    std::vector<float> values(count);
    if (count > 0) std::memcpy(values.data(), take(count * sizeof(float)), count * sizeof(float));
    return values;
  }
  void end() const {
    if (left_ != 0) refuse();
  }

 private:
  const char* take(std::size_t count) {
    if (count > left_) refuse();
    const char* at = first_;
    first_ += count;
    left_ -= count;
    return at;
  }
  [[noreturn]] void refuse() const { throw std::runtime_error(path_ + ": damaged checkpoint: its parts do not add up"); }

  std::string path_;
  const char* first_;
  std::size_t left_;
};

}  // namespace

const std::vector<float>& checkpoint::array(const std::string& name, std::size_t size) const {
  const auto found = arrays.find(name);
  if (found == arrays.end()) throw std::runtime_error("the checkpoint has no array `" + name + "`");
  if (found->second.size() != size)
    throw std::runtime_error("the checkpoint's array `" + name + "` has " + std::to_string(found->second.size()) +
                             " numbers, not " + std::to_string(size));
  return found->second;
}

void write_checkpoint(const std::string& path, const checkpoint& state) {
  std::string payload;
  put(payload, std::uint64_t{state.settings.size()});
  for (const auto& [name, value] : state.settings) put_text(payload, name), put_text(payload, value);
  put(payload, state.step);
  put(payload, std::uint64_t{state.arrays.size()});
  for (const auto& [name, numbers] : state.arrays) {
    put_text(payload, name);
    put(payload, std::uint64_t{numbers.size()});
    payload.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  }
  put(payload, std::uint64_t{state.blobs.size()});
  for (const auto& [name, blob] : state.blobs) put_text(payload, name), put_text(payload, blob);
  std::string bytes(magic, magic_size);
  put(bytes, version);
  put(bytes, std::uint64_t{payload.size()});
  bytes += payload;
  put(bytes, checksum(bytes.data(), bytes.size()));
  write_file_atomically(path, bytes);
}

checkpoint read_checkpoint(const std::string& path, const std::map<std::string, std::string>& settings) {
  const std::string bytes = read_file(path);
  const auto refuse = [&](const std::string& words) { throw std::runtime_error(path + ": " + words); };
  if (bytes.compare(0, magic_size, magic, std::min(magic_size, bytes.size())) != 0 || bytes.empty())
    refuse("not a checkpoint: it does not start with the words of one");
  if (bytes.size() < header_size + checksum_size)
    refuse("damaged checkpoint: it ends after " + std::to_string(bytes.size()) + " bytes, within its header");
  reader header(path, bytes.data() + magic_size, header_size - magic_size);
  const auto its_version = header.number<std::uint32_t>();
  const auto payload = header.number<std::uint64_t>();
  if (payload != bytes.size() - header_size - checksum_size)
    refuse("damaged checkpoint: " + std::to_string(bytes.size()) + " bytes are not the length its header says");
  std::uint32_t sum;
  std::memcpy(&sum, bytes.data() + bytes.size() - checksum_size, checksum_size);
  if (sum != checksum(bytes.data(), bytes.size() - checksum_size)) refuse("damaged checkpoint: the checksum does not fit");
  if (its_version != version)
    refuse("a checkpoint of version " + std::to_string(its_version) + ", this program reads version " +
           std::to_string(version));

  reader body(path, bytes.data() + header_size, payload);
  checkpoint state;
  for (auto count = body.number<std::uint64_t>(); count > 0; --count) {
    const std::string name = body.text();
    state.settings[name] = body.text();
  }
  state.step = body.number<std::uint64_t>();
  for (auto count = body.number<std::uint64_t>(); count > 0; --count) {
    const std::string name = body.text();
    state.arrays[name] = body.numbers();
  }
  for (auto count = body.number<std::uint64_t>(); count > 0; --count) {
    const std::string name = body.text();
    state.blobs[name] = body.text();
  }
  body.end();

  const auto value_of = [](const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string("(none)") : found->second;
  };
  std::map<std::string, std::string> names = settings;
  names.insert(state.settings.begin(), state.settings.end());
  std::string differences;
  for (const auto& [name, value] : names) {
    const std::string here = value_of(settings, name), there = value_of(state.settings, name);
    if (here != there) differences += (differences.empty() ? "" : ", ") + name + " " + there + " (now " + here + ")";
  }
  if (!differences.empty())
    refuse("a checkpoint of a run with other settings: " + differences + "; use the same ones or another --checkpoint");
  return state;
}

}  // namespace examples
