// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A kernel's blocks on one thread of the CPU, the threads of a block as fibers. As strict as a GPU is allowed to be: a warp
// runs as far as it can before another one moves, memory that nobody wrote is NaN, and what a program must not do is an error.
#pragma once

#include <algorithm>
#include <contrastive/core/types.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <emulated_gpu/fibers.hpp>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace contrastive::testing {

/// A place in a kernel where threads meet or wait.
struct source_place {
  const char* file = nullptr;
  int line = 0;

  bool operator==(const source_place& other) const {
    return line == other.line && (file == other.file || std::strcmp(file, other.file) == 0);
  }
};

/// The one GPU of this process.
class emulated_gpu {
 public:
  static constexpr int warp = 32, most_threads = 1024;

  std::uint64_t seed = 1;                 // of the order of blocks, warps and lanes
  const source_place* omitted = nullptr;  // a barrier or a wait that is passed over
  std::vector<source_place> places;       // those that were come by

  static emulated_gpu& instance() {
    static emulated_gpu gpu;
    return gpu;
  }

  /// run(kernel) for every thread of every block. Throws std::logic_error where the kernel does what it must not.
  void launch(index_type blocks, int threads, std::size_t shared_bytes, void (*run)(const void*), const void* kernel) {
    if (blocks > std::numeric_limits<std::int32_t>::max()) throw std::logic_error("emulated GPU: more than 2^31 - 1 blocks");
    if (threads % warp != 0 || threads > most_threads) throw std::logic_error("emulated GPU: a block of no whole warps");
    run_ = run, kernel_ = kernel, num_blocks_ = blocks, error_.clear();
    make_threads(threads);
    std::mt19937_64 random(seed);
    std::vector<index_type> order(static_cast<std::size_t>(blocks));
    std::iota(order.begin(), order.end(), index_type{0});
    std::shuffle(order.begin(), order.end(), random);
    for (const index_type b : order) {
      block_ = b;
      // Memory of its own each time, so that AddressSanitizer sees what reads past it.
      shared_.assign(shared_bytes, not_written), shared_.shrink_to_fit();
      for (const auto& [array, bytes] : arrays_) std::memset(array, not_written, bytes);
      run_block(random);
    }
  }

  // ---- for the thread that runs

  int thread() const { return current_; }
  index_type block() const { return block_; }
  index_type num_blocks() const { return num_blocks_; }
  unsigned char* shared_memory() { return shared_.data(); }
  void add_array(void* array, std::size_t bytes) {
    arrays_.emplace_back(array, bytes);
    std::memset(array, not_written, bytes);
  }

  /// All threads of the block meet. Returns whether `any` is true of one of them.
  bool meet_block(bool any, const source_place& place) {
    if (passes_over(place)) return any;
    thread_state& me = self();
    me.at_block = true, me.any = any, me.place = place;
    leave();
    return any_of_block_;
  }
  /// All lanes of a warp put `in`; the last one runs join(ins, outs) for all, each takes its own.
  template <class In, class Out, class Join>
  Out meet_warp(const source_place& place, const In& in, const Join& join) {
    static_assert(sizeof(In) <= slot_bytes && sizeof(Out) <= slot_bytes);
    warp_state& w = warps_[static_cast<std::size_t>(current_ / warp)];
    const int lane = current_ % warp;
    if (w.arrived > 0 && w.place != place) fail("lanes of a warp meet at different instructions");
    w.place = place;
    std::memcpy(w.in[lane], &in, sizeof in);
    if (++w.arrived == warp) {
      In ins[warp];
      Out outs[warp];
      for (int l = 0; l < warp; ++l) std::memcpy(static_cast<void*>(&ins[l]), w.in[l], sizeof(In));
      join(ins, outs);
      for (int l = 0; l < warp; ++l) {
        std::memcpy(w.out[l], &outs[l], sizeof(Out));
        threads_[static_cast<std::size_t>(current_ / warp * warp + l)]->at_warp = false;
      }
      w.arrived = 0;
    } else {
      self().at_warp = true;
      leave();
    }
    Out out;
    std::memcpy(static_cast<void*>(&out), w.out[lane], sizeof out);
    return out;
  }

  /// A copy of this thread's own into shared memory: what it brings is there after the wait, and until then NaN is.
  void copy_later(void* to, const void* from, std::size_t bytes) {
    if (reinterpret_cast<std::uintptr_t>(to) % bytes != 0 || reinterpret_cast<std::uintptr_t>(from) % bytes != 0)
      fail("a copy that is not aligned");
    pending_copy copy{to, {}, bytes, self().commits};
    std::memcpy(copy.bytes, from, bytes), std::memset(to, not_written, bytes);
    self().copies.push_back(copy);
  }
  void commit_copies() { ++self().commits; }
  /// All groups but the last `left` have arrived.
  void wait_copies(int left, const source_place& place) {
    thread_state& me = self();
    if (passes_over(place)) ++left;
    const auto arrived = std::stable_partition(me.copies.begin(), me.copies.end(),
                                               [&](const pending_copy& c) { return c.group >= me.commits - left; });
    for (auto c = arrived; c != me.copies.end(); ++c) std::memcpy(c->to, c->bytes, c->size);
    me.copies.erase(arrived, me.copies.end());
  }

