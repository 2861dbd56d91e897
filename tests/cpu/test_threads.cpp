// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What threads make harder: a function of the user's that throws, a process that forks, an evaluator that several threads
// call.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <contrastive/cpu/schedule.hpp>
#include <contrastive/cpu/thread_team.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <support/engines.hpp>
#include <support/own_losses.hpp>
#include <support/settings.hpp>
#include <thread>
#include <vector>

namespace contrastive::testing {
namespace {

/// A loss of which each question may be the one that throws: when `left` questions have been asked.
struct throwing : scattered {
  enum class question { denominator, positive, of_tile, listed, prepare_anchor };

  static constexpr pair_statements says{.lists = true, .tiles = true, .anchor_factors = true};

  question asked = question::denominator;
  std::atomic<long>* left = nullptr;
  const double* anchor_factors = nullptr;

  void ask(question q) const {
    if (q == asked && left != nullptr && left->fetch_sub(1) <= 0) throw std::runtime_error("the user's own");
  }
  double denominator(index_type i, index_type j) const {
    ask(question::denominator);
    return scattered::denominator(i, j);
  }
  double positive(index_type i, index_type j) const {
    ask(question::positive);
    return scattered::positive(i, j);
  }
  tile_statement of_tile(const tile&) const {
    ask(question::of_tile);
    return {};
  }
  index_type listed_per_anchor() const { return 1; }
  index_type listed(index_type i, index_type) const {
    ask(question::listed);
    return i % 7;
  }
  bool prepares_anchors() const { return true; }
  double prepare_anchor(index_type i) const {
    ask(question::prepare_anchor);
    return static_cast<double>(i);
  }
};

struct throwing_symmetric : throwing {
  static constexpr pair_statements says{.symmetric = true, .lists = true, .tiles = true, .anchor_factors = true};
  double denominator(index_type i, index_type j) const {
    return i < j ? throwing::denominator(i, j) : throwing::denominator(j, i);
  }
  double positive(index_type i, index_type j) const { return i < j ? throwing::positive(i, j) : throwing::positive(j, i); }
};

/// What call() throws, in its words.
template <class Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

/// Throws at the first question of each kind, at the last and in between, and looks whether the evaluator is as before.
template <class T, class L>
void check_throwing(int threads, arrangement kind) {
  const arguments<T> rows({201, 100, similarity::cosine, reduction::none, 0.2, 0}, {201, 201});
  evaluator<T> evaluate({.threads = threads});
  L loss;
  loss.arrangement = kind;
  const result<T> expected = evaluate.value_and_gradient(loss, rows.views());
  CHECK(std::isfinite(expected.loss));
  for (const auto q : {throwing::question::denominator, throwing::question::positive, throwing::question::of_tile,
                       throwing::question::listed, throwing::question::prepare_anchor}) {
    loss.asked = q;
    std::atomic<long> never = 1'000'000'000;
    loss.left = &never;
    evaluate.value_and_gradient(loss, rows.views());
    const long questions = 1'000'000'000 - never;
    REQUIRE(questions > 0);
    for (const double share : {0.0, 0.3, 0.7, 1.0}) {
      const long after = std::lround(share * static_cast<double>(questions - 1));
      INFO(threads << " threads, arrangement " << static_cast<int>(kind) << ", question " << static_cast<int>(q) << ", "
                   << after << " of " << questions << " answered");
      std::atomic<long> left = after;
      loss.left = &left;
      CHECK(thrown([&] { evaluate.value_and_gradient(loss, rows.views()); }) == "the user's own");
      loss.left = nullptr;
      CHECK(same_bits(expected, evaluate.value_and_gradient(loss, rows.views())));
    }
  }
}

}  // namespace

TEST_CASE("thread team: the first exception reaches the caller, and the team works on") {
  cpu::thread_team team(4);
  const int threads = team.prepare(true);
  for (int round = 0; round < 200; ++round) {
    std::atomic<index_type> done = 0;
    const auto body = [&](index_type) {
      team.share(1000, [&](index_type t) {
        if (t == round * 5) throw std::runtime_error("task " + std::to_string(t));
        ++done;
      });
      team.alone([&] { done = -1; });
    };
    CHECK(thrown([&] { team.run(body); }) == "task " + std::to_string(round * 5));
    CHECK(done >= round * 5 - threads);
    CHECK(done < 1000);
    const auto whole = [&](index_type) { team.share(100, [&](index_type) { ++done; }); };
    done = 0;
    team.run(whole);
    CHECK(done == 100);
  }
}

TEST_CASE("thread team: where every thread throws, one exception reaches the caller") {
  cpu::thread_team team(4);
  team.prepare(true);
  for (int round = 0; round < 200; ++round) {
    const auto body = [](index_type) { throw std::runtime_error("everybody's"); };
    CHECK(thrown([&] { team.run(body); }) == "everybody's");
  }
}

TEST_CASE("thread team: nobody waits for a worker that is late") {
  cpu::thread_team team(3);
  team.prepare(true);
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> is_over = false;
    std::atomic<index_type> done = 0;
    const auto body = [&](index_type thread) {
      if (thread != 0)
        while (!is_over) std::this_thread::yield();
      for (int phase = 0; phase < 5; ++phase) team.share(10, [&](index_type) { ++done; });
      team.share_when_ready(
          10, [](index_type) { return true; }, [&](index_type) { ++done; });
      if (thread == 0) is_over = true;
    };
    team.prepare(true, 10);
    team.run(body);
    CHECK(done == 60);
  }
}

