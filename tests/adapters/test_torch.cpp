// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// torch_loss: the same numbers as the formula written in libtorch's operations, in value and gradients; memory of any strides;
// and refusals in words.
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/torch.h>

#include <contrastive/adapters/torch.hpp>

// After libtorch, which brings glog's CHECK.
#include "support/catch.hpp"

using torch::Tensor;

namespace {

const auto float64 = torch::TensorOptions().dtype(torch::kFloat64);

Tensor rows(std::int64_t n, std::int64_t d, torch::TensorOptions how = float64) {
  return torch::randn({n, d}, how).requires_grad_(true);
}

double number(const Tensor& t) { return t.item<double>(); }

/// The largest difference, as a part of the largest number.
double difference(const Tensor& a, const Tensor& b) {
  return number((a - b).abs().max()) / std::max(1e-300, number(b.abs().max()));
}

/// Cross-entropy of logits whose masked entries are out; the target of row i is column positive[i].
Tensor cross_entropy(const Tensor& logits, const Tensor& out, const Tensor& positive) {
  return torch::nn::functional::cross_entropy(logits.masked_fill(out, -std::numeric_limits<double>::infinity()), positive);
}

Tensor nt_xent_by_torch(const Tensor& z1, const Tensor& z2, const Tensor& temperature) {
  const auto n = z1.size(0);
  const Tensor z = torch::nn::functional::normalize(torch::cat({z1, z2}));
  const Tensor positive = (torch::arange(2 * n) + n).remainder(2 * n);
  return cross_entropy(z.mm(z.t()) / temperature, torch::eye(2 * n).to(torch::kBool), positive);
}

Tensor info_nce_by_torch(const Tensor& q, const Tensor& k, const Tensor& queue, double temperature) {
  const auto unit = [](const Tensor& t) { return torch::nn::functional::normalize(t); };
  const Tensor logits = unit(q).mm(unit(torch::cat({k, queue})).t()) / temperature;
  return cross_entropy(logits, torch::zeros_like(logits).to(torch::kBool), torch::arange(q.size(0)));
}

Tensor two_c_by_torch(const Tensor& h, const Tensor& proxies, const Tensor& labels, double temperature) {
  const auto unit = [](const Tensor& t) { return torch::nn::functional::normalize(t); };
  const Tensor others = 1 - torch::eye(h.size(0), float64),
               same = labels.unsqueeze(0).eq(labels.unsqueeze(1)).to(torch::kFloat64) * others;
  const Tensor s = (unit(h).mm(unit(h).t()) / temperature).exp();
  const Tensor own = ((unit(h) * unit(proxies).index_select(0, labels)).sum(1) / temperature).exp();
  return ((own + (s * others).sum(1)).log() - (own + (s * same).sum(1)).log()).mean();
}

/// Analytic gradients of a function of tensors against central differences, in double.
template <class F>
void check_gradients(const F& f, const std::vector<Tensor>& inputs) {
  const Tensor loss = f(inputs);
  const auto gradients = torch::autograd::grad({loss}, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const torch::NoGradGuard off;
    Tensor numeric = torch::zeros_like(inputs[i]).contiguous();
    std::vector<Tensor> moved = inputs;
    for (std::int64_t e = 0; e < numeric.numel(); ++e) {
      const auto at = [&](double step) {
        moved[i] = inputs[i].clone(torch::MemoryFormat::Contiguous);
        moved[i].view(-1)[e] += step;
        return number(f(moved));
      };
      numeric.view(-1)[e] = (at(1e-5) - at(-1e-5)) / 2e-5;
    }
    INFO("input " << i + 1);
    CHECK(difference(gradients[i], numeric) < 1e-7);
  }
}

template <class F>
std::string refused(const F& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("torch: a graph that is kept gives its gradients again, whatever becomes of those it gave") {
  torch::manual_seed(1);
  for (const double factor : {1.0, 2.5}) {
    const Tensor z1 = rows(9, 5, torch::kFloat32), z2 = rows(9, 5, torch::kFloat32);
    const Tensor loss = factor * contrastive::torch_loss(contrastive::nt_xent{}, z1, z2);
    loss.backward({}, /*retain_graph=*/true);
    const Tensor first = z1.grad().clone();
    CHECK(number(first.abs().sum()) > 0);
    z1.mutable_grad().zero_();
    loss.backward();
    CHECK(torch::equal(z1.grad(), first));
    z1.mutable_grad().zero_();
    (factor * contrastive::torch_loss(contrastive::nt_xent{}, z1, z2)).backward();
    CHECK(torch::equal(z1.grad(), first));
  }
}

TEST_CASE("torch: nt_xent is the formula in libtorch's operations, its gradients too, in double and in float") {
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    torch::manual_seed(1);
    const double bound = type == torch::kFloat64 ? 1e-12 : 2e-5;
    const Tensor z1 = rows(37, 19, type), z2 = rows(37, 19, type);
    const Tensor ours = contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.3}, z1, z2);
    CHECK(ours.dim() == 0);
    CHECK(ours.scalar_type() == type);
    const Tensor theirs = nt_xent_by_torch(z1, z2, torch::scalar_tensor(0.3, type));
    CHECK(number(ours) == Approx(number(theirs)).epsilon(bound));
    // A factor and a second use of z1 after the loss: the graph goes on.
    const auto end = [&](const Tensor& loss) { return 2.5 * loss + z1.pow(2).sum() * 0.01; };
    const auto mine = torch::autograd::grad({end(ours)}, {z1, z2}), reference = torch::autograd::grad({end(theirs)}, {z1, z2});
    CHECK(difference(mine[0], reference[0]) < bound);
    CHECK(difference(mine[1], reference[1]) < bound);
  }
}

