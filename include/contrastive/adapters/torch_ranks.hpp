// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// torch_loss over the rows of several ranks, and a communicator of libtorch's process groups. Target contrastive::torch.
#pragma once

#include <concepts>
#include <contrastive/adapters/torch.hpp>
#include <contrastive/distributed/evaluator.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// Ranks for torch_loss: it keeps an evaluator for each scalar type, with as many threads as libtorch has when it is made. The
/// communicator must outlive it. As a distributed::evaluator it serves one thread at a time, and every rank makes the same
/// calls.
class torch_ranks {
 public:
  /// Ranks whose gradients are scaled so.
  template <distributed::communicator C>
  torch_ranks(C& ranks, distributed::grad_scale scale)
      : in_float_(ranks, scale, {.threads = at::get_num_threads()}),
        in_double_(ranks, scale, {.threads = at::get_num_threads()}) {}

  /// The evaluator of a scalar type.
  template <class T>
  distributed::evaluator<T>& of() {
    if constexpr (std::is_same_v<T, float>)
      return in_float_;
    else
      return in_double_;
  }

 private:
  distributed::evaluator<float> in_float_;
  distributed::evaluator<double> in_double_;
};

/// A tensor that every rank holds alike, such as class proxies or a queue: see distributed::replicated. Its gradient is the
/// whole one on every rank.
struct replicated_tensor {
  torch::Tensor rows;  ///< (n, d)

  /// Of this tensor.
  explicit replicated_tensor(torch::Tensor same) : rows(std::move(same)) {}
};

namespace detail {

template <class E>
concept tensor_of_ranks = std::same_as<E, torch::Tensor> || std::same_as<E, replicated_tensor>;

/// Ranks, and which of the tensors are replicated.
struct marked_ranks {
  static constexpr bool on_ranks = true;

  torch_ranks& ranks;
  std::vector<bool> replicated;

  template <class S>
  distributed::rank_rows<S> rows(const matrix_view<const S>& view, std::size_t a) const {
    return {view, a < replicated.size() && replicated[a]};
  }
  template <class T>
  distributed::evaluator<T>& of() const {
    return ranks.of<T>();
  }
  /// What throws here ends the call on all ranks.
  template <class Check>
  void check(const char* who, Check of_tensors) const {
    ranks.of<float>().prepare_call(who, of_tensors);
  }
};

inline const torch::Tensor& tensor_of(const torch::Tensor& t) { return t; }
inline const torch::Tensor& tensor_of(const replicated_tensor& t) { return t.rows; }

template <class L, class... E>
torch::Tensor loss_on_ranks(torch_ranks& ranks, const L& loss, const torch::Tensor& temperature, const torch::Tensor& bias,
                            const E&... embeddings) {
  const marked_ranks on{ranks, {std::same_as<E, replicated_tensor>...}};
  return torch_loss<false>(on, loss, temperature, bias, {tensor_of(embeddings)...});
}

}  // namespace detail

