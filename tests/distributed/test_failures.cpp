// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What goes wrong on one rank, or between ranks: everybody is told, in words, nobody waits, and nothing is written.
#include <chrono>
#include <contrastive/contrastive.hpp>
#include <cstring>
#include <distributed/on_threads.hpp>
#include <functional>
#include <support/engines.hpp>
#include <support/random.hpp>

namespace contrastive::testing {
namespace {

using distributed::any_communicator;
using distributed::grad_scale;

constexpr index_type dim = 6;
constexpr index_type rows_of(int rank) { return 3 + 2 * rank; }

matrix<double> rows_on(int rank, std::uint64_t which, index_type cols = dim) {
  return random_rows<double>(rows_of(rank), cols, which + 10 * static_cast<std::uint64_t>(rank));
}

/// Ranks 0, 1, 2 call body(communicator); all of them have to fail, with these words and, but for rank `where`, its number.
void check_refused(const std::function<void(any_communicator&)>& body, const std::string& words) {
  for (const std::string& said : words_of_ranks(3, body)) {
    INFO("expected: " << words);
    CHECK(said.find(words) != std::string::npos);
  }
}

/// A loss whose pairs are watched while they are computed.
struct watched {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  const std::function<void(index_type candidate)>* at_pair = nullptr;

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr mean_log rule{};
  struct pairs {
    const std::function<void(index_type)>* at_pair;
    double denominator(index_type i, index_type j) const {
      if (at_pair != nullptr) (*at_pair)(j);
      return i != j ? 1 : 0;
    }
    double positive(index_type i, index_type j) const { return (i ^ 1) == j ? 1 : 0; }
  };
  pairs bind(const argument_shapes&) const { return {at_pair}; }
};

/// A loss that says how many pairs it lists by throwing, and has a list of rows besides.
struct lists_badly {
  double temperature = 0.5;
  contrastive::similarity similarity = contrastive::similarity::cosine;
  contrastive::reduction reduction = contrastive::reduction::mean;
  bool broken = false;
  label_view ids = {};

  static constexpr auto arrangement = contrastive::arrangement::all_against_all;
  static constexpr mean_log rule{};
  static constexpr pair_statements says{.lists = true};
  double denominator(index_type i, index_type j) const { return i != j ? 1 : 0; }
  double positive(index_type i, index_type j) const { return (i ^ 1) == j ? 1 : 0; }
  index_type listed_per_anchor() const {
    if (broken) throw std::runtime_error("no list today");
    return 1;
  }
  index_type listed(index_type i, index_type) const { return i ^ 1; }
};

/// Calls of a communicator are counted, and something happens at one of them.
class at_call {
 public:
  enum class what { throws, dies, drops_bytes, repeats_bytes, waits };

  at_call(distributed::thread_communicator& ranks, int call, what happens) : ranks_(ranks), call_(call), happens_(happens) {}
  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  int calls() const { return now_; }
  void all_gather(const void* own, std::size_t bytes, void* all) {
    count();
    ranks_.all_gather(own, bytes, all);
  }
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    const bool mine = count();
    if (mine && previous_bytes > 0 && (happens_ == what::drops_bytes || happens_ == what::repeats_bytes)) {
      spoilt_ = from_previous;
      old_.assign(previous_bytes, 0);
      if (happens_ == what::repeats_bytes) std::memcpy(old_.data(), from_previous, previous_bytes);
    }
    ranks_.start_shift(to_next, bytes, from_previous, previous_bytes);
  }
  void wait() {
    if (happens_ == what::dies) ranks_.wait();  // nothing uses the memory of a shift after a wait that throws
    count();
    ranks_.wait();
    if (spoilt_ == nullptr) return;
    did_ = std::memcmp(spoilt_, old_.data(), old_.size()) != 0;
    std::memcpy(spoilt_, old_.data(), old_.size());
    spoilt_ = nullptr;
  }
  bool did() const { return did_; }  // did other bytes arrive than were sent?

