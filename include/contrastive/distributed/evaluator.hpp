// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// A loss over the rows of several ranks: exact, with the gradient of each rank's own rows.
#pragma once

#include <algorithm>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/check_outputs.hpp>
#include <contrastive/core/options.hpp>
#include <contrastive/cpu/check_problem.hpp>
#include <contrastive/cpu/evaluation_access.hpp>
#include <contrastive/cpu/result.hpp>
#include <contrastive/distributed/communicator.hpp>
#include <contrastive/distributed/gathered_loss.hpp>
#include <contrastive/distributed/ring.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// What the gradients of a rank's own rows are multiplied with.
enum class grad_scale {
  sum,  ///< 1: the gradient of the loss of all rows, for trainers that add up the parameters' gradients of the ranks
  mean  ///< the number of ranks, for trainers that average them, as DistributedDataParallel does
};

/// Rows that may be the same on every rank, see replicated().
template <class T, bool NeedsGradient = true>
struct rank_rows {
  matrix_view<const T> rows;  ///< (n, d)
  bool replicated = false;    ///< the same on every rank
};

}  // namespace distributed

namespace detail {

template <class T, bool NeedsGradient>
struct argument_traits<distributed::rank_rows<T, NeedsGradient>> {
  static constexpr bool valid = true, needs_gradient = NeedsGradient;
  using scalar = T;
  static matrix_view<const scalar> view(const distributed::rank_rows<T, NeedsGradient>& e) { return e.rows; }
  static bool replicated(const distributed::rank_rows<T, NeedsGradient>& e) { return e.replicated; }
};

}  // namespace detail

namespace distributed {

/// Marks candidates that every rank holds alike, class proxies or a queue: they count once, and do not travel.
/// Their gradient, too, is whole and the same on every rank, whatever grad_scale says; replicated(no_gradient(queue)) has none.
///
///   contrastive::distributed::thread_group group(1);
///   contrastive::distributed::thread_communicator ranks{group, 0};
///   contrastive::distributed::evaluator<float> evaluate{ranks, contrastive::distributed::grad_scale::sum};
///   using contrastive::distributed::replicated;
///   evaluate.value_and_gradient(contrastive::info_nce{}, q, k, replicated(contrastive::no_gradient(negatives)));
template <embedding_argument E>
auto replicated(const E& rows) {
  using traits = detail::argument_traits<E>;
  return rank_rows<typename traits::scalar, traits::needs_gradient>{traits::view(rows), true};
}

/// Evaluates losses over the rows of several ranks. Every rank makes the same calls with its own rows, as many as it has (none,
/// too; losses that go both ways want as many of both arguments on a rank), and gets the loss of all rows and the exact
/// gradient of its own, to rounding what one process would compute of argument 1 of rank 0, of rank 1 ..., then argument 2 of
/// rank 0 and so on. Positives may lie on other ranks. The result is the same, bit for bit, whenever the number of ranks is the
/// same.
///
/// Any loss of the library, or one's own. Its lists have the entries of this rank's rows: members label_view labels, ids and
/// negative_ids, weight_view candidate_probabilities and anchor_weights, by these names; so have a weight_matrix `weights` or
/// `targets` (its rows are this rank's anchors, its columns all candidates) and the parameters of weights_from. Functions of
/// pairs, and other members, are those of the whole problem.
///
/// `loss`, `valid_anchors` and the gradients by temperature and bias are those of the whole problem on every rank; `per_anchor`
/// and the gradients those of the rank's own rows.
///
/// Memory: the gradients; 8 bytes a row of all ranks for each list, 4 for each parameter of weights_from; some 50 bytes a row
/// of this one; five blocks of 1 MiB or of 2048 rows, two where candidates have no gradient; and what an evaluator<T> takes for
/// 4096 rows. Sent by each rank: the candidates of all in each
/// pass (a loss has two, sincere three), half of them where the loss is symmetric, and their gradient.
///
/// Throws what evaluator<T> throws, on every rank: where one rank refuses its input, runs out of memory for rows, sums or
/// gradients, or has a loss whose function throws, the others throw std::runtime_error with its number and words; so do all
/// where ranks do not agree on loss, parameters (as far as the numbers show that the loss makes of some sums and pairs),
/// dimension or scalar. A rank that is gone for good is the communicator's to report.
///
///   contrastive::distributed::thread_group group(1);  // or mpi_communicator ranks{MPI_COMM_WORLD}
///   contrastive::distributed::thread_communicator ranks{group, 0};
///   contrastive::distributed::evaluator<float> evaluate{ranks, contrastive::distributed::grad_scale::sum};
///   const auto& r = evaluate.value_and_gradient(contrastive::nt_xent{}, z1, z2);
template <class T>
class evaluator {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "contrastive: evaluator<T> needs T = float or T = double");