TEST_CASE("thread team: a phase begins when the one before is over, whichever threads take part") {
  cpu::thread_team team(4);
  team.prepare(true);
  for (int round = 0; round < 300; ++round) {
    std::atomic<index_type> done = 0;
    std::atomic<bool> in_order = true;
    const auto body = [&](index_type) {
      for (index_type phase = 0; phase < 20; ++phase)
        team.share(3, [&](index_type) {
          const index_type before = done++;
          if (before / 3 != phase) in_order = false;
        });
    };
    team.run(body);
    CHECK(done == 60);
    CHECK(in_order);
  }
}

TEST_CASE("thread team: of tasks that wait for others those are passed over whose turn it is not") {
  constexpr index_type blocks = 9;
  const cpu::tournament meetings(blocks);
  cpu::block_turns turns;
  turns.reserve(blocks);
  cpu::thread_team team(2);
  REQUIRE(team.prepare(true, meetings.num_meetings()) == 2);
  for (int round = 0; round < 100; ++round) {
    turns.clear();
    std::atomic<index_type> done = 0, last_round = 0;
    std::vector<index_type> turn(blocks, 0);  // written by whoever has the block
    std::atomic<bool> in_order = true;
    const auto body = [&](index_type) {
      team.share_when_ready(
          meetings.num_meetings(), [&](index_type m) { return turns.ready(meetings[m]); },
          [&](index_type m) {
            const cpu::meeting now = meetings[m];
            if (m == 0)  // late: the other thread goes on to the next rounds with the blocks that need not wait
              while (last_round < 2) std::this_thread::yield();
            last_round = std::max<index_type>(last_round, now.round);
            for (const index_type b : {now.anchors, now.candidates == now.anchors ? -1 : now.candidates})
              if (b >= 0 && turn[static_cast<std::size_t>(b)]++ != now.round) in_order = false;
            ++done;
            turns.finish(now);
          });
    };
    team.run(body);
    CHECK(done == meetings.num_meetings());
    CHECK(in_order);
  }
}

TEST_CASE("thread team: where a task throws that others wait for, all come back") {
  constexpr index_type count = 50;
  cpu::thread_team team(3);
  team.prepare(true, count);
  for (int round = 0; round < 100; ++round) {
    std::atomic<index_type> done = 0;
    const auto body = [&](index_type) {
      team.share_when_ready(
          count, [&](index_type t) { return t <= done; },
          [&](index_type t) {
            if (t == round % count) throw std::runtime_error("task " + std::to_string(t));
            ++done;
          });
    };
    CHECK(thrown([&] { team.run(body); }) == "task " + std::to_string(round % count));
    CHECK(done == round % count);
  }
}

TEST_CASE("thread team: a task may run a team of its own") {
  cpu::thread_team outer(2);
  outer.prepare(true);
  for (int round = 0; round < 50; ++round) {
    std::atomic<index_type> done = 0;
    const auto body = [&](index_type) {
      outer.share(4, [&](index_type) {
        cpu::thread_team inner(2);
        inner.prepare(true);
        const auto inner_body = [&](index_type) {
          for (int phase = 0; phase < 3; ++phase) inner.share(5, [&](index_type) { ++done; });
        };
        inner.run(inner_body);
      });
      outer.share(2, [&](index_type) { done += 100; });
    };
    outer.run(body);
    CHECK(done == 260);
  }
}