 private:
  bool count() {
    const bool now = now_ == call_, dead = happens_ == what::dies && call_ >= 0 && now_ > call_;
    ++now_;
    if (dead || (now && (happens_ == what::throws || happens_ == what::dies))) throw std::runtime_error("the line is dead");
    if (now && happens_ == what::waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return now;
  }

  distributed::thread_communicator& ranks_;
  int call_, now_ = 0;
  what happens_;
  void* spoilt_ = nullptr;  // memory that is to hold old_ instead of what comes
  std::vector<char> old_;
  bool did_ = false;
};

/// Calls of each kind, on 11 rows of three ranks and a queue.
struct kinds_of_calls {
  struct kind {
    const char* what;
    any_loss loss;
    views<double> rows;
    cut where;

    /// Memory for the gradients of a rank, full of sevens.
    std::vector<matrix<double>> memory(int rank) const {
      std::vector<matrix<double>> sevens;
      for (std::size_t of = 0; of < rows.size(); ++of)
        sevens.push_back(matrix<double>::Constant(where.replicated(of) ? rows[of].rows : where.rows(of, rank), dim, 7));
      return sevens;
    }
  };
  const matrix<double> a = random_rows<double>(11, dim, 1), b = random_rows<double>(11, dim, 2),
                       queue = random_rows<double>(14, dim, 3);
  const std::vector<int> labels = random_labels(11, 3, 4);
  const std::vector<index_type> spread{0, 3, 7, 11}, of_queue{0, 6, 9, 14};
  const kind all[6] = {
      {"symmetric", nt_xent{.temperature = 0.2}, {a, b}, {{spread, spread}}},
      {"both ways", clip{.temperature = 0.2, .ids = labels}, {a, b}, {{spread, spread}}},
      {"against the rest", info_nce{.temperature = 0.2}, {a, b, queue}, {{spread, spread, of_queue}}},
      {"against a queue that all ranks have", info_nce{.temperature = 0.2}, {a, b, queue}, {{spread, spread, of_queue}, true}},
      {"in three passes", sincere{.temperature = 0.2, .labels = labels}, {a}, {{spread}}},
      {"with a sum over the batch", decoupled{.temperature = 0.2, .sigma = 0.7}, {a, b}, {{spread, spread}}}};
};

}  // namespace

TEST_CASE("distributed: ranks that do not ask for the same are refused, on all of them") {
  const auto call = [](any_communicator& ranks, const auto& loss, const auto&... rows) {
    distributed::evaluator<double>{ranks, grad_scale::sum}.value_and_gradient(loss, rows...);
  };
  const auto one = [](any_communicator& ranks) { return ranks.rank() == 1; };
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{.temperature = one(ranks) ? 0.2 : 0.1}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      "temperature: expected 0.1 as on rank 0, got 0.2 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        const auto a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
        one(ranks) ? call(ranks, decoupled{.temperature = 0.5}, a, b) : call(ranks, nt_xent{.temperature = 0.5}, a, b);
      },
      "loss: expected nt_xent as on rank 0, got decoupled on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{}, rows_on(ranks.rank(), 1, one(ranks) ? dim + 1 : dim), rows_on(ranks.rank(), 2));
      },
      "argument 1 on rank 1: expected 6 columns, got 7 columns");
  check_refused(
      [&](any_communicator& ranks) {
        const auto a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
        one(ranks) ? call(ranks, nt_xent{}, a, b, b) : call(ranks, nt_xent{}, a, b);
      },
      "embedding arguments: expected 2 as on rank 0, got 3 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, hard_negative{.tau_plus = one(ranks) ? 0.1 : 0.2}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      "parameters of the loss: expected the same on every rank, got others on rank 1 than on rank 0");
  check_refused(
      [&](any_communicator& ranks) {
        const std::vector<int> labels(static_cast<std::size_t>(rows_of(ranks.rank()) - (one(ranks) ? 1 : 0)), 3);
        call(ranks, sup_con{.labels = labels}, rows_on(ranks.rank(), 1));
      },
      "labels: expected 5 entries on rank 1, one a row of argument 1, got 4 entries");
  check_refused(
      [&](any_communicator& ranks) {
        const std::vector<float> weights(static_cast<std::size_t>(rows_of(ranks.rank())), one(ranks) ? -1.0f : 1.0f);
        call(ranks, info_nce{.anchor_weights = weights}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      "anchor_weights[0]: expected a finite weight of at least 0, got -1");
  check_refused(
      [&](any_communicator& ranks) {
        const std::vector<int> labels(static_cast<std::size_t>(rows_of(ranks.rank())), 1);
        call(ranks, d2d_ce{.labels = labels}, rows_on(ranks.rank(), 1), rows_on(0, 2));
      },
      "expected replicated(proxies), the same ones on every rank");
  check_refused(
      [&](any_communicator& ranks) {
        const auto queue = rows_on(ranks.rank(), 2);
        call(ranks, info_nce{}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 3), distributed::replicated(queue));
      },
      "rows of argument 3, which is replicated: expected 3 as on rank 0, got 5 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{}, rows_on(ranks.rank(), 1), distributed::replicated(rows_on(0, 2)));
      },
      "argument 2: expected rows of each rank's own: it has anchors, got replicated rows");
  check_refused(
      [&](any_communicator& ranks) {
        const matrix<double> none(0, dim);
        call(ranks, nt_xent{}, none, none);
      },
      "expected at least one row, got 0 rows");
}