TEST_CASE("torch: gradients agree with central differences, through a network before the loss") {
  torch::manual_seed(2);
  const Tensor w = rows(6, 5), x1 = torch::randn({7, 6}, float64), x2 = torch::randn({7, 6}, float64);
  const auto net = [&](const Tensor& x, const Tensor& weights) { return x.mm(weights).tanh(); };
  check_gradients(
      [&](const std::vector<Tensor>& in) {
        return contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.4}, net(x1, in[0]), net(x2, in[0]));
      },
      {w});
}

TEST_CASE("torch: gradients of every loss and of the temperature agree with central differences") {
  torch::manual_seed(3);
  const Tensor a = rows(6, 4), b = rows(6, 4), further = rows(5, 4), proxies = rows(3, 4);
  const Tensor tau = torch::scalar_tensor(0.7, float64).requires_grad_(true);
  const Tensor labels = torch::tensor({0, 1, 2, 0, 1, 0}, torch::kInt32);
  const Tensor weights = torch::rand({6, 11});
  const auto with_temperature = [](const auto& loss) {
    return [loss](const std::vector<Tensor>& in) {
      return contrastive::torch_loss(loss, contrastive::learned_temperature(in.back()),
                                     std::vector<Tensor>(in.begin(), in.end() - 1));
    };
  };
  check_gradients(with_temperature(contrastive::nt_xent{}), {a, b, tau});
  check_gradients(with_temperature(contrastive::nt_xent{.similarity = contrastive::similarity::dot}), {a, b, tau});
  check_gradients(with_temperature(contrastive::info_nce{}), {a, b, further, tau});
  check_gradients(with_temperature(contrastive::clip{}), {a, b, tau});
  check_gradients(with_temperature(contrastive::sup_con{.labels = contrastive::labels_of(labels)}), {a, tau});
  check_gradients(with_temperature(contrastive::conditional_contrastive{.labels = contrastive::labels_of(labels)}),
                  {a, proxies, tau});
  check_gradients(
      with_temperature(contrastive::weighted_info_nce{.temperature = 0.5, .weights = contrastive::rows_of(weights)}),
      {a, b, further, tau});
  const Tensor targets = torch::rand({6, 5}), bias = torch::scalar_tensor(-1.0, float64).requires_grad_(true);
  check_gradients(with_temperature(contrastive::decoupled{}), {a, b, tau});
  check_gradients(with_temperature(contrastive::hard_negative{.tau_plus = 0.01}), {a, b, tau});
  check_gradients(with_temperature(contrastive::sincere{.labels = contrastive::labels_of(labels)}), {a, tau});
  check_gradients(with_temperature(contrastive::soft_targets{.targets = contrastive::rows_of(targets)}), {a, further, tau});
  check_gradients(with_temperature(contrastive::d2d_ce{.labels = contrastive::labels_of(labels)}), {a, proxies, tau});
  check_gradients(
      [](const std::vector<Tensor>& in) {
        return contrastive::torch_loss(contrastive::siglip{}, contrastive::learned_temperature(in[2]),
                                       contrastive::learned_bias(in[3]), in[0], in[1]);
      },
      {a, b, tau, bias});
}