TEMPLATE_TEST_CASE("evaluator: what a function of the user's throws reaches the caller, and the next call is as before", "",
                   float, double) {
  for (const int threads : {1, 3}) {
    for (const arrangement kind : {arrangement::all_against_all, arrangement::first_against_all,
                                   arrangement::first_against_rest, arrangement::both_ways})
      check_throwing<TestType, throwing>(threads, kind);
    check_throwing<TestType, throwing_symmetric>(threads, arrangement::all_against_all);
  }
}

TEST_CASE("evaluator: where a function of the user's throws, gradients that are not summed in place are untouched") {
  const arguments<float> rows({201, 100, similarity::cosine, reduction::none, 0.2, 0}, {201, 201});
  evaluator<float> evaluate({.threads = 2});
  throwing loss;
  std::atomic<long> left = 1'000'000'000;
  loss.left = &left;
  evaluate.value_and_gradient(loss, rows.views());
  const long questions = 1'000'000'000 - left;
  matrix<float> a = matrix<float>::Constant(201, 100, 77), b = a;
  left = questions - 1;
  CHECK(thrown([&] { evaluate.value_and_gradient_into({a, b}, loss, rows.views()[0], rows.views()[1]); }) == "the user's own");
  CHECK((a.array() == 77).all());
  CHECK((b.array() == 77).all());
}

TEST_CASE("evaluator: after fork() the child computes with threads of its own") {
  const arguments<double> rows({201, 100, similarity::cosine, reduction::none, 0.2, 0}, {201, 201});
  auto evaluate = std::make_unique<evaluator<double>>(options{.threads = 2});
  auto untouched = std::make_unique<evaluator<double>>(options{.threads = 2});
  const result<double> expected = evaluate->value_and_gradient(scattered{}, rows.views());
  untouched->value_and_gradient(scattered{}, rows.views());
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // a child that hangs is killed
    untouched.reset();
    bool same = true;
    for (int call = 0; call < 3; ++call)
      same = same && same_bits(expected, evaluate->value_and_gradient(scattered{}, rows.views()));
    evaluate.reset();
    _exit(same ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(same_bits(expected, evaluate->value_and_gradient(scattered{}, rows.views())));
}

namespace {

/// Whoever asks this loss waits inside a call of the evaluator until `go_on`.
struct waiting : scattered {
  std::atomic<bool>*inside = nullptr, *go_on = nullptr;

  double denominator(index_type i, index_type j) const {
    inside->store(true);
    while (!go_on->load()) std::this_thread::yield();
    return scattered::denominator(i, j);
  }
};

/// A loss that calls an evaluator.
struct calling : scattered {
  evaluator<double>* evaluate = nullptr;
  const matrix<double>* rows = nullptr;

  double denominator(index_type, index_type) const { return evaluate->value(scattered{}, *rows); }
};

constexpr const char* one_at_a_time =
    "contrastive: evaluator: expected one call at a time, got a call while another one runs; give each thread an evaluator of "
    "its own";

}  // namespace

TEST_CASE("evaluator: a second thread in the middle of a call is told so, and the call goes on") {
  const matrix<double> rows = random_rows<double>(20, 3, 1);
  evaluator<double> evaluate({.threads = 1});
  const double expected = evaluate.value(scattered{}, rows);
  std::atomic<bool> inside = false, go_on = false;
  waiting loss;
  loss.inside = &inside, loss.go_on = &go_on;
  double came = 0;
  std::thread first([&] { came = evaluate.value(loss, rows); });
  while (!inside) std::this_thread::yield();
  std::string second, with_gradient;
  try {
    evaluate.value(scattered{}, rows);
  } catch (const std::logic_error& e) {
    second = e.what();
  }
  with_gradient = thrown([&] { evaluate.value_and_gradient(scattered{}, rows); });
  go_on = true;
  first.join();
  CHECK(second == one_at_a_time);
  CHECK(with_gradient == one_at_a_time);
  CHECK(came == expected);
  CHECK(evaluate.value(scattered{}, rows) == expected);
}

TEST_CASE("evaluator: a loss that calls the evaluator it is asked by is told so") {
  const matrix<double> rows = random_rows<double>(20, 3, 1);
  evaluator<double> evaluate({.threads = 1});
  const double expected = evaluate.value(scattered{}, rows);
  calling loss;
  loss.evaluate = &evaluate, loss.rows = &rows;
  CHECK(thrown([&] { evaluate.value(loss, rows); }) == one_at_a_time);
  CHECK(evaluate.value(scattered{}, rows) == expected);
}

}  // namespace contrastive::testing