TEST_CASE("distributed: ranks that do not ask for the same are refused, whatever it is that differs") {
  const kinds_of_calls calls;
  const cut &of_two = calls.all[0].where, &of_three = calls.all[2].where;
  const auto call_with = [&](any_communicator& ranks, const any_loss& usual, const any_loss& of_rank_1,
                             grad_scale scale_of_rank_1) {
    const bool one = ranks.rank() == 1;
    distributed::evaluator<double> evaluate{ranks, one ? scale_of_rank_1 : grad_scale::sum};
    call(evaluate, ranks.rank(), one ? of_rank_1 : usual, {calls.a, calls.b}, of_two);
  };
  const struct {
    any_loss usual, of_rank_1;
    const char* words;
    grad_scale of_gradients = grad_scale::sum;
  } pairs[] = {
      {siglip{.bias = -2}, siglip{.bias = -1}, "bias: expected -2 as on rank 0, got -1 on rank 1"},
      {nt_xent{}, nt_xent{.similarity = similarity::dot}, "similarity (its number): expected 0 as on rank 0, got 1 on rank 1"},
      {nt_xent{}, nt_xent{.reduction = reduction::sum}, "reduction (its number): expected 0 as on rank 0, got 1 on rank 1"},
      {scattered{.arrangement = arrangement::all_against_all}, scattered{.arrangement = arrangement::first_against_rest},
       "arrangement (its number): expected"},
      {nt_xent{}, nt_xent{}, "grad_scale (its number): expected 0 as on rank 0, got 1 on rank 1", grad_scale::mean}};
  for (const auto& p : pairs)
    check_refused([&](any_communicator& ranks) { call_with(ranks, p.usual, p.of_rank_1, p.of_gradients); }, p.words);

  check_refused(
      [&](any_communicator& ranks) {
        const matrix<float> a = calls.a.cast<float>(), b = calls.b.cast<float>();
        distributed::evaluator<float> in_float{ranks, grad_scale::sum};
        distributed::evaluator<double> in_double{ranks, grad_scale::sum};
        if (ranks.rank() == 1)
          call(in_float, 1, nt_xent{}, {a, b}, of_two);
        else
          call(in_double, ranks.rank(), nt_xent{}, {calls.a, calls.b}, of_two);
      },
      "bytes of a number: expected 8 as on rank 0, got 4 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        const matrix<double> a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
        if (ranks.rank() == 1)
          evaluate.value(nt_xent{}, a, b);
        else
          evaluate.value_and_gradient(nt_xent{}, a, b);
      },
      "gradients wanted (0 or 1): expected 1 as on rank 0, got 0 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        call(evaluate, ranks.rank(), info_nce{}, calls.all[2].rows, ranks.rank() == 1 ? calls.all[3].where : of_three);
      },
      "argument 3 replicated (0 or 1): expected 0 as on rank 0, got 1 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        std::vector<matrix<double>> memory = calls.all[2].memory(ranks.rank());
        std::vector<matrix_view<double>> into{memory.begin(), memory.end()};
        if (ranks.rank() == 1) into[1] = {};
        call(evaluate, ranks.rank(), info_nce{}, calls.all[2].rows, of_three, &into);
      },
      "argument 2 with a gradient (0 or 1): expected 1 as on rank 0, got 0 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        const matrix<double> a = rows_on(ranks.rank(), 1);
        ranks.rank() == 1 ? evaluate.value(lists_badly{}, a) : evaluate.value(watched{}, a);
      },
      "lists of rows: expected 1 as on rank 0, got 2 on rank 1");
}