TEST_CASE("torch: labels in a column are read where they lie") {
  torch::manual_seed(4);
  const Tensor z = rows(6, 4), table = torch::randint(0, 3, {6, 2}, torch::kInt64), column = table.select(1, 1);
  const Tensor copy = column.contiguous();
  REQUIRE_FALSE(column.is_contiguous());
  const contrastive::sup_con strided{.labels = contrastive::labels_of(column)}, plain{.labels = contrastive::labels_of(copy)};
  CHECK(number(contrastive::torch_loss(strided, z)) == number(contrastive::torch_loss(plain, z)));
}

TEST_CASE(
    "torch: info_nce with a queue that wants no gradient, and 2C with proxies, are the formulas in libtorch's operations") {
  torch::manual_seed(4);
  const Tensor q = rows(9, 8), k = torch::randn({9, 8}, float64);
  contrastive::feature_queue<double> queue{12, 8};
  const Tensor old = torch::randn({12, 8}, float64);
  queue.push(contrastive::matrix_view<const double>{old.data_ptr<double>(), 12, 8});
  const auto in = queue.features();
  const Tensor frozen = torch::from_blob(const_cast<double*>(in.data), {in.rows, in.cols}, float64);
  const Tensor ours = contrastive::torch_loss(contrastive::info_nce{.temperature = 0.2}, q, k, frozen),
               theirs = info_nce_by_torch(q, k, frozen, 0.2);
  CHECK(number(ours) == Approx(number(theirs)).epsilon(1e-12));
  CHECK(difference(torch::autograd::grad({ours}, {q})[0], torch::autograd::grad({theirs}, {q})[0]) < 1e-12);

  const Tensor proxies = rows(3, 8), labels = torch::tensor({0, 1, 2, 0, 1, 0, 2, 2, 1}, torch::kInt64);
  const contrastive::conditional_contrastive loss{.temperature = 0.5, .labels = contrastive::labels_of(labels)};
  const Tensor c = contrastive::torch_loss(loss, q, proxies), reference = two_c_by_torch(q, proxies, labels, 0.5);
  CHECK(number(c) == Approx(number(reference)).epsilon(1e-12));
  const auto mine = torch::autograd::grad({c}, {q, proxies}), expected = torch::autograd::grad({reference}, {q, proxies});
  for (const std::size_t i : {0U, 1U}) CHECK(difference(mine[i], expected[i]) < 1e-12);
}

TEST_CASE(
    "torch: tensors of any strides are read where they lie: transposed, sliced, repeated by expand, and a part of a larger "
    "one") {
  torch::manual_seed(5);
  const Tensor base = torch::randn({40, 60}, float64), z2 = torch::randn({10, 8}, float64);
  const auto check = [&](const Tensor& strided) {
    REQUIRE_FALSE(strided.is_contiguous());
    const Tensor z = strided.detach().requires_grad_(true),
                 plain = strided.detach().clone(torch::MemoryFormat::Contiguous).requires_grad_(true);
    const Tensor one = contrastive::torch_loss(contrastive::nt_xent{}, z, z2),
                 other = contrastive::torch_loss(contrastive::nt_xent{}, plain, z2);
    CHECK(number(one) == number(other));
    CHECK(torch::equal(torch::autograd::grad({one}, {z})[0], torch::autograd::grad({other}, {plain})[0]));
  };
  check(base.slice(0, 3, 11).slice(1, 5, 15).t());
  check(base.slice(0, 0, 40, 4).slice(1, 0, 24, 3));
  check(base[0].slice(0, 0, 8).unsqueeze(0).expand({10, 8}));
  check(base.slice(0, 0, 10).slice(1, 7, 15));
}