  /// Ends the launch with an error.
  [[noreturn]] void fail(const char* what) {
    say(what);
    for (;;) leave();
  }

 private:
  static constexpr int not_written = 0xff;  // NaN in each type
  static constexpr std::size_t slot_bytes = 64;

  struct pending_copy {
    void* to;
    unsigned char bytes[16];
    std::size_t size;
    int group;
  };
  struct thread_state {
    fiber stack{&emulated_gpu::run_thread};
    bool done = false, at_block = false, at_warp = false, any = false;
    source_place place;
    int commits = 0;
    std::vector<pending_copy> copies;
  };
  struct warp_state {
    unsigned char in[warp][slot_bytes], out[warp][slot_bytes];
    int arrived = 0;
    source_place place;
  };

  thread_state& self() { return *threads_[static_cast<std::size_t>(current_)]; }
  void leave() { self().stack.switch_to(scheduler_); }
  bool passes_over(const source_place& place) {
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    return omitted != nullptr && place == *omitted;
  }

  static void run_thread() {
    for (;;) {  // once a block
      emulated_gpu& gpu = instance();
      gpu.run_(gpu.kernel_);
      gpu.self().done = true;
      gpu.leave();
    }
  }
  void make_threads(int count) {
    while (threads_.size() < static_cast<std::size_t>(count)) threads_.push_back(std::make_unique<thread_state>());
    num_threads_ = count;
    warps_.resize(static_cast<std::size_t>(count / warp));
  }

  void run_block(std::mt19937_64& random) {
    for (int t = 0; t < num_threads_; ++t) {
      thread_state& s = *threads_[static_cast<std::size_t>(t)];
      s.done = s.at_block = s.at_warp = false, s.commits = 0, s.copies.clear();
    }
    for (warp_state& w : warps_) w.arrived = 0;
    std::vector<int> order(warps_.size());
    std::iota(order.begin(), order.end(), 0);
    do {
      std::shuffle(order.begin(), order.end(), random);
      for (const int w : order) run_warp(w, random);
    } while (pass_barrier());
  }
  /// As far as it can run: until all of its lanes are done or at a barrier.
  void run_warp(int w, std::mt19937_64& random) {
    int lanes[warp];
    std::iota(lanes, lanes + warp, w * warp);
    for (bool moved = true; moved;) {
      moved = false;
      std::shuffle(lanes, lanes + warp, random);
      for (const int t : lanes) {
        const thread_state& s = *threads_[static_cast<std::size_t>(t)];
        if (s.done || s.at_block || s.at_warp) continue;
        current_ = t, moved = true;
        scheduler_.switch_to(threads_[static_cast<std::size_t>(t)]->stack);
        if (!error_.empty()) abandon();
      }
    }
  }
  /// Are all at one barrier? Then they may go on.
  bool pass_barrier() {
    int done = 0;
    const thread_state* first = nullptr;
    any_of_block_ = false;
    for (current_ = 0; current_ < num_threads_; ++current_) {
      thread_state& s = self();
      if (s.at_warp) refuse("lanes wait for lanes that do not come");
      if (s.done && ++done > 0) continue;
      if (first == nullptr) first = &s;
      if (s.place != first->place) refuse("threads of a block meet at different barriers");
      any_of_block_ = any_of_block_ || s.any;
    }
    if (done == num_threads_) return false;
    if (done > 0) current_ = 0, refuse("a barrier that some threads never reach");
    for (int t = 0; t < num_threads_; ++t) threads_[static_cast<std::size_t>(t)]->at_block = false;
    return true;
  }
  void say(const char* what) {
    error_ = std::string("emulated GPU: ") + what + " (block " + std::to_string(block_) + ", thread " +
             std::to_string(current_) + ")";
  }
  void refuse(const char* what) {
    say(what);
    abandon();
  }
  [[noreturn]] void abandon() {
    threads_.clear();  // their stacks are in the middle of something
    throw std::logic_error(std::exchange(error_, {}));
  }

  void (*run_)(const void*) = nullptr;
  const void* kernel_ = nullptr;
  index_type num_blocks_ = 0, block_ = 0;
  int num_threads_ = 0, current_ = 0;
  bool any_of_block_ = false;
  std::string error_;
  fiber scheduler_;
  std::vector<std::unique_ptr<thread_state>> threads_;
  std::vector<warp_state> warps_;
  std::vector<unsigned char> shared_;
  std::vector<std::pair<void*, std::size_t>> arrays_;
};

}  // namespace contrastive::testing