 public:
  /// The communicator must outlive the evaluator. Throws as evaluator<T> does for its options.
  template <communicator C>
  evaluator(C& ranks, grad_scale scale, const options& how = {})
      : ranks_(ranks), scale_(scale), check_finite_(how.check_finite), evaluation_(cpu::make_evaluation<T>(how)) {
    letters();
  }

  /// The loss of all rows, in nats, reduced as it says.
  template <class L, class... E>
  T value(const L& loss, const E&... embeddings) {
    return evaluate(loss, {}, embeddings...).loss;
  }

  /// The loss of all rows and the gradients of this rank's: gradients[a] has the shape of the rank's matrix a. The result
  /// belongs to the evaluator and is valid until its next call.
  template <class L, class... E>
  const result<T>& value_and_gradient(const L& loss, const E&... embeddings) {
    return evaluate(loss, {.with_gradients = true}, embeddings...);
  }

  /// The same, with the gradients written to the caller's memory when all ranks have come to the end: one view an embedding
  /// argument, of the shape of the rank's matrix (an empty view under no_gradient, and for a matrix of a std::vector whose
  /// gradient is not wanted). `gradients` of the result is then empty.
  template <class L, class... E>
  const result<T>& value_and_gradient_into(std::initializer_list<matrix_view<T>> gradients, const L& loss,
                                           const E&... embeddings) {
    return evaluate(loss, {true, true, gradients.begin(), static_cast<int>(gradients.size())}, embeddings...);
  }
  /// The same, with as many views as are known at run time.
  template <class L, class... E>
  const result<T>& value_and_gradient_into(const std::vector<matrix_view<T>>& gradients, const L& loss,
                                           const E&... embeddings) {
    return evaluate(loss, {true, true, gradients.data(), static_cast<int>(gradients.size())}, embeddings...);
  }

  /// Calls work() on this rank alone, before a call that all ranks make: what it throws ends that call on the others, which
  /// hear its words, and is thrown on here. So a rank that finds its input wrong by itself leaves nobody waiting.
  template <class Work>
  void prepare_call(const char* who, Work work) {
    joint_call call(ranks_, who, letters());
    call.attempt(work);
    if (call.failed()) call.meet();
  }

 private:
  /// What a call wants, and where it goes.
  struct wanted {
    bool with_gradients = false, into = false;
    const matrix_view<T>* outputs = nullptr;
    int num_outputs = 0;
  };