TEST_CASE("torch: views by number, and reduction none, whose sum and mean have the gradients of the reduced loss") {
  torch::manual_seed(6);
  const std::vector<Tensor> views = {rows(5, 6), rows(5, 6), rows(5, 6)};
  const Tensor mean = contrastive::torch_loss(contrastive::nt_xent{}, views);
  const Tensor each = contrastive::torch_loss(contrastive::nt_xent{.reduction = contrastive::reduction::none}, views);
  CHECK(each.sizes() == torch::IntArrayRef({15}));
  CHECK(number(each.mean()) == Approx(number(mean)).epsilon(1e-12));
  const auto expected = torch::autograd::grad({mean}, views, {}, true),
             of_mean = torch::autograd::grad({each.mean()}, views, {}, true),
             of_sum = torch::autograd::grad({each.sum()}, views, {}, true);
  for (std::size_t v = 0; v < views.size(); ++v) {
    CHECK(difference(of_mean[v], expected[v]) < 1e-12);
    CHECK(difference(of_sum[v], 15 * expected[v]) < 1e-12);
  }
}

TEST_CASE("torch: with reduction none any weighing of the losses is differentiated, of either sign and through a function") {
  torch::manual_seed(16);
  const auto none = contrastive::reduction::none;
  const Tensor w = torch::randn({12}, float64), tau = torch::full({}, 0.4, float64).requires_grad_(true),
               bias = torch::full({}, -1.5, float64).requires_grad_(true);
  check_gradients(
      [&](const std::vector<Tensor>& z) {
        const Tensor each = contrastive::torch_loss(contrastive::nt_xent{.reduction = none},
                                                    contrastive::learned_temperature(z[2]), z[0], z[1]);
        return (each * w).sum() + each.square().mean();
      },
      {rows(6, 4), rows(6, 4), tau});
  check_gradients(
      [&](const std::vector<Tensor>& z) {
        return contrastive::torch_loss(contrastive::siglip{.reduction = none}, contrastive::learned_temperature(z[2]),
                                       contrastive::learned_bias(z[3]), z[0], z[1])
            .square()
            .sum();
      },
      {rows(5, 4), rows(5, 4), tau, bias});
  // Labels, and weights that the loss has of its own, are gone when backward() comes.
  check_gradients(
      [&](const std::vector<Tensor>& z) {
        const Tensor labels = torch::arange(24).remainder(3).slice(0, 0, 24, 2), own = torch::arange(12).to(torch::kFloat32);
        const contrastive::sup_con loss{.temperature = 0.3,
                                        .reduction = none,
                                        .labels = contrastive::labels_of(labels),
                                        .anchor_weights = contrastive::weights_of(own)};
        return (contrastive::torch_loss(loss, z[0]) * w).sum();
      },
      {rows(12, 4)});
}

TEST_CASE("torch: what is weighed by NaN, infinity or more than a float has gradients as the formula has") {
  torch::manual_seed(18);
  const Tensor z1 = rows(5, 4), z2 = rows(5, 4);
  const auto gradients = [&](const Tensor& weights) {
    const Tensor each = contrastive::torch_loss(contrastive::nt_xent{.reduction = contrastive::reduction::none}, z1, z2);
    return torch::autograd::grad({(each * weights).sum()}, {z1, z2});
  };
  const Tensor weights = torch::arange(10, float64);
  const auto plain = gradients(weights), large = gradients(weights * 1e300);
  for (std::size_t v = 0; v < 2; ++v) CHECK(difference(large[v] / 1e300, plain[v]) < 1e-12);
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Tensor spoilt = weights.clone();
    spoilt[3] = bad;
    for (const Tensor& g : gradients(spoilt)) CHECK(g.isnan().all().item<bool>());
  }
}

TEST_CASE("torch: ids that lie backwards in memory are kept for backward() too") {
  torch::manual_seed(19);
  const int ids[] = {3, 1, 3, 2, 1, 3};
  const Tensor w = torch::arange(6, float64) - 2;
  check_gradients(
      [&](const std::vector<Tensor>& z) {
        const contrastive::info_nce loss{
            .temperature = 0.3, .reduction = contrastive::reduction::none, .ids = contrastive::label_view(ids + 5, 6, -1)};
        return (contrastive::torch_loss(loss, z[0], z[1]) * w).sum();
      },
      {rows(6, 4), rows(6, 4)});
}