TEST_CASE("distributed: parameters that differ are refused, whatever they are parameters of") {
  const auto call = [](any_communicator& ranks, const auto& loss, const auto&... rows) {
    distributed::evaluator<double>{ranks, grad_scale::sum}.value(loss, rows...);
  };
  const auto one = [](any_communicator& ranks) { return ranks.rank() == 1; };
  const std::string others = "parameters of the loss: expected the same on every rank, got others on rank 1 than on rank 0";
  const std::function<void(any_communicator&)> calls[] = {
      [&](any_communicator& ranks) {
        call(ranks, hard_negative{.tau_plus = one(ranks) ? 0.3 : 0.5}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        call(ranks, hard_negative{.beta = one(ranks) ? 1.0 : 2.0}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        call(ranks, decoupled{.sigma = one(ranks) ? 0.5 : 0.7}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        call(ranks, decoupled{.sigma = one(ranks) ? 0.5 : 0.0}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{.include_self = one(ranks)}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        const matrix<float> theta = random_rows<float>(rows_of(ranks.rank()), 2, 5);
        const auto weights = weights_from(theta, {}, degradation_prior{.scale = one(ranks) ? 9.0 : 1.0});
        call(ranks, basic_weighted_info_nce<parameter_weights<degradation_prior>>{.weights = weights}, rows_on(ranks.rank(), 1),
             rows_on(ranks.rank(), 2));
      },
      [&](any_communicator& ranks) {
        const matrix<float> weights = matrix<float>::Ones(rows_of(ranks.rank()), 15);
        const auto scaled = one(ranks) ? weight_normalization::mean_one : weight_normalization::none;
        call(ranks, weighted_info_nce{.normalize = scaled, .weights = weights}, rows_on(ranks.rank(), 1),
             rows_on(ranks.rank(), 2));
      }};
  for (const auto& one_call : calls) check_refused(one_call, others);
  check_refused(
      [&](any_communicator& ranks) {
        const std::vector<float> weights(static_cast<std::size_t>(rows_of(ranks.rank())), 2.0f);
        call(ranks, info_nce{.anchor_weights = one(ranks) ? weight_view(weights) : weight_view()}, rows_on(ranks.rank(), 1),
             rows_on(ranks.rank(), 2));
      },
      "anchor_weights: expected 3 entries on rank 0, one a row of argument 1, got 0 entries");
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{.temperature = one(ranks) ? 0.07000001 : 0.07000002}, rows_on(ranks.rank(), 1),
             rows_on(ranks.rank(), 2));
      },
      "temperature: expected 0.07000002 as on rank 0, got 0.07000001 on rank 1");
  check_refused(
      [&](any_communicator& ranks) {
        call(ranks, nt_xent{.temperature = std::nan("")}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
      },
      "temperature: expected a positive");
}

TEST_CASE("distributed: what one rank finds wrong by itself leaves nobody waiting") {
  const auto one = [](any_communicator& ranks) { return ranks.rank() == 1; };
  const auto a = [](any_communicator& ranks) { return rows_on(ranks.rank(), 1); };
  const auto b = [](any_communicator& ranks) { return rows_on(ranks.rank(), 2); };
  check_refused(
      [&](any_communicator& ranks) {
        const matrix<float> weights = matrix<float>::Ones(rows_of(ranks.rank()) - (one(ranks) ? 1 : 0), 15);
        distributed::evaluator<double>{ranks, grad_scale::sum}.value(weighted_info_nce{.weights = weights}, a(ranks), b(ranks));
      },
      "weights: expected 5 rows, one an anchor of this rank, got 4 rows");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        distributed::evaluator<double> kept = std::move(evaluate);
        (one(ranks) ? evaluate : kept).value(nt_xent{}, a(ranks), b(ranks));
      },
      "evaluator: expected one that holds its workspace, got one that was moved from");
  check_refused(
      [&](any_communicator& ranks) {
        const std::vector<int> ids(static_cast<std::size_t>(rows_of(ranks.rank())));
        const label_view nothing(static_cast<const int*>(nullptr), rows_of(ranks.rank()));
        distributed::evaluator<double>{ranks, grad_scale::sum}.value(info_nce{.ids = one(ranks) ? nothing : label_view(ids)},
                                                                     a(ranks), b(ranks));
      },
      "ids: expected memory, got a null pointer");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
        matrix<double> of_a = a(ranks), of_b = b(ranks);
        const std::vector<matrix_view<double>> both{of_a, of_b};
        evaluate.value_and_gradient_into(one(ranks) ? std::vector<matrix_view<double>>{} : both, nt_xent{}, a(ranks), b(ranks));
      },
      "gradients: expected 2 views, one an embedding argument, got 0");
  check_refused(
      [&](any_communicator& ranks) {
        distributed::evaluator<double>{ranks, grad_scale::sum}.value(lists_badly{.broken = one(ranks)}, a(ranks));
      },
      "no list today");
}

