// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Reading and atomic writing of files, by POSIX calls.
#include "common/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace examples {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw std::runtime_error(path + ": " + what + ": " + std::strerror(errno));
}

struct descriptor {
  int number;
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// What stands beside `path` before it takes its place: each process has its own.
const char* const in_progress = ".part.";

/// Of writers that were killed the unfinished files stay, each as large as the file itself.
void remove_what_killed_writers_left(const std::string& path, const std::filesystem::path& folder) {
  const std::string start = std::filesystem::path(path).filename().string() + in_progress;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    const std::string name = at->path().filename().string();
    if (name.compare(0, start.size(), start) != 0) continue;
    pid_t writer = 0;
    std::from_chars(name.data() + start.size(), name.data() + name.size(), writer);
    if (writer > 0 && ::kill(writer, 0) != 0 && errno == ESRCH) ::unlink(at->path().c_str());
  }
}

}  // namespace

std::string read_file(const std::string& path) {
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) fail(path, "cannot open");
  std::string bytes;
  char piece[1 << 16];
  for (;;) {
    const ssize_t got = ::read(file.number, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, "cannot read");
    if (got == 0) return bytes;
    bytes.append(piece, static_cast<std::size_t>(got));
  }
}

void write_file_atomically(const std::string& path, const std::string& bytes) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) prepare_folder(parent.string());
  remove_what_killed_writers_left(path, parent.empty() ? "." : parent);
  const std::string beside = path + in_progress + std::to_string(::getpid());
  try {
    const descriptor file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (file.number < 0) fail(path, "cannot write");
    for (std::size_t written = 0; written < bytes.size();) {
      const ssize_t some = ::write(file.number, bytes.data() + written, bytes.size() - written);
      if (some < 0 && errno == EINTR) continue;
      if (some < 0) fail(path, "cannot write");
      written += static_cast<std::size_t>(some);
    }
    if (::fsync(file.number) != 0) fail(path, "cannot flush to the disk");
    if (std::rename(beside.c_str(), path.c_str()) != 0) fail(path, "cannot put into place");
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  // The rename itself is on the disk only once the folder is; some file systems refuse this, and then it is their word.
  const descriptor folder{::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.number >= 0) ::fsync(folder.number);
}

void prepare_folder(const std::string& folder) {
  std::error_code made;
  std::filesystem::create_directories(folder, made);
  if (made) throw std::runtime_error(folder + ": cannot make the folder: " + made.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) fail(folder, "cannot write into the folder");
}

}  // namespace examples
