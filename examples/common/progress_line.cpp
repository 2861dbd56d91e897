// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Printing of progress lines.
#include "common/progress_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

namespace examples {

std::string clock_time(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::fmin(std::fmax(seconds, 0), 3.6e6)));
  char text[48];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  return text;
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

progress_line::progress_line(std::string title, std::string unit, std::uint64_t total, std::uint64_t done)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      first_(done),
      done_(done),
      terminal_(isatty(STDOUT_FILENO) == 1) {
  shown_ = start_ - std::chrono::hours(1);
}

progress_line::~progress_line() {
  if (open_) std::fputc('\n', stdout);  // whatever comes next, an error most likely, starts on its own line
  std::fflush(stdout);
}

std::string progress_line::rate(std::uint64_t done, double seconds) const {
  const double speed = seconds > 0 ? static_cast<double>(done - first_) / seconds : 0;
  return with_commas(static_cast<std::uint64_t>(speed)) + " " + unit_ + "/s";
}

void progress_line::show(std::uint64_t done, const std::string& words) {
  done_ = done;
  const auto now = clock::now();
  if (now - shown_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10))) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double part = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3.0f %%", 100 * part);
  std::string line = title_ + "  " + percent + "  " + words;
  constexpr double settled = 2;  // seconds: the first steps, which allocate memory and start threads, say nothing of the rest
  if (done > first_ && !unit_.empty() && seconds >= settled)
    line += "  " + rate(done, seconds) + "  " +
            clock_time(seconds * static_cast<double>(total_ - done) / static_cast<double>(done - first_)) + " left";
  print(line, false);
}

void progress_line::note(const std::string& words) { print(title_ + "  " + words, true); }

void progress_line::finish(const std::string& words) {
  const double seconds = std::chrono::duration<double>(clock::now() - start_).count();
  std::string line = title_ + "  " + words;
  if (done_ > first_ && !unit_.empty()) line += "  " + rate(done_, seconds);
  print(line + "  " + clock_time(seconds), true);
}

void progress_line::print(const std::string& line, bool last) {
  std::string text = line;
  if (terminal_) {
    winsize window{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const std::size_t columns = known ? window.ws_col : 80;
    if (text.size() >= columns) text.resize(columns - 1);  // a line that wraps cannot be renewed
    std::printf("\r\033[K%s", text.c_str());
  } else {
    std::printf("%s", text.c_str());
  }
  open_ = terminal_ && !last;
  if (!open_) std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace examples