TEST_CASE("torch: a loss of one's own without anchor_weights refuses to be weighed, in words") {
  struct plain {
    double temperature = 0.5;
    contrastive::similarity similarity = contrastive::similarity::cosine;
    contrastive::reduction reduction = contrastive::reduction::none;
    contrastive::arrangement arrangement = contrastive::arrangement::first_against_rest;
    contrastive::mean_log rule = {};
    double denominator(contrastive::index_type, contrastive::index_type) const { return 1; }
    double positive(contrastive::index_type i, contrastive::index_type j) const { return i == j; }
    const int* labels = nullptr;  // of another type than the library's
  };
  const Tensor each = contrastive::torch_loss(plain{}, rows(4, 3), rows(4, 3));
  each.sum().backward({}, true);
  const std::string words = refused([&] { (each * torch::arange(4, float64)).sum().backward(); });
  CHECK(words.find("a loss with a member `weight_view anchor_weights`") != std::string::npos);
}

TEST_CASE("torch: ids, weights and probabilities come from tensors") {
  torch::manual_seed(17);
  const Tensor q = rows(6, 4), k = rows(6, 4), ids = torch::arange(6).remainder(4), w = torch::rand({6}) + 0.1,
               p = torch::rand({6}, float64) * 0.5 + 0.1;
  const contrastive::info_nce loss{.temperature = 0.2,
                                   .ids = contrastive::labels_of(ids),
                                   .anchor_weights = contrastive::weights_of(w),
                                   .candidate_probabilities = contrastive::weights_of(p)};
  const auto by_torch = [&](const std::vector<Tensor>& z) {
    const auto unit = [](const Tensor& t) { return torch::nn::functional::normalize(t); };
    const Tensor same = ids.unsqueeze(0).eq(ids.unsqueeze(1)).logical_xor(torch::eye(6).to(torch::kBool));
    const Tensor logits = (unit(z[0]).mm(unit(z[1]).t()) / 0.2 - p.log()).masked_fill(same, -1e300);
    return ((logits.logsumexp(1) - logits.diagonal()) * w).sum() / w.sum();
  };
  const Tensor expected = by_torch({q, k}), came = contrastive::torch_loss(loss, q, k);
  CHECK(number(came) == Approx(number(expected)).epsilon(1e-7));  // w is float
  const auto right = torch::autograd::grad({expected}, {q, k}), ours = torch::autograd::grad({came}, {q, k});
  for (std::size_t a = 0; a < 2; ++a) CHECK(difference(ours[a], right[a]) < 1e-7);
  CHECK(refused([&] { contrastive::weights_of(ids); }).find("a tensor (n) of float32 or float64") != std::string::npos);
}

TEST_CASE("torch: without gradients there is no graph, and what requires none gets none") {
  torch::manual_seed(7);
  const Tensor z1 = rows(8, 4), z2 = torch::randn({8, 4}, float64);
  const Tensor loss = contrastive::torch_loss(contrastive::nt_xent{}, z1, z2);
  {
    const torch::NoGradGuard off;
    const Tensor silent = contrastive::torch_loss(contrastive::nt_xent{}, z1, z2);
    CHECK_FALSE(silent.requires_grad());
    CHECK(number(silent) == Approx(number(loss)).epsilon(1e-14));
  }
  CHECK_FALSE(contrastive::torch_loss(contrastive::nt_xent{}, z2, z2.clone()).requires_grad());
  loss.backward();
  CHECK(z1.grad().defined());
  CHECK_FALSE(z2.grad().defined());
  CHECK_THROWS(loss.backward());  // libtorch's own: the graph is freed
}

