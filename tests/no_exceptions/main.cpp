// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A program of which this file is compiled with -fno-exceptions and caught.cpp without: here an error ends the process, by the
// handler or by std::abort, there it is caught. Each error gets a process of its own.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <contrastive/contrastive.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

#if defined(__cpp_exceptions)
#error "this file is to be compiled with -fno-exceptions"
#endif

bool caught_where_exceptions_are_on();
void loss_and_gradient(double* results);  // of caught.cpp

namespace {

constexpr int num_rows = 301, dim = 50;
double a[num_rows * dim], b[num_rows * dim];

/// What a child that calls provoke() writes to stderr, and how it ends.
std::string ending(void (*provoke)(), int& status) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    provoke();
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  char part[256];
  for (ssize_t count = read(ends[0], part, sizeof part); count > 0; count = read(ends[0], part, sizeof part))
    said.append(part, static_cast<std::size_t>(count));
  close(ends[0]);
  waitpid(child, &status, 0);
  return said;
}

void unequal_rows() {
  const contrastive::matrix_view<const double> all(a, num_rows, dim), fewer(b, num_rows - 1, dim);
  contrastive::value(contrastive::nt_xent{}, all, fewer);
}
void leave(const char* message) {
  std::fprintf(stderr, "the handler got: %s", message);
  _exit(42);
}
void with_handler() {
  contrastive::set_error_handler(leave);
  unequal_rows();
}
void with_a_handler_that_returns() {
  contrastive::set_error_handler([](const char*) {});
  unequal_rows();
}
void no_queue_in_the_stream() {
  contrastive::feature_queue<float> queue(4, 2);
  std::istringstream empty;
  queue.load(empty);
}

bool check(const char* what, bool right) {
  if (!right) std::printf("wrong: %s\n", what);
  return right;
}

}  // namespace

int main() {
  const std::string refused = "contrastive: nt_xent: argument 2: expected 301 rows as in argument 1, got 300 rows";
  int status = 0;
  bool right = true;
  const auto aborted = [&] { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; };
  right &= check("by default the message goes to stderr", ending(unequal_rows, status) == refused + '\n');
  right &= check("and the program is aborted", aborted());
  right &= check("a handler gets the message", ending(with_handler, status) == "the handler got: " + refused);
  right &= check("and may leave the program in its own way", WIFEXITED(status) && WEXITSTATUS(status) == 42);
  right &= check("a handler that returns has said nothing", ending(with_a_handler_that_returns, status).empty());
  right &= check("and the program is aborted", aborted());
  right &= check("a queue's errors take the same way", ending(no_queue_in_the_stream, status).find("feature_queue") == 13);
  right &= check("and the program is aborted", aborted());
  right &= check("set_error_handler returns the handler before",
                 contrastive::set_error_handler(leave) == nullptr && contrastive::set_error_handler(nullptr) == leave);

  right &= check("a file with exceptions catches them", caught_where_exceptions_are_on());
  double here[3], there[3];
  loss_and_gradient(there);
  for (int i = 0; i < num_rows * dim; ++i) a[i] = std::sin(i), b[i] = std::cos(i);
  double da[num_rows * dim], db[num_rows * dim];
  contrastive::evaluator<double> evaluate({.threads = 2});
  const contrastive::matrix_view<const double> rows_a(a, num_rows, dim), rows_b(b, num_rows, dim);
  const auto& r = evaluate.value_and_gradient_into(
      {contrastive::matrix_view<double>(da, num_rows, dim), contrastive::matrix_view<double>(db, num_rows, dim)},
      contrastive::nt_xent{}, rows_a, rows_b);
  here[0] = r.loss, here[1] = da[7], here[2] = db[7];
  right &= check("the loss is a number", here[0] > 0 && std::isfinite(here[0]));
  right &= check("both files compute the same", std::memcmp(here, there, sizeof here) == 0);
  return right ? 0 : 1;
}
