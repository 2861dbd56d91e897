// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One call that several ranks make together: what goes wrong on one of them is kept until all are told, so that nobody waits
// for a rank that has left.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/distributed/communicator.hpp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// What a rank tells the others.
struct letter {
  alignas(8) std::byte data[1024];
  int failed;
  char words[396];
};

/// The data in the letters of all ranks.
template <class Data>
class answers {
 public:
  explicit answers(const std::vector<letter>& letters) : letters_(letters) {}
  std::size_t size() const { return letters_.size(); }
  Data operator[](std::size_t rank) const {
    Data data;
    std::memcpy(static_cast<void*>(&data), letters_[rank].data, sizeof data);
    return data;
  }

 private:
  const std::vector<letter>& letters_;
};

class joint_call {
 public:
  /// `letters` is memory for as many letters as there are ranks.
  joint_call(const any_communicator& ranks, const char* who, std::vector<letter>& letters)
      : ranks_(ranks), who_(who), letters_(letters) {}

  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  /// The rank whose block is here after `steps` shifts.
  int source(int steps) const { return ((rank() - steps) % size() + size()) % size(); }

  /// Calls work(), unless something has gone wrong here already. What it throws is kept.
  template <class Work>
  void attempt(Work work) {
    if (failed_) return;
#if defined(__cpp_exceptions)
    try {
      work();
    } catch (const std::exception& e) {
      keep(e.what());
    } catch (...) {
      keep("an exception that is no std::exception");
    }
#else
    work();
#endif
  }
  bool failed() const { return failed_; }
  /// Throws what was kept, of a call that all ranks have left.
  void rethrow() {
#if defined(__cpp_exceptions)
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
#endif
  }

  /// The data of every rank, until the next exchange; it takes no memory. If something has gone wrong anywhere, all ranks throw
  /// instead: the one where it did what it was, the others std::runtime_error with the words of the first such rank. Letters
  /// are of one size, so that a rank that has failed may answer any exchange of the others.
  template <class Data>
  answers<Data> exchange(const Data& own) {
    static_assert(std::is_trivially_copyable_v<Data> && sizeof(Data) <= sizeof(letter::data));
    letter mine = {};
    std::memcpy(mine.data, &own, sizeof own);
    // Twice: where the communicator itself fails, once, the others are waiting for this letter.
    for (int left = 2; left > 0; --left) {
      mine.failed = failed_ ? 1 : 0;
      std::memcpy(mine.words, words_, sizeof words_);
      if (reaches([&] { ranks_.all_gather(&mine, sizeof mine, letters_.data()); }, left == 1)) break;
    }
    rethrow();
    for (std::size_t r = 0; r < letters_.size(); ++r)
      if (letters_[r].failed != 0)
        detail::fail<std::runtime_error>(std::string("contrastive: ") + who_ + ": rank " + std::to_string(r) +
                                         " has failed: " + letters_[r].words);
    return answers<Data>(letters_);
  }
  /// An exchange that only asks whether anything has gone wrong.
  void meet() { exchange(0); }

  /// A shift that cannot be started ends the call. Those before it are waited for: their memory is about to go.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    if (bytes == 0 && previous_bytes == 0) return;
    const auto start = [&] { ranks_.start_shift(to_next, bytes, from_previous, previous_bytes); };
    if (reaches(start, false) || reaches(start, false)) return;
    wait();
    rethrow();
  }
  /// Never throws: the others learn of what goes wrong at the next exchange.
  void wait() {
    if (!reaches([&] { ranks_.wait(); }, false)) reaches([&] { ranks_.wait(); }, false);
  }

  /// Blocks of every rank, counts[r] objects of rank r, one after another in `all`, where the own block already lies.
  template <class Object>
  void gather_blocks(const std::vector<index_type>& counts, Object* all) {
    static_assert(std::is_trivially_copyable_v<Object>);
    const auto begin = [&](int rank) { return all + std::accumulate(counts.begin(), counts.begin() + rank, index_type{0}); };
    const auto bytes = [&](int rank) {
      return static_cast<std::size_t>(counts[static_cast<std::size_t>(rank)]) * sizeof(Object);
    };
    for (int step = 0; step + 1 < size(); ++step) {
      const int here = source(step), coming = source(step + 1);
      start_shift(begin(here), bytes(here), begin(coming), bytes(coming));
      wait();
    }
  }

  /// The sum of every rank's numbers, the same bits on all: rank 0 begins, each adds its own, those of the last go around.
  /// `came` is memory for as many.
  template <class T>
  void sum(std::vector<T>& numbers, std::vector<T>& came) {
    const auto hop = [&](int sender) {  // was it this rank that received?
      const bool sends = rank() == sender, receives = rank() == (sender + 1) % size();
      start_shift(numbers.data(), sends ? numbers.size() * sizeof(T) : 0, came.data(), receives ? came.size() * sizeof(T) : 0);
      wait();
      return receives;
    };
    for (int sender = 0; sender + 1 < size(); ++sender)
      if (hop(sender)) std::transform(numbers.begin(), numbers.end(), came.begin(), numbers.begin(), std::plus<T>());
    for (int step = 0; step + 1 < size(); ++step)
      if (hop((size() - 1 + step) % size())) std::copy(came.begin(), came.end(), numbers.begin());
  }

 private:
  void keep(const char* words) {
    failed_ = true;
    std::snprintf(words_, sizeof words_, "%s", words);
#if defined(__cpp_exceptions)
    exception_ = std::current_exception();
#endif
  }
  /// Did a call of the communicator come through? What it throws is kept, the last time thrown on.
  template <class Call>
  bool reaches(Call call, [[maybe_unused]] bool last) {
#if defined(__cpp_exceptions)
    try {
      call();
      return true;
    } catch (const std::exception& e) {
      if (!failed_) keep(e.what());
      if (last) throw;
      return false;
    }
#else
    call();
    return true;
#endif
  }
  const any_communicator& ranks_;
  const char* who_;
  bool failed_ = false;
  char words_[sizeof letter::words] = {};
  std::vector<letter>& letters_;
#if defined(__cpp_exceptions)
  std::exception_ptr exception_;
#endif
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