TEST_CASE("torch: a temperature learns beside embeddings that do not") {
  torch::manual_seed(8);
  const Tensor z1 = torch::randn({8, 4}), z2 = torch::randn({8, 4});
  const Tensor tau = torch::full({1}, 0.5F).requires_grad_(true);  // float, one dimension
  contrastive::torch_loss(contrastive::nt_xent{}, contrastive::learned_temperature(tau), z1, z2).backward();
  REQUIRE(tau.grad().defined());
  CHECK(tau.grad().sizes() == torch::IntArrayRef({1}));
  const Tensor reference = torch::full({1}, 0.5F).requires_grad_(true);
  nt_xent_by_torch(z1, z2, reference).backward();
  CHECK(number(tau.grad()) == Approx(number(reference.grad())).epsilon(1e-4));
}

TEST_CASE("torch: a learned temperature is kept within bounds, in place, and learns on") {
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kFloat16}) {
    const Tensor tau = torch::full({}, 0.002, type).requires_grad_(true);
    const void* const place = tau.data_ptr();
    contrastive::clamp_temperature(tau);
    CHECK(number(tau) == Approx(0.01).epsilon(1e-3));
    CHECK(tau.data_ptr() == place);
    CHECK(tau.requires_grad());
    CHECK(tau.is_leaf());
    contrastive::clamp_temperature(tau, 0.05, 0.5);
    CHECK(number(tau) == Approx(0.05).epsilon(1e-3));
  }
  const Tensor negative = torch::full({1}, -3.0).requires_grad_(true), large = torch::full({1}, 3.0),
               within = torch::full({1}, 0.25F);
  contrastive::clamp_temperature(negative);
  CHECK(number(negative) == Approx(0.01));
  contrastive::clamp_temperature(large);
  CHECK(number(large) == 3);
  contrastive::clamp_temperature(large, 0.01, 1);
  CHECK(number(large) == 1);
  contrastive::clamp_temperature(within, 0.01, 1);
  CHECK(number(within) == 0.25);

  // Where all positives come first a lower temperature is always better: without bounds τ would end at 0.
  const Tensor z = torch::eye(8, float64), tau = torch::scalar_tensor(0.1, float64).requires_grad_(true);
  torch::optim::SGD optimizer({tau}, torch::optim::SGDOptions(0.1));
  for (int step = 0; step < 200; ++step) {
    optimizer.zero_grad();
    contrastive::torch_loss(contrastive::clip{}, contrastive::learned_temperature(tau), z, z).backward();
    optimizer.step();
    contrastive::clamp_temperature(tau, 0.09);
  }
  CHECK(number(tau) == 0.09);

  const Tensor leaf = torch::ones({1}).requires_grad_(true);
  for (const auto& [said, words] : std::vector<std::pair<std::string, std::string>>{
           {refused([] { contrastive::clamp_temperature(Tensor()); }),
            "tau: expected a tensor of one floating point number, got an undefined one"},
           {refused([] { contrastive::clamp_temperature(torch::ones({2})); }),
            "tau: expected a tensor of one floating point number, got 2 of Float"},
           {refused([] { contrastive::clamp_temperature(torch::ones({1}, torch::kInt64)); }),
            "tau: expected a tensor of one floating point number, got 1 of Long"},
           {refused([&] { contrastive::clamp_temperature(leaf.exp()); }),
            "tau: expected the parameter itself (a leaf), got what was computed of others"},
           {refused([&] { contrastive::clamp_temperature(leaf, 0); }), "least: expected a positive number, got 0"},
           {refused([&] { contrastive::clamp_temperature(leaf, 0.1, 0.05); }), "most: expected at least 0.1, got 0.05"}})
    CHECK(said == "contrastive: clamp_temperature: " + words);
}

TEST_CASE("torch: the same bits with one thread and with two") {
  torch::manual_seed(9);
  const Tensor z1 = rows(300, 32, torch::kFloat32), z2 = rows(300, 32, torch::kFloat32);
  std::vector<Tensor> gradients;
  const int before = torch::get_num_threads();
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    gradients.push_back(torch::autograd::grad({contrastive::torch_loss(contrastive::nt_xent{}, z1, z2)}, {z1})[0]);
  }
  torch::set_num_threads(before);
  CHECK(torch::equal(gradients[0], gradients[1]));
}