TEST_CASE("distributed: memory for a gradient that is not wanted is left alone") {
  const auto words = words_of_ranks(2, [](any_communicator& ranks) {
    const matrix<double> a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
    matrix<double> of_a = a, of_b = matrix<double>::Constant(b.rows(), dim, 7);
    distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
    evaluate.value_and_gradient_into({of_a, of_b}, info_nce{}, a, no_gradient(b));
    if (!(of_b.array() == 7).all()) throw std::logic_error("it was written to");
    if (of_a == a) throw std::logic_error("no gradient was written");
  });
  for (const std::string& w : words) CHECK(w == "");
}

TEST_CASE("distributed: a rank without anchors has no row of a matrix of weights, and no memory for one") {
  const index_type n = 6;
  const matrix<double> a = random_rows<double>(n, dim, 1), b = random_rows<double>(n, dim, 2);
  const matrix<float> weights = random_weights(n, n, 3);
  const double whole = value(weighted_info_nce{.weights = weights}, a, b),
               targets = value(soft_targets{.targets = weights}, a, b);
  const auto words = words_of_ranks(2, [&](any_communicator& ranks) {
    const index_type mine = ranks.rank() == 0 ? n : 0;
    const matrix<double> own_a = a.topRows(mine), own_b = b.topRows(mine);
    const matrix<float> own = weights.topRows(mine);
    distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
    if (std::fabs(evaluate.value(weighted_info_nce{.weights = own}, own_a, own_b) - whole) > 1e-13 ||
        std::fabs(evaluate.value(soft_targets{.targets = own}, own_a, own_b) - targets) > 1e-13)
      throw std::logic_error("another value");
  });
  for (const std::string& w : words) CHECK(w == "");
}

TEST_CASE("distributed: constants of anchors are those of the anchors, where few come after many") {
  const index_type n = 203;
  const matrix<double> a = random_rows<double>(n, dim, 1), b = random_rows<double>(n, dim, 2);
  std::vector<double> probabilities;
  for (index_type i = 0; i < n; ++i) probabilities.push_back(1.0 / static_cast<double>(2 + i));
  const clip loss{.temperature = 0.2, .candidate_probabilities = probabilities};
  const views<double> rows{a, b};
  const answer whole = on_cpu<double>(loss, rows, {.threads = 1});
  const cut where{{{0, 200, n}, {0, 200, n}}};
  CHECK(error_on_threads(2, [&](const auto& ranks) { return error_on_rank(ranks, loss, rows, where, whole); }) <= 1e-12);
}

