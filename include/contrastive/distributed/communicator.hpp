// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What is asked of ranks that compute together.
#pragma once

#include <concepts>
#include <contrastive/core/types.hpp>
#include <cstddef>
#include <type_traits>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// The ranks that compute together, each of which makes the same calls in the same order:
///   c.rank(), c.size()              this rank, 0 to size - 1, and their number
///   c.all_gather(own, bytes, all)   `bytes` bytes of every rank, rank by rank, in `all` of every rank
///   c.start_shift(to_next, bytes, from_previous, previous_bytes)
///                                   sends to rank + 1 and receives from rank - 1, modulo size; returns at once. Several may
///                                   be under way, and arrive in their order; 0 bytes are none
///   c.wait()                        ends all shifts that were started: until then their memory stays as it is
/// What one of them throws reaches the caller of the loss, on every rank if the others can be told. It is called once more:
/// then it must have done nothing before, or throw again. When start_shift() has thrown twice, wait() ends the shifts before
/// it; nothing may use the memory of a shift any more when wait() has thrown twice. mpi_communicator and thread_communicator
/// are such.
template <class C>
concept communicator = requires(C& c, const void* from, void* to, std::size_t bytes) {
  { c.rank() } -> std::convertible_to<int>;
  { c.size() } -> std::convertible_to<int>;
  c.all_gather(from, bytes, to);
  c.start_shift(from, bytes, to, bytes);
  c.wait();
};

/// Any communicator, which must outlive it, as one type: what is built of it is compiled once.
class any_communicator {
 public:
  /// These ranks.
  template <communicator C>
  requires(!std::is_const_v<C> && !std::same_as<C, any_communicator>) explicit any_communicator(C& c)
      : c_(&c),
        rank_(static_cast<int>(c.rank())),
        size_(static_cast<int>(c.size())),
        all_gather_(
            [](void* at, const void* own, std::size_t bytes, void* all) { static_cast<C*>(at)->all_gather(own, bytes, all); }),
        start_shift_([](void* at, const void* from, std::size_t bytes, void* to, std::size_t previous_bytes) {
          static_cast<C*>(at)->start_shift(from, bytes, to, previous_bytes);
        }),
        wait_([](void* at) { static_cast<C*>(at)->wait(); }) {}

  int rank() const { return rank_; }  ///< this rank
  int size() const { return size_; }  ///< how many there are
  /// Of the communicator, likewise the others.
  void all_gather(const void* own, std::size_t bytes, void* all) const { all_gather_(c_, own, bytes, all); }
  /// See communicator.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) const {
    start_shift_(c_, to_next, bytes, from_previous, previous_bytes);
  }
  /// See communicator.
  void wait() const { wait_(c_); }

 private:
  void* c_;
  int rank_, size_;
  void (*all_gather_)(void*, const void*, std::size_t, void*);
  void (*start_shift_)(void*, const void*, std::size_t, void*, std::size_t);
  void (*wait_)(void*);
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