TEST_CASE("torch: tensors of 16 bits give what float gives for the same numbers, each gradient in its tensor's type") {
  torch::manual_seed(11);
  for (const auto type : {torch::kBFloat16, torch::kFloat16}) {
    const double rounding = type == torch::kBFloat16 ? 1.0 / 256 : 1.0 / 2048;
    const Tensor whole = torch::randn({19, 74}).to(type);
    const Tensor z1 = whole.slice(1, 0, 37).t().requires_grad_(true), z2 = whole.slice(1, 37, 74).t().requires_grad_(true);
    REQUIRE_FALSE(z1.is_contiguous());
    const Tensor f1 = z1.detach().to(torch::kFloat32).requires_grad_(true),
                 f2 = z2.detach().to(torch::kFloat32).requires_grad_(true);
    const Tensor tau = torch::scalar_tensor(0.3F).requires_grad_(true);
    const Tensor ours = contrastive::torch_loss(contrastive::nt_xent{}, contrastive::learned_temperature(tau), z1, z2);
    CHECK(ours.scalar_type() == torch::kFloat32);
    const Tensor theirs = nt_xent_by_torch(f1, f2, tau);
    CHECK(number(ours) == Approx(number(theirs)).epsilon(5e-5));
    const auto mine = torch::autograd::grad({ours}, {z1, z2, tau}), reference = torch::autograd::grad({theirs}, {f1, f2, tau});
    for (const std::size_t i : {0U, 1U}) {
      CHECK(mine[i].scalar_type() == type);
      CHECK(difference(mine[i].to(torch::kFloat32), reference[i]) < rounding);
    }
    CHECK(number(mine[2]) == Approx(number(reference[2])).epsilon(1e-3));
    const torch::NoGradGuard off;
    CHECK(number(contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.3}, z1, z2)) ==
          Approx(number(theirs)).epsilon(5e-5));
    const Tensor each =
        contrastive::torch_loss(contrastive::nt_xent{.temperature = 0.3, .reduction = contrastive::reduction::none}, z1, z2);
    CHECK(each.scalar_type() == torch::kFloat32);
    CHECK(number(each.mean()) == Approx(number(theirs)).epsilon(5e-5));
  }
}

TEST_CASE("torch: a scaled loss keeps gradients that float16 alone would lose") {
  torch::manual_seed(12);
  const Tensor z1 = (3000 * torch::randn({64, 16})).to(torch::kFloat16).requires_grad_(true), z2 = torch::randn({64, 16});
  const Tensor f1 = z1.detach().to(torch::kFloat32).requires_grad_(true);
  const Tensor loss = contrastive::torch_loss(contrastive::nt_xent{}, z1, z2.to(torch::kFloat16));
  const Tensor scaled = torch::autograd::grad({65536 * loss}, {z1})[0];
  CHECK(scaled.scalar_type() == torch::kFloat16);
  const Tensor reference = contrastive::torch_loss(contrastive::nt_xent{}, f1, z2.to(torch::kFloat16).to(torch::kFloat32));
  const Tensor expected = torch::autograd::grad({reference}, {f1})[0];
  REQUIRE(number(expected.abs().max()) < 1e-5);  // the steps of float16 are 6e-8 there
  CHECK(difference(scaled.to(torch::kFloat32) / 65536, expected) < 1e-3);
}

TEST_CASE("torch: under autocast, where float32, bfloat16 and float16 come together, as all of them in float32") {
  torch::manual_seed(13);
  torch::nn::Linear encoder(10, 6);
  const Tensor x = torch::randn({9, 10}), k = torch::randn({9, 6}, torch::kFloat16).requires_grad_(true),
               queue = torch::randn({14, 6});
  Tensor q, loss;
  {
    c10::impl::tls_set_dispatch_key_excluded(c10::DispatchKey::AutocastCPU, false);  // in the words of every version
    q = encoder(x);
    loss = contrastive::torch_loss(contrastive::info_nce{.temperature = 0.2}, q, k, queue);
    c10::impl::tls_set_dispatch_key_excluded(c10::DispatchKey::AutocastCPU, true);
  }
  REQUIRE(q.scalar_type() == torch::kBFloat16);
  CHECK(loss.scalar_type() == torch::kFloat32);
  const Tensor fq = q.detach().to(torch::kFloat32).requires_grad_(true),
               fk = k.detach().to(torch::kFloat32).requires_grad_(true);
  const Tensor theirs = info_nce_by_torch(fq, fk, queue, 0.2);
  CHECK(number(loss) == Approx(number(theirs)).epsilon(5e-5));
  const auto mine = torch::autograd::grad({loss}, {q, k, encoder->weight}, {}, true),
             reference = torch::autograd::grad({theirs}, {fq, fk});
  CHECK(mine[0].scalar_type() == torch::kBFloat16);
  CHECK(mine[1].scalar_type() == torch::kFloat16);
  CHECK(mine[2].scalar_type() == torch::kFloat32);
  CHECK(difference(mine[0].to(torch::kFloat32), reference[0]) < 1.0 / 256);
  CHECK(difference(mine[1].to(torch::kFloat32), reference[1]) < 1.0 / 2048);
  CHECK(difference(mine[2], reference[0].t().mm(x)) < 0.03);  // a product of bfloat16
}

