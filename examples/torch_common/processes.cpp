// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Processes by MPI, where the examples are built with it.
#include "torch_common/processes.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(CONTRASTIVE_EXAMPLES_MPI)
#include <contrastive/distributed/mpi.hpp>
#endif

namespace examples {
namespace {

/// How many processes mpirun says that it has started, before anybody asks MPI.
int started_processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"})
    if (const char* said = std::getenv(name); said != nullptr) return std::atoi(said);
  return 1;
}

}  // namespace

#if defined(CONTRASTIVE_EXAMPLES_MPI)

struct processes::implementation {
  std::unique_ptr<contrastive::distributed::mpi_communicator> communicator;
  std::unique_ptr<contrastive::torch_ranks> ranks;

  contrastive::distributed::any_communicator any() { return contrastive::distributed::any_communicator(*communicator); }
};

std::shared_ptr<processes> processes::of_this_run() {
  if (started_processes() < 2) return nullptr;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);  // evaluators and libtorch have threads of their own
  auto with = std::make_unique<implementation>();
  with->communicator = std::make_unique<contrastive::distributed::mpi_communicator>(MPI_COMM_WORLD);
  std::shared_ptr<processes> made(new processes(std::move(with)));
  if (made->rank() > 0 && std::freopen("/dev/null", "w", stdout) == nullptr)
    throw std::runtime_error("/dev/null: cannot be written");
  return made;
}
/// Without the end of MPI that all processes have to reach where one of them leaves by an exception: mpirun then ends the
/// others.
processes::~processes() {
  if (std::uncaught_exceptions() > 0) {
    static_cast<void>(with_.release());  // its end is one of all processes, too
    return;
  }
  with_.reset();
  MPI_Finalize();
}

int processes::rank() const { return with_->communicator->rank(); }
int processes::size() const { return with_->communicator->size(); }

contrastive::torch_ranks& processes::ranks() {
  if (with_->ranks == nullptr)
    with_->ranks = std::make_unique<contrastive::torch_ranks>(*with_->communicator, contrastive::distributed::grad_scale::mean);
  return *with_->ranks;
}

void processes::average_gradients(const std::vector<torch::Tensor>& parameters) {
  const torch::NoGradGuard off;
  std::vector<float> all;
  for (const torch::Tensor& p : parameters) {
    if (!p.grad().defined()) continue;
    const torch::Tensor g = p.grad().contiguous();
    all.insert(all.end(), g.data_ptr<float>(), g.data_ptr<float>() + g.numel());
  }
  std::vector<float> came(all.size());
  std::vector<contrastive::distributed::letter> letters(static_cast<std::size_t>(size()));
  const auto ranks = with_->any();
  contrastive::distributed::joint_call call(ranks, "average of gradients", letters);
  const auto sizes = call.exchange(all.size());
  for (std::size_t r = 0; r < sizes.size(); ++r)
    if (sizes[r] != all.size()) throw std::runtime_error("the processes have gradients of different parameters");
  call.sum(all, came);
  call.meet();
  float* from = all.data();
  for (const torch::Tensor& p : parameters) {
    if (!p.grad().defined()) continue;
    p.grad().copy_(torch::from_blob(from, p.grad().sizes()) / size());
    from += p.grad().numel();
  }
}

torch::Tensor processes::gather(const torch::Tensor& rows) {
  const torch::NoGradGuard off;
  const torch::Tensor own = rows.contiguous();
  torch::Tensor all = torch::empty({size() * own.size(0), own.size(1)}, own.options());
  with_->communicator->all_gather(own.data_ptr(), static_cast<std::size_t>(own.nbytes()), all.data_ptr());
  return all;
}

bool processes::agree_on(const std::vector<torch::Tensor>& numbers) {
  unsigned long own = crc32_z(0, nullptr, 0);
  for (const torch::Tensor& t : numbers) {
    const torch::Tensor here = t.detach().contiguous();
    own = crc32_z(own, static_cast<const Bytef*>(here.data_ptr()), here.nbytes());
  }
  std::vector<unsigned long> all(static_cast<std::size_t>(size()));
  with_->communicator->all_gather(&own, sizeof own, all.data());
  return std::all_of(all.begin(), all.end(), [&](unsigned long sum) { return sum == own; });
}

bool processes::any(bool here) {
  std::vector<char> said(static_cast<std::size_t>(size()));
  const char own = here ? 1 : 0;
  with_->communicator->all_gather(&own, 1, said.data());
  return std::any_of(said.begin(), said.end(), [](char c) { return c != 0; });
}

#else

struct processes::implementation {};

std::shared_ptr<processes> processes::of_this_run() {
  if (started_processes() > 1)
    throw std::runtime_error("mpirun has started " + std::to_string(started_processes()) +
                             " processes, but this program was built without MPI (on Debian or Ubuntu: libopenmpi-dev)");
  return nullptr;
}
processes::~processes() = default;
int processes::rank() const { return 0; }
int processes::size() const { return 1; }
contrastive::torch_ranks& processes::ranks() { throw std::logic_error("built without MPI"); }
void processes::average_gradients(const std::vector<torch::Tensor>&) {}
torch::Tensor processes::gather(const torch::Tensor& rows) { return rows; }
bool processes::agree_on(const std::vector<torch::Tensor>&) { return true; }
bool processes::any(bool here) { return here; }

#endif

processes::processes(std::unique_ptr<implementation> with) : with_(std::move(with)) {}

}  // namespace examples
