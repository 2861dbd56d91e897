// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Runs a body on threads as ranks, and keeps what each of them throws.
#pragma once

#include <algorithm>
#include <contrastive/distributed/threads.hpp>
#include <distributed/on_ranks.hpp>
#include <string>
#include <support/agreement.hpp>
#include <support/catch.hpp>
#include <thread>
#include <vector>

namespace contrastive::testing {

/// body(communicator) on each rank; the words of what each has thrown, or none. Between ranks and threads may stand
/// wrap(communicator), such as one that fails.
template <class Body, class Wrap>
std::vector<std::string> words_of_ranks(int num_ranks, Body body, Wrap wrap) {
  distributed::thread_group group(num_ranks);
  std::vector<std::string> words(static_cast<std::size_t>(num_ranks));
  std::vector<std::thread> threads;
  for (int r = 0; r < num_ranks; ++r)
    threads.emplace_back([&, r] {
      distributed::thread_communicator ranks{group, r};
      auto wrapped = wrap(ranks);
      try {
        body(wrapped);
      } catch (const std::exception& e) {
        words[static_cast<std::size_t>(r)] = e.what();
      }
    });
  for (std::thread& t : threads) t.join();
  return words;
}
template <class Body>
std::vector<std::string> words_of_ranks(int num_ranks, Body body) {
  return words_of_ranks(num_ranks, body, [](auto& ranks) { return distributed::any_communicator(ranks); });
}

/// The largest error of all ranks, of error(communicator) on each, where none may throw.
template <class Error, class... Wrap>
double error_on_threads(int num_ranks, Error error, Wrap... wrap) {
  std::vector<double> errors(static_cast<std::size_t>(num_ranks), infinitely_far);
  for (const std::string& words : words_of_ranks(
           num_ranks, [&](auto& ranks) { errors[static_cast<std::size_t>(ranks.rank())] = error(ranks); }, wrap...))
    if (!words.empty()) FAIL_CHECK(words);
  return *std::max_element(errors.begin(), errors.end());
}

}  // namespace contrastive::testing