TEST_CASE("torch: what does not fit is refused in words that name the argument, what was expected and what came") {
  torch::manual_seed(10);
  const Tensor z = rows(4, 3), other = rows(5, 3), f = rows(4, 3, torch::kFloat32);
  const contrastive::nt_xent loss;
  struct fault {
    std::string said;
    std::vector<const char*> words;
  };
  const Tensor tau = torch::zeros({2}).requires_grad_(true), labels = torch::zeros({8}, torch::kInt64);
  for (const fault& one : std::vector<fault>{
           {refused([&] { contrastive::torch_loss(loss, z, f); }), {"argument 2", "Double", "Float"}},
           {refused([&] { contrastive::torch_loss(loss, z[0], z); }), {"argument 1", "(n, d)", "1 dimension"}},
           {refused([&] { contrastive::torch_loss(loss, z, Tensor()); }), {"argument 2", "undefined"}},
           {refused([&] { contrastive::torch_loss(loss, z, z.to(torch::kBFloat16)); }), {"argument 2", "Double", "BFloat16"}},
           {refused([&] { contrastive::torch_loss(loss, f.to(torch::kFloat16), z); }), {"argument 2", "Half", "Double"}},
           {refused([&] {
              contrastive::torch_loss(loss, torch::ones({4, 3}, torch::kInt64), torch::ones({4, 3}, torch::kInt64));
            }),
            {"argument 1", "float32, float64, bfloat16 or float16", "Long"}},
           {refused([&] { contrastive::torch_loss(loss, z.to_sparse(), z.to_sparse()); }), {"argument 1", "strided"}},
           {refused([&] {
              contrastive::torch_loss(loss, torch::empty({4, 3}, torch::kMeta), torch::empty({4, 3}, torch::kMeta));
            }),
            {"argument 1", "CPU", "meta"}},
           {refused([&] { contrastive::torch_loss(loss, z, other); }), {"argument 2", "4 rows", "5 rows"}},
           {refused([&] { contrastive::torch_loss(loss, std::vector<Tensor>{}); }), {"embedding arguments", "at least 1"}},
           {refused([&] { contrastive::torch_loss(loss, contrastive::learned_temperature(tau), z, z); }),
            {"temperature", "one floating point number"}},
           {refused([&] { contrastive::torch_loss(loss, contrastive::learned_temperature(torch::scalar_tensor(-1.0)), z, z); }),
            {"temperature", "positive"}},
           {refused([&] { contrastive::labels_of(torch::zeros({3})); }), {"labels", "int64", "Float"}},
           {refused([&] { contrastive::rows_of(z); }), {"rows", "float32", "Double"}},
       }) {
    INFO(one.said);
    for (const char* word : one.words) CHECK(one.said.find(word) != std::string::npos);
  }
}

TEST_CASE("torch: a second derivative is refused instead of being wrong") {
  const Tensor z1 = rows(4, 3), z2 = rows(4, 3);
  const Tensor loss = contrastive::torch_loss(contrastive::nt_xent{}, z1, z2);
  const std::string words = refused([&] { torch::autograd::grad({loss}, {z1}, {}, true, true); });
  CHECK(words.find("no second derivatives") != std::string::npos);
}