/// The loss of the rows of all ranks as a tensor that backward() starts from: torch_loss(loss, ...) of the embeddings of all
/// ranks, those of rank 0 first, with the gradients of this rank's own, scaled as the grad_scale of the ranks says. Each rank
/// gives its own tensors, on the CPU, or replicated_tensor, and the lists of its own rows (see distributed::evaluator). The
/// gradient of what all ranks share, a learned temperature or bias and replicated tensors, is the whole one on every rank:
/// ranks that average gradients get it right, those that add them up divide it by their number. Throws as torch_loss and
/// distributed::evaluator do, and for reduction::none.
///
///   torch::Tensor loss = contrastive::torch_loss(ranks, contrastive::nt_xent{.temperature = 0.5}, z1, z2);
template <class L, detail::tensor_of_ranks... E>
torch::Tensor torch_loss(torch_ranks& ranks, const L& loss, const E&... embeddings) {
  return detail::loss_on_ranks(ranks, loss, {}, {}, embeddings...);
}
/// The same for a number of tensors known only at run time, such as views.
template <class L>
torch::Tensor torch_loss(torch_ranks& ranks, const L& loss, const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<false>(detail::marked_ranks{ranks, {}}, loss, {}, {}, embeddings);
}
/// The same with a temperature to be learned, which is the same on every rank.
template <class L, detail::tensor_of_ranks... E>
torch::Tensor torch_loss(torch_ranks& ranks, const L& loss, const learned_temperature& temperature, const E&... embeddings) {
  return detail::loss_on_ranks(ranks, loss, temperature.value, {}, embeddings...);
}
/// The same for views.
template <class L>
torch::Tensor torch_loss(torch_ranks& ranks, const L& loss, const learned_temperature& temperature,
                         const std::vector<torch::Tensor>& embeddings) {
  return detail::torch_loss<false>(detail::marked_ranks{ranks, {}}, loss, temperature.value, {}, embeddings);
}
/// The same with a temperature and a bias to be learned, of a loss with a member `bias`.
template <class L, detail::tensor_of_ranks... E>
torch::Tensor torch_loss(torch_ranks& ranks, const L& loss, const learned_temperature& temperature, const learned_bias& bias,
                         const E&... embeddings) {
  static_assert(detail::has_bias<L>, "contrastive: this loss has no bias that could be learned");
  return detail::loss_on_ranks(ranks, loss, temperature.value, bias.value, embeddings...);
}

namespace distributed {

/// The ranks of one of libtorch's process groups with a backend for memory of the CPU, Gloo or MPI: c10d::ProcessGroup, or of
/// libtorch 2 a c10d::Backend. It must outlive the communicator. Nobody else uses the group's tag 7 between neighbours
/// meanwhile.
///
///   contrastive::distributed::c10d_communicator ranks{*group};
template <class Group>
class c10d_communicator {
 public:
  /// The ranks of this group.
  explicit c10d_communicator(Group& group) : group_(group) {}

  int rank() const { return group_.getRank(); }  ///< this rank
  int size() const { return group_.getSize(); }  ///< how many there are

  /// See communicator, as for the others. What libtorch throws is thrown on.
  void all_gather(const void* own, std::size_t bytes, void* all) {
    std::vector<torch::Tensor> mine{bytes_at(own, bytes)};
    std::vector<std::vector<torch::Tensor>> of_ranks(1);
    for (int r = 0; r < size(); ++r)
      of_ranks[0].push_back(bytes_at(static_cast<std::byte*>(all) + static_cast<std::size_t>(r) * bytes, bytes));
    group_.allgather(of_ranks, mine)->wait();
  }
  /// See communicator.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    const auto start = [&](const void* memory, std::size_t count, auto begin) {
      if (count == 0) return;
      std::vector<torch::Tensor> tensors{bytes_at(memory, count)};
      auto work = begin(tensors);
      under_way_.emplace_back(std::move(tensors[0]), [work] { work->wait(); });
    };
    start(from_previous, previous_bytes,
          [&](auto& tensors) { return group_.recv(tensors, (rank() + size() - 1) % size(), tag); });
    start(to_next, bytes, [&](auto& tensors) { return group_.send(tensors, (rank() + 1) % size(), tag); });
  }
  /// See communicator.
  void wait() {
    std::vector<std::pair<torch::Tensor, std::function<void()>>> all;
    all.swap(under_way_);
    std::exception_ptr first;  // the others are waited for all the same: their memory is about to go
    for (auto& [tensor, until_done] : all) {
      try {
        until_done();
      } catch (...) {
        if (!first) first = std::current_exception();
      }
    }
    if (first) std::rethrow_exception(first);
  }

 private:
  static constexpr int tag = 7;
  static torch::Tensor bytes_at(const void* memory, std::size_t bytes) {
    return torch::from_blob(const_cast<void*>(memory), {static_cast<std::int64_t>(bytes)}, torch::kUInt8);
  }

  Group& group_;
  std::vector<std::pair<torch::Tensor, std::function<void()>>> under_way_;  // what waits for each tensor
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
