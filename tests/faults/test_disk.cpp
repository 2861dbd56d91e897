// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Saving while the disk is full, the folder goes away or the program is killed.
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <contrastive/memory/feature_queue.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>
#include <thread>

#include "common/checkpoint.hpp"
#include "examples/temporary_folder.hpp"
#include "support/catch.hpp"

using namespace example_tests;
using contrastive::feature_queue;
using examples::checkpoint;

namespace {

namespace fs = std::filesystem;

feature_queue<float> queue_of(std::uint64_t pushes, contrastive::index_type capacity = 64) {
  feature_queue<float> queue(capacity, 8, {.labels = true});
  for (std::uint64_t p = 0; p < pushes; ++p) {
    const std::vector<float> rows(40, static_cast<float>(p));
    const std::vector<std::uint64_t> labels(5, p);
    queue.push(contrastive::matrix_view<const float>(rows.data(), 5, 8), labels);
  }
  return queue;
}
std::string saved(const feature_queue<float>& queue) {
  std::ostringstream stream;
  queue.save(stream);
  return stream.str();
}

const std::map<std::string, std::string> settings = {{"loss", "nt_xent"}};

/// All of it follows from the step.
checkpoint state_of(std::uint64_t step, std::size_t numbers = 5000) {
  return {settings,
          step,
          {{"weights", std::vector<float>(numbers, static_cast<float>(step))}},
          {{"queue", saved(queue_of(step % 50))}}};
}
bool whole(const checkpoint& state) {
  const checkpoint expected = state_of(state.step);
  return state.arrays == expected.arrays && state.blobs == expected.blobs;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

/// What `body` says in a process of its own, which may change what belongs to a process.
template <class Body>
std::string said_by_child(const Body& body) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string words = body();
    const bool written = ::write(ends[1], words.data(), words.size()) == static_cast<ssize_t>(words.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string words;
  char piece[256];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;) words.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? words : words + " (the process ended early)";
}

}  // namespace

TEST_CASE("disk: feature_queue: a full one is refused in words, and the queue is as it was") {
  for (const contrastive::index_type capacity : {64, 4096}) {  // less and more than a stream keeps to itself
    const feature_queue<float> queue = queue_of(1000, capacity);
    const std::string before = saved(queue);
    std::ofstream full("/dev/full", std::ios::binary);
    REQUIRE(full.is_open());
    CHECK(words_of([&] { queue.save(full); }) == "contrastive: feature_queue: the stream can not be written");
    CHECK(saved(queue) == before);
  }
}

TEST_CASE("disk: checkpoint: wherever a write fails, the one before stays whole and nothing lies beside it") {
  const temporary_folder folder;
  const std::string path = folder / "state";
  examples::write_checkpoint(path, state_of(1));
  const auto size = fs::file_size(path);
  for (std::uintmax_t limit = 0; limit < size; limit += size / 7) {
    const std::string words = said_by_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit most{limit, limit};
      if (::setrlimit(RLIMIT_FSIZE, &most) != 0) return std::string("no limit");
      return words_of([&] { examples::write_checkpoint(path, state_of(2)); });
    });
    CHECK(words == path + ": cannot write: File too large");
    CHECK(examples::read_checkpoint(path, settings).step == 1);
    CHECK(files_in(folder.path()) == std::vector<std::string>{"state"});
  }
}