TEST_CASE("distributed: what a loss throws on one rank all ranks hear of, and the next call is right") {
  for (const std::string& words : words_of_ranks(3, [](any_communicator& ranks) {
         distributed::evaluator<double> evaluate{ranks, grad_scale::sum, {.threads = 1}};
         const matrix<double> a = rows_on(ranks.rank(), 1);
         const double before = evaluate.value(watched{}, a);
         const std::function<void(index_type)> breaks = [&](index_type j) {
           if (ranks.rank() == 1 && j == 7) throw std::runtime_error("pair 7 is out of order");
         };
         std::string words;
         try {
           evaluate.value(watched{.at_pair = &breaks}, a);
         } catch (const std::exception& e) {
           words = e.what();
         }
         if (words.find(ranks.rank() == 1 ? "pair 7 is out of order" : "rank 1 has failed: pair 7 is out of order") ==
             std::string::npos)
           throw std::logic_error("heard: " + words);
         if (evaluate.value(watched{}, a) != before) throw std::logic_error("another value than before");
       }))
    CHECK(words == "");
}

TEST_CASE("distributed: whichever call of a communicator fails, all ranks report it and write nothing") {
  const kinds_of_calls calls;
  const int num_ranks = 3;
  for (const auto happens : {at_call::what::throws, at_call::what::dies})
    for (const auto& kind : calls.all) {
      const bool repaired = happens == at_call::what::throws;
      int k = 0;  // counts the calls of rank 0, of rank 1, of rank 2, then the next of each
      for (int fine = 0; fine < num_ranks && k < 300; ++k) {
        const int failing = k % num_ranks;
        INFO(kind.what << ": call " << k / num_ranks << " of rank " << failing
                       << (repaired ? " fails" : " fails, and all after it"));
        std::vector<int> wrote(num_ranks, 0);
        const auto words = words_of_ranks(
            num_ranks,
            [&](auto& ranks) {
              distributed::evaluator<double> evaluate{ranks, grad_scale::sum, {.threads = 1}};
              std::vector<matrix<double>> memory = kind.memory(ranks.rank());
              const std::vector<matrix_view<double>> into{memory.begin(), memory.end()};
              const auto make = [&] { call(evaluate, ranks.rank(), kind.loss, kind.rows, kind.where, &into); };
              const auto untouched = [&](const matrix<double>& m) { return (m.array() == 7).all(); };
              try {
                make();
                wrote[static_cast<std::size_t>(ranks.rank())] = 1;
              } catch (...) {
                if (!std::all_of(memory.begin(), memory.end(), untouched)) throw std::logic_error("gradients were written");
                if (repaired) make();
                if (repaired && std::any_of(memory.begin(), memory.end(), untouched))
                  throw std::logic_error("no gradients were written");
                throw;
              }
            },
            [&](distributed::thread_communicator& ranks) {
              return at_call(ranks, ranks.rank() == failing ? k / num_ranks : -1, happens);
            });
        const bool done = wrote[0] == 1;
        fine = done ? fine + 1 : 0;
        for (std::size_t r = 0; r < words.size(); ++r) {
          INFO("rank " << r << " says: " << words[r]);
          CHECK((wrote[r] == 1) == done);
          const bool told = words[r].find("the line is dead") != std::string::npos,
                     deserted = words[r].find("a rank has left the group") != std::string::npos;
          CHECK((told || (!repaired && deserted)) == !done);
        }
      }
      INFO(kind.what);
      CHECK(k < 300);
      CHECK(k > 15 * num_ranks);  // there were as many calls
    }
}

TEST_CASE("distributed: a rank that leaves ends the calls of the others") {
  const auto words = words_of_ranks(3, [](any_communicator& ranks) {
    if (ranks.rank() == 2) return;
    distributed::evaluator<double>{ranks, grad_scale::sum}.value(nt_xent{}, rows_on(ranks.rank(), 1), rows_on(ranks.rank(), 2));
  });
  CHECK(words[0].find("a rank has left the group") != std::string::npos);
  CHECK(words[1].find("a rank has left the group") != std::string::npos);
}

