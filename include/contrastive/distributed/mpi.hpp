// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The ranks of an MPI communicator. With CMake: contrastive::mpi.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/distributed/evaluator.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// The ranks of an MPI communicator, of which it keeps a duplicate, so that nobody else's messages meet its own. All ranks make
/// and destroy it together; between MPI_Init and MPI_Finalize. The calling thread must be one that may call MPI: where
/// evaluators have several threads MPI is started by MPI_Init_thread with MPI_THREAD_FUNNELED. What MPI reports becomes
/// std::runtime_error with its words.
///
///   contrastive::distributed::mpi_communicator ranks{MPI_COMM_WORLD};
class mpi_communicator {
 public:
  /// The ranks of `comm`.
  explicit mpi_communicator(MPI_Comm comm) {
    check(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  }
  mpi_communicator(const mpi_communicator&) = delete;
  mpi_communicator& operator=(const mpi_communicator&) = delete;
  ~mpi_communicator() {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0) MPI_Comm_free(&comm_);
  }

  int rank() const { return rank_; }  ///< this rank
  int size() const { return size_; }  ///< how many there are

  /// See communicator.
  void all_gather(const void* own, std::size_t bytes, void* all) {
    if (bytes > most_bytes)
      detail::refuse("mpi_communicator", "all_gather", std::to_string(most_bytes) + " bytes of each rank at most", bytes);
    const int count = static_cast<int>(bytes);
    check(MPI_Allgather(own, count, MPI_BYTE, all, count, MPI_BYTE, comm_), "MPI_Allgather");
  }
  /// See communicator.
  void start_shift(const void* to_next, std::size_t bytes, void* from_previous, std::size_t previous_bytes) {
    in_pieces(previous_bytes, [&](std::size_t first, int count) {
      check(MPI_Irecv(static_cast<std::byte*>(from_previous) + first, count, MPI_BYTE, (rank_ + size_ - 1) % size_, 0, comm_,
                      &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Irecv");
    });
    in_pieces(bytes, [&](std::size_t first, int count) {
      check(MPI_Isend(static_cast<const std::byte*>(to_next) + first, count, MPI_BYTE, (rank_ + 1) % size_, 0, comm_,
                      &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Isend");
    });
  }
  /// See communicator.
  void wait() {
    check(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    requests_.clear();
  }

 private:
  /// MPI counts by int.
  static constexpr std::size_t most_bytes = std::size_t{1} << 30;
  template <class Piece>
  static void in_pieces(std::size_t bytes, Piece piece) {
    for (std::size_t first = 0; first < bytes; first += most_bytes)
      piece(first, static_cast<int>(std::min(most_bytes, bytes - first)));
  }
  /// After an error nothing is under way any more: the memory of shifts is about to go.
  void check(int code, const char* function) {
    if (code == MPI_SUCCESS) return;
    for (MPI_Request& request : requests_)
      if (request != MPI_REQUEST_NULL) MPI_Cancel(&request), MPI_Request_free(&request);
    requests_.clear();
    char words[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, words, &length);
    detail::fail<std::runtime_error>("contrastive: mpi_communicator: " + std::string(function) + ": " +
                                     std::string(words, static_cast<std::size_t>(length)));
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::vector<MPI_Request> requests_;
};

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
