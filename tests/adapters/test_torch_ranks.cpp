// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Real processes, which are forked and meet by Gloo: every loss over c10d_communicator, and torch_loss, with the gradients of
// one process on all rows.
//   test_torch_ranks RANKS
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <contrastive/adapters/torch_ranks.hpp>
#include <cstdio>
#include <cstdlib>
#include <distributed/on_ranks.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using contrastive::torch_loss;
using torch::Tensor;

int failures = 0;
void expect(bool ok, int rank, const char* what) {
  if (!ok) std::printf("FAIL  rank %d: %s\n", rank, what), ++failures;
}

/// The gradients of a loss of leaves.
std::vector<Tensor> gradients_of(const Tensor& loss, const std::vector<Tensor>& leaves) {
  return torch::autograd::grad({loss}, leaves);
}

template <class Ranks>
void check(Ranks& group_ranks, torch::Dtype type) {
  contrastive::torch_ranks ranks{group_ranks, contrastive::distributed::grad_scale::sum};
  const int rank = group_ranks.rank(), size = group_ranks.size();
  std::int64_t total = 0, begin = 0;
  for (int r = 0; r < size; ++r) begin += r < rank ? 4 + 3 * r : 0, total += 4 + 3 * r;
  const std::int64_t mine = 4 + 3 * rank;
  torch::manual_seed(3);
  const Tensor z1 = torch::randn({total, 12}, type).requires_grad_(true),
               z2 = torch::randn({total, 12}, type).requires_grad_(true), tau = torch::full({}, 0.2, type).requires_grad_(true);
  const Tensor labels = torch::arange(total).remainder(3);
  const auto own = [&](const Tensor& t) { return t.detach().narrow(0, begin, mine).clone().requires_grad_(true); };
  const Tensor a = own(z1), b = own(z2), own_labels = labels.narrow(0, begin, mine);
  const double bound = type == torch::kFloat64 ? 1e-12 : 2e-5;
  const auto near = [&](const Tensor& x, const Tensor& y) { return (x - y).abs().max().template item<double>() <= bound; };
  const auto compare = [&](const char* what, const Tensor& whole, const Tensor& part, bool second, bool temperature) {
    expect(near(whole, part), rank, what);
    std::vector<Tensor> of_whole{z1}, of_part{a};
    if (second) of_whole.push_back(z2), of_part.push_back(b);
    if (temperature) of_whole.push_back(tau), of_part.push_back(tau);
    const auto expected = gradients_of(whole, of_whole), came = gradients_of(part, of_part);
    expect(near(expected[0].narrow(0, begin, mine), came[0]), rank, what);
    if (second) expect(near(expected[1].narrow(0, begin, mine), came[1]), rank, what);
    if (temperature) expect(near(expected[2], came[2]), rank, what);
  };
  const contrastive::learned_temperature learned(tau);
  compare("nt_xent", torch_loss(contrastive::nt_xent{}, z1, z2), torch_loss(ranks, contrastive::nt_xent{}, a, b), true, false);
  compare("clip with a learned temperature", torch_loss(contrastive::clip{}, learned, z1, z2),
          torch_loss(ranks, contrastive::clip{}, learned, a, b), true, true);
  compare("views in a vector", torch_loss(contrastive::nt_xent{}, std::vector<Tensor>{z1, z2}),
          torch_loss(ranks, contrastive::nt_xent{}, std::vector<Tensor>{a, b}), true, false);
  compare("keys without a gradient", torch_loss(contrastive::info_nce{}, z1, z2.detach()),
          torch_loss(ranks, contrastive::info_nce{}, a, b.detach()), false, false);
  compare("sup_con", torch_loss(contrastive::sup_con{.labels = contrastive::labels_of(labels)}, z1),
          torch_loss(ranks, contrastive::sup_con{.labels = contrastive::labels_of(own_labels)}, a), false, false);
  const Tensor proxies = torch::randn({3, 12}, type).requires_grad_(true);
  compare("class proxies that all ranks have",
          torch_loss(contrastive::d2d_ce{.labels = contrastive::labels_of(labels)}, z1, proxies),
          torch_loss(ranks, contrastive::d2d_ce{.labels = contrastive::labels_of(own_labels)}, a,
                     contrastive::replicated_tensor(proxies)),
          false, false);
  const auto by_proxies = [&](const Tensor& loss) { return gradients_of(loss, {proxies})[0]; };
  expect(near(by_proxies(torch_loss(contrastive::d2d_ce{.labels = contrastive::labels_of(labels)}, z1, proxies)),
              by_proxies(torch_loss(ranks, contrastive::d2d_ce{.labels = contrastive::labels_of(own_labels)}, a,
                                    contrastive::replicated_tensor(proxies)))),
         rank, "the gradient of what all ranks have");
  try {  // one rank alone finds it out
    torch_loss(ranks, contrastive::nt_xent{}, a, rank == 0 ? b.detach().view(-1) : b);
    expect(false, rank, "a tensor of one dimension is taken");
  } catch (const std::exception& e) {
    expect(std::string(e.what()).find("a tensor (n, d), got one of 1 dimensions") != std::string::npos, rank, e.what());
  }
  try {
    torch_loss(ranks, contrastive::nt_xent{.reduction = contrastive::reduction::none}, a, b);
    expect(false, rank, "reduction none is taken");
  } catch (const std::invalid_argument&) {
  }
}

int as_rank(int rank, int size, const std::string& folder) {
  const auto store = c10::make_intrusive<c10d::FileStore>(folder + "/store", size);
  const auto options = c10d::ProcessGroupGloo::Options::create();
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  const auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
  contrastive::distributed::c10d_communicator ranks{*group};
  failures += contrastive::testing::count_faults(contrastive::distributed::any_communicator(ranks), false);
  check(ranks, torch::kFloat64);
  check(ranks, torch::kFloat32);
  std::fflush(stdout);
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int size = argc > 1 ? std::atoi(argv[1]) : 2;
  std::string folder = (std::filesystem::temp_directory_path() / "contrastive_ranks_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 2;
  std::vector<pid_t> children;
  for (int rank = 0; rank < size; ++rank)
    if (const pid_t child = fork(); child == 0)
      std::_Exit(as_rank(rank, size, folder));
    else
      children.push_back(child);
  int failed = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    failed += status == 0 ? 0 : 1;
  }
  std::filesystem::remove_all(folder);
  if (failed == 0) std::printf("ok    every loss and torch_loss on %d ranks\n", size);
  return failed;
}
