// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// One rank of NCCL: every loss comes out as without. Without a GPU 77 says that nothing has run.
#include <contrastive/distributed/nccl.hpp>
#include <cstdio>
#include <distributed/on_ranks.hpp>
#include <vector>

namespace contrastive::testing {
namespace {

int run() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("no GPU here");
    return 77;
  }
  ncclComm_t comm = nullptr;
  const int device = 0;
  if (ncclCommInitAll(&comm, 1, &device) != ncclSuccess) return 1;
  int failures = 0;
  {
    distributed::nccl_communicator ranks{comm};
    // What the ring of one rank does not do: a block that comes back.
    std::vector<double> sent{1, 2, 3}, came(3), all(3);
    ranks.start_shift(sent.data(), 3 * sizeof(double), came.data(), 3 * sizeof(double));
    ranks.wait();
    ranks.all_gather(sent.data(), 3 * sizeof(double), all.data());
    failures += came == sent && all == sent ? 0 : 1;
    failures += count_faults(distributed::any_communicator(ranks), true);
  }
  ncclCommDestroy(comm);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace contrastive::testing

int main() { return contrastive::testing::run(); }