TEST_CASE("distributed: when ranks come late makes no difference, to the last bit") {
  const kinds_of_calls calls;
  for (const auto& kind : calls.all) {
    std::vector<result<double>> first(3), then(3);
    int num_calls = 0;
    const auto run = [&](std::vector<result<double>>& to, int late_at) {
      const auto words = words_of_ranks(
          3,
          [&](auto& ranks) {
            distributed::evaluator<double> evaluate{ranks, grad_scale::sum, {.threads = 2}};
            to[static_cast<std::size_t>(ranks.rank())] = call(evaluate, ranks.rank(), kind.loss, kind.rows, kind.where);
            if (ranks.rank() == 0) num_calls = ranks.calls();
          },
          [&](distributed::thread_communicator& ranks) {
            return at_call(ranks, ranks.rank() == late_at % 3 ? late_at : -1, at_call::what::waits);
          });
      for (const std::string& w : words) CHECK(w == "");
    };
    run(first, -1);
    for (int k = 0; k < num_calls; ++k) {
      INFO(kind.what << ": a rank waits before its call " << k);
      run(then, k);
      for (std::size_t r = 0; r < first.size(); ++r) CHECK(same_bits(first[r], then[r]));
    }
  }
}

/// Notes what is under way.
class noted {
 public:
  explicit noted(distributed::thread_communicator& ranks) : ranks_(ranks) {}
  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  void all_gather(const void* own, std::size_t bytes, void* all) { ranks_.all_gather(own, bytes, all); }
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    if (under_way++ == 0) first_bytes = bytes;
    started = true;
    ranks_.start_shift(to_next, bytes, from_previous, previous_bytes);
  }
  void wait() {
    ranks_.wait();
    under_way = 0;
  }

  int under_way = 0;            // shifts that were started and not waited for
  std::size_t first_bytes = 0;  // that the first of them sends
  bool started = false;

 private:
  distributed::thread_communicator& ranks_;
};

TEST_CASE("distributed: a block is on its way to the next rank while it is computed") {
  const auto words = words_of_ranks(
      3,
      [](noted& ranks) {
        const matrix<double> a = rows_on(ranks.rank(), 1);
        int computed = 0, late = 0;
        const std::function<void(index_type)> at_pair = [&](index_type j) {
          if (!ranks.started) return;  // ranks compare their losses
          const int owner = j < rows_of(0) ? 0 : j < rows_of(0) + rows_of(1) ? 1 : 2, step = (ranks.rank() - owner + 3) % 3;
          if (step == 2) return;  // there it goes no further
          ++computed;
          late += ranks.under_way > 0 && ranks.first_bytes == static_cast<std::size_t>(rows_of(owner) * dim) * sizeof(double)
                      ? 0
                      : 1;
        };
        distributed::evaluator<double>{ranks, grad_scale::sum, {.threads = 1}}.value_and_gradient(watched{.at_pair = &at_pair},
                                                                                                  a);
        if (computed == 0 || late > 0)
          throw std::logic_error(std::to_string(late) + " of " + std::to_string(computed) +
                                 " pairs without their block under way");
      },
      [](distributed::thread_communicator& ranks) { return noted(ranks); });
  for (const std::string& w : words) CHECK(w == "");
}

TEST_CASE("distributed: the mean over ranks of gradients scaled for it is the gradient") {
  const auto words = words_of_ranks(3, [](any_communicator& ranks) {
    const matrix<double> a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
    distributed::evaluator<double> sum{ranks, grad_scale::sum}, mean{ranks, grad_scale::mean};
    const auto& s = sum.value_and_gradient(info_nce{}, a, b);
    const auto& m = mean.value_and_gradient(info_nce{}, a, b);
    if (!(m.gradients[0].isApprox(3 * s.gradients[0], 1e-14) && m.gradients[1].isApprox(3 * s.gradients[1], 1e-14)))
      throw std::logic_error("not three times");
    if (m.loss != s.loss || m.temperature_gradient != s.temperature_gradient)
      throw std::logic_error("what all share is scaled");
    const matrix<double> queue = rows_on(0, 3),
                         scaled_by_1 = sum.value_and_gradient(info_nce{}, a, b, distributed::replicated(queue)).gradients[2];
    if (mean.value_and_gradient(info_nce{}, a, b, distributed::replicated(queue)).gradients[2] != scaled_by_1)
      throw std::logic_error("the gradient of what all have is scaled");
  });
  for (const std::string& w : words) CHECK(w == "");
}

