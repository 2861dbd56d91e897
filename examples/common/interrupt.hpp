// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a question that a long loop asks: save and leave?
#pragma once

#include <csignal>

namespace examples {

/// While one lives, the first Ctrl-C is only noted, and the second ends the program at once.
class interrupt_watch {
 public:
  interrupt_watch() : before_(std::signal(SIGINT, note)) { noted() = 0; }
  ~interrupt_watch() { std::signal(SIGINT, before_); }
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

  bool interrupted() const { return noted() != 0; }

 private:
  static volatile std::sig_atomic_t& noted() {
    static volatile std::sig_atomic_t flag = 0;
    return flag;
  }
  static void note(int) {
    noted() = 1;
    std::signal(SIGINT, SIG_DFL);
  }

  void (*before_)(int);
};

}  // namespace examples
