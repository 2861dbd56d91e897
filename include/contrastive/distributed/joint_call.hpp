// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One call that several ranks make together: what goes wrong on one of them is kept until all are told, so that nobody waits
// for a rank that has left.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/distributed/communicator.hpp>
#include <cstddef>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

class joint_call {
 public:
  joint_call(const any_communicator& ranks, const char* who) : ranks_(ranks), who_(who) {}

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

  /// The data of every rank. If something has gone wrong anywhere, all ranks throw instead: the one where it did what it was,
  /// the others std::runtime_error with the words of the first such rank.
  template <class Data>
  std::vector<Data> exchange(const Data& own) {
    static_assert(std::is_trivially_copyable_v<Data>);
    std::vector<letter<Data>> all(static_cast<std::size_t>(size()));
    letter<Data> mine;
    std::memset(static_cast<void*>(&mine), 0, sizeof mine);
    mine.data = own;
    // Twice: where the communicator itself fails, once, the others are waiting for this letter.
    for (int left = 2; left > 0; --left) {
      mine.failed = failed_ ? 1 : 0;
      words_.copy(mine.words, sizeof mine.words - 1);
      if (reaches([&] { ranks_.all_gather(&mine, sizeof mine, all.data()); }, left == 1)) break;
    }
#if defined(__cpp_exceptions)
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
#endif
    std::vector<Data> data;
    for (std::size_t r = 0; r < all.size(); ++r) {
      if (all[r].failed != 0)
        detail::fail<std::runtime_error>(std::string("contrastive: ") + who_ + ": rank " + std::to_string(r) +
                                         " has failed: " + all[r].words);
      data.push_back(all[r].data);
    }
    return data;
  }

  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    if (bytes == 0 && previous_bytes == 0) return;
    twice([&] { ranks_.start_shift(to_next, bytes, from_previous, previous_bytes); });
  }
  void wait() {
    twice([&] { ranks_.wait(); });
  }

  /// Blocks of every rank, counts[r] objects of rank r, one after another in `all`, where the own block already lies.
  template <class Object>
  void gather_blocks(const std::vector<index_type>& counts, Object* all) {
    static_assert(std::is_trivially_copyable_v<Object>);
    std::vector<Object*> begins;
    for (const index_type count : counts) begins.push_back(all), all += count;
    for (int step = 0; step + 1 < size(); ++step) {
      const auto here = static_cast<std::size_t>(source(step)), coming = static_cast<std::size_t>(source(step + 1));
      start_shift(begins[here], static_cast<std::size_t>(counts[here]) * sizeof(Object), begins[coming],
                  static_cast<std::size_t>(counts[coming]) * sizeof(Object));
      wait();
    }
  }

  /// The sum of every rank's numbers, the same bits on all: rank 0 begins, each adds its own, those of the last go around.
  template <class T>
  void sum(std::vector<T>& numbers) {
    std::vector<T> came(numbers.size());
    const auto hop = [&](int sender) {  // was it this rank that received?
      const bool sends = rank() == sender, receives = rank() == (sender + 1) % size();
      start_shift(numbers.data(), sends ? numbers.size() * sizeof(T) : 0, came.data(), receives ? came.size() * sizeof(T) : 0);
      wait();
      return receives;
    };
    for (int sender = 0; sender + 1 < size(); ++sender)
      if (hop(sender)) std::transform(numbers.begin(), numbers.end(), came.begin(), numbers.begin(), std::plus<T>());
    for (int step = 0; step + 1 < size(); ++step)
      if (hop((size() - 1 + step) % size())) numbers = came;
  }

 private:
  template <class Data>
  struct letter {
    Data data;
    int failed;
    char words[400];
  };

  void keep(const char* words) {
    failed_ = true, words_ = words;
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
  template <class Call>
  void twice(Call call) {
    if (!reaches(call, false)) reaches(call, true);
  }

  const any_communicator& ranks_;
  const char* who_;
  bool failed_ = false;
  std::string words_;
#if defined(__cpp_exceptions)
  std::exception_ptr exception_;
#endif
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