  template <class L, class... E>
  const result<T>& evaluate(const L& loss, const wanted& want, const E&... embeddings) {
    static_assert(detail::check_loss<L>());
    static_assert(sizeof...(E) > 0, "contrastive: a loss needs at least one matrix of embeddings");
    static_assert((embedding_argument<detail::matrix_of<E>> && ...),
                  "contrastive: embeddings must be Eigen matrices, maps, refs or blocks, or contrastive::matrix_view; "
                  "evaluate an expression into a matrix first");
    static_assert((std::is_same_v<detail::computed_scalar_of<detail::matrix_of<E>>, T> && ...),
                  "contrastive: all embeddings must have the evaluator's scalar type (float also takes types of 16 bits)");
    auto arguments = detail::arguments_of<T>(embeddings...);
    if constexpr ((detail::is_vector<E> || ...))  // an empty view stands for a gradient that is not wanted
      for (int a = 0; a < std::min(want.num_outputs, static_cast<int>(arguments.size())); ++a)
        if (want.outputs[a].data == nullptr && want.outputs[a].cols == 0)
          arguments[static_cast<std::size_t>(a)].needs_gradient = false;
    cpu::problem<T> p{};
    p.who = detail::loss_name<L>();
    p.arguments = arguments.data(), p.count = static_cast<int>(arguments.size());
    p.with_gradients = want.with_gradients;
    p.temperature = loss.temperature, p.similarity = loss.similarity, p.reduction = loss.reduction,
    p.arrangement = loss.arrangement;
    p.wants_bias = detail::has_bias<L>, p.anchor_weights = detail::anchor_weights_of(loss);
    const double bias = detail::bias_of(loss);

    result_ = {};  // its gradients take as much memory as those to come
    joint_call call(ranks_, p.who, letters());
    gathered_loss<L> whole(loss);
    row_list lists[most_row_lists];
    const int num_lists = whole.lists(p.count, lists);
    std::optional<cpu::only_call<T>> only;
    call.attempt([&] {
      check(p, want);
      only.emplace(*evaluation_.get());
    });
    const spread_rows rows = agree(call, p, bias, static_cast<int>(scale_), lists, num_lists);
    whole.gather(call, rows, lists);
    bool in_the_ring = false;
    call.attempt([&] {
      const argument_range anchors = anchors_of(p.arrangement, p.count);
      detail::check_anchor_weights(p.who, p.anchor_weights, rows.rows_on(rows.rank, anchors), true);
      auto pairs = detail::bind(whole.loss(), rows.all_shapes());
      detail::with_rule(whole.loss(), rows.all_shapes(), [&](const auto& rule) {
        ring<T> computes(call, *evaluation_.get(), rows, p,
                         cpu::functions_of<T>(pairs, rule, rows.ranges.num_candidates(), p.temperature, bias),
                         whole.knows_all_pairs());
        in_the_ring = true;
        result_ = computes.run(scale_ == grad_scale::mean ? static_cast<double>(call.size()) : 1);
      });
    });
    if (!in_the_ring) call.meet();  // tells the others, who are there
    call.rethrow();
    if (!want.into) return result_;
    for (int a = 0; a < want.num_outputs; ++a)
      if (const matrix_view<T>& to = want.outputs[a]; arguments[static_cast<std::size_t>(a)].needs_gradient)
        for (index_type r = 0; r < to.rows; ++r)
          for (index_type c = 0; c < to.cols; ++c) to(r, c) = result_.gradients[static_cast<std::size_t>(a)](r, c);
    result_.gradients.clear();
    return result_;
  }

  /// An evaluator that was moved from has none, and says so to all ranks.
  std::vector<letter>& letters() {
    letters_.resize(static_cast<std::size_t>(ranks_.size()));
    return letters_;
  }

  /// What is to be refused on this rank, whatever the others say.
  void check(const cpu::problem<T>& p, const wanted& want) const {
    if (evaluation_.get() == nullptr)
      detail::refuse(p.who, "evaluator", "one that holds its workspace", "one that was moved from");
    std::vector<shape> of;
    for (int a = 0; a < p.count; ++a) {
      if (p.arguments[a].rows > 0 && p.arguments[a].data == nullptr)
        detail::refuse(p.who, "argument " + std::to_string(a + 1), "memory", "a null pointer");
      of.push_back({p.arguments[a].rows, p.arguments[a].cols});
    }
    const argument_shapes shapes{of.data(), p.count};
    if (check_finite_) cpu::check_finite(p, shapes);
    if (want.into)
      detail::check_outputs(p.who, shapes, want.outputs, want.num_outputs,
                            [&](int a) { return p.arguments[a].needs_gradient && p.arguments[a].rows > 0; });
  }

  any_communicator ranks_;
  grad_scale scale_;
  bool check_finite_;
  cpu::evaluation_pointer<T> evaluation_;
  std::vector<letter> letters_;
  result<T> result_;
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