TEST_CASE("distributed: NaN on one rank is NaN on all") {
  const auto words = words_of_ranks(3, [](any_communicator& ranks) {
    matrix<double> a = rows_on(ranks.rank(), 1), b = rows_on(ranks.rank(), 2);
    if (ranks.rank() == 2) a(1, 2) = std::numeric_limits<double>::quiet_NaN();
    distributed::evaluator<double> evaluate{ranks, grad_scale::sum};
    const auto& r = evaluate.value_and_gradient(clip{}, a, b);
    if (!std::isnan(r.loss) || !r.gradients[0].array().isNaN().all() || !r.gradients[1].array().isNaN().all())
      throw std::logic_error("a number");
  });
  for (const std::string& w : words) CHECK(w == "");
}

TEST_CASE("distributed: bytes that are lost or old on their way show in the comparison") {
  // What a mistake in the ring would do: each shift in turn brings nothing, or what was there before.
  const index_type n = 23;
  const matrix<double> a = random_rows<double>(n, dim, 1), b = random_rows<double>(n, dim, 2);
  const std::vector<int> labels = random_labels(n, 4, 3);
  const struct {
    const char* what;
    any_loss loss;
    views<double> rows;
    int num_ranks;  // where every rank needs all that comes: labels of ranks that it never meets are not missed
    int unused;     // shifts whose old bytes serve as well: the sum of sincere's second stage, in the pass of gradients
  } problems[] = {{"nt_xent", nt_xent{.temperature = 0.2}, {a, b}, 3, 0},
                  {"clip", clip{.temperature = 0.2}, {a, b}, 3, 0},
                  {"sup_con", sup_con{.temperature = 0.2, .labels = labels}, {a}, 2, 0},
                  {"sincere", sincere{.temperature = 0.2, .labels = labels}, {a}, 2, 1}};
  for (const auto& p : problems) {
    const answer whole = on_cpu<double>(p.loss, p.rows, {.threads = 1});
    const cut where{std::vector<std::vector<index_type>>(
        p.rows.size(), p.num_ranks == 3 ? std::vector<index_type>{0, 6, 15, 23} : std::vector<index_type>{0, 9, 23})};
    for (const auto happens : {at_call::what::drops_bytes, at_call::what::repeats_bytes}) {
      int spoilt = 0, unseen = 0;
      for (int k = 0; k < 60; ++k) {
        INFO(p.what << ", call " << k
                    << (happens == at_call::what::drops_bytes ? " brings nothing" : " brings what was there"));
        bool did = false;
        double error = 0;
        const auto words = words_of_ranks(
            p.num_ranks,
            [&](auto& ranks) {
              const any_communicator any(ranks);
              const double here = error_on_rank(any, p.loss, p.rows, where, whole);
              static std::mutex mutex;
              const std::lock_guard<std::mutex> lock(mutex);
              error = std::max(error, here), did = did || ranks.did();
            },
            [&](distributed::thread_communicator& ranks) { return at_call(ranks, ranks.rank() == 1 ? k : -1, happens); });
        if (!did) continue;
        ++spoilt;
        const bool refused = words[0] != "";  // of a list: the ranks compare what their losses make of it
        unseen += error > 1e-6 || refused ? 0 : 1;
      }
      INFO(p.what);
      CHECK(spoilt >= 4);
      CHECK(unseen <= (happens == at_call::what::repeats_bytes ? p.unused : 0));
    }
  }
}

}  // namespace contrastive::testing