TEST_CASE("disk: a file system of 64 KiB that is full refuses, keeps the checkpoint and takes the next that fits") {
  const temporary_folder folder;
  const std::string words = said_by_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("contrastive", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
      return "skipped: no file system may be mounted here";
    const std::string path = folder / "state", queue = folder / "queue";
    examples::write_checkpoint(path, state_of(1));
    const std::string full = words_of([&] { examples::write_checkpoint(path, state_of(2, 20'000)); });
    if (full != path + ": cannot write: No space left on device") return "a full disk: " + full;
    if (!whole(examples::read_checkpoint(path, settings))) return "the checkpoint before is not whole";
    if (files_in(folder.path()).size() != 1) return "something lies beside the checkpoint";
    {
      std::ofstream stream(queue, std::ios::binary);
      const std::string of_queue = words_of([&] { queue_of(1000, 4096).save(stream); });
      if (of_queue != "contrastive: feature_queue: the stream can not be written") return "a queue: " + of_queue;
    }
    fs::remove(queue);
    examples::write_checkpoint(path, state_of(3));
    return examples::read_checkpoint(path, settings).step == 3 ? "" : "the next checkpoint is not there";
  });
  if (contains(words, "skipped"))
    WARN(words);
  else
    CHECK(words.empty());
}

TEST_CASE("disk: a folder that goes away is made again, or the write is refused by the file's name") {
  const temporary_folder parent;
  const std::string folder = parent / "run", path = folder + "/state";
  std::atomic<bool> end{false};
  std::thread remover([&] {
    while (!end) {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  bool named = true;
  for (std::uint64_t step = 0; step < 200; ++step) {
    const std::string words = words_of([&] { examples::write_checkpoint(path, state_of(step)); });
    named = named && (words.empty() || contains(words, folder));
  }
  end = true;
  remover.join();
  CHECK(named);
  examples::write_checkpoint(path, state_of(201));
  CHECK(whole(examples::read_checkpoint(path, settings)));
  CHECK(files_in(folder) == std::vector<std::string>{"state"});

  CHECK(said_by_child([&] {
          fs::create_directory(parent / "gone");
          fs::current_path(parent / "gone");
          fs::remove(parent / "gone");
          return words_of([] { examples::write_checkpoint("state", state_of(1)); });
        }) == "state: cannot write: No such file or directory");
}

TEST_CASE("disk: a program killed at 50 moments while it saves goes on each time from a whole checkpoint") {
  const temporary_folder folder;
  const std::string path = folder / "state", queue_path = folder / "queue";
  examples::write_checkpoint(path, state_of(0));
  void* const shared =
      ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(shared != MAP_FAILED);
  auto* const done = new (shared) std::atomic<std::uint64_t>(0);
  examples::random_stream random{1};
  int whole_queues = 0;
  std::uint64_t before = 0;
  for (int kill = 0; kill < 50; ++kill) {
    CAPTURE(kill);
    const std::uint64_t steps = done->load() + random.below(3);  // progress on any disk
    const auto moment = std::chrono::microseconds(random.below(4'000));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        for (std::uint64_t step = examples::read_checkpoint(path, settings).step + 1;; ++step) {
          examples::write_checkpoint(path, state_of(step));
          done->store(step);
          std::ofstream stream(queue_path, std::ios::binary);
          queue_of(step % 50).save(stream);
        }
      } catch (...) {
        ::_exit(1);
      }
    }
    int status = 0;
    pid_t ended = 0;
    while (done->load() < steps && (ended = ::waitpid(child, &status, WNOHANG)) == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    REQUIRE(ended == 0);  // it met no damaged checkpoint
    std::this_thread::sleep_for(moment);
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    const checkpoint state = examples::read_checkpoint(path, settings);
    CHECK(whole(state));
    CHECK(state.step >= done->load());
    CHECK(state.step >= before);
    before = state.step;
    // A file that is written in place may be cut; then it is refused.
    if (std::ifstream stream(queue_path, std::ios::binary); stream) {
      feature_queue<float> queue = queue_of(0);
      const std::string words = words_of([&] { queue.load(stream); });
      whole_queues += words.empty();
      if (words.empty()) {
        std::uint64_t pushes = 0;
        for (contrastive::index_type r = 0; r < queue.size(); ++r)
          pushes = std::max(pushes, static_cast<std::uint64_t>(queue.labels()[r]) + 1);
        CHECK(saved(queue) == saved(queue_of(pushes)));
      } else {
        CHECK((contains(words, "the stream ends after") && queue.size() == 0));
      }
    }
  }
  CHECK(done->load() > 20);
  CHECK(whole_queues > 0);
  ::munmap(shared, sizeof(std::atomic<std::uint64_t>));
  // What the killed ones left is gone after the next save.
  examples::write_checkpoint(path, state_of(1));
  fs::remove(queue_path);
  CHECK(files_in(folder.path()) == std::vector<std::string>{"state"});
}
