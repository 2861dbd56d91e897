// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Progress of a long loop: one line that renews itself on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace examples {

class progress_line {
 public:
  /// `unit` is what is counted, such as "pictures", or empty where speed means nothing; `done` of `total` were there before (a
  /// run that goes on).
  progress_line(std::string title, std::string unit, std::uint64_t total, std::uint64_t done = 0);
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Shows "title  43 %  words  12,345 pictures/s  0:34 left", at most ten times a second (every ten seconds in a file); speed
  /// and time left from the third second on.
  void show(std::uint64_t done, const std::string& words);

  /// A line that stays, "title  words"; the progress goes on below it.
  void note(const std::string& words);

  /// The last state with the time it took, and a new line.
  void finish(const std::string& words);

 private:
  using clock = std::chrono::steady_clock;
  std::string rate(std::uint64_t done, double seconds) const;
  void print(const std::string& line, bool last);

  std::string title_, unit_;
  std::uint64_t total_, first_, done_;
  clock::time_point start_ = clock::now(), shown_;
  bool terminal_, open_ = false;
};

/// "0:07", "2:31", "1:02:09".
std::string clock_time(double seconds);
/// "12,345".
std::string with_commas(std::uint64_t number);

}  // namespace examples
