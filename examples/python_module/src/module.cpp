// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The extension contrastive._core: losses, value, value_and_gradient and the evaluator, on arrays in the CPU's memory.
#include <contrastive/contrastive.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "losses.hpp"

namespace contrastive_python {
namespace {

/// Marks an embedding argument as fixed.
struct no_gradient {
  nb::object rows;
};

struct result {
  double loss = 0;
  nb::list gradients;
  double temperature_gradient = 0, bias_gradient = 0;
  nb::object per_anchor = nb::none();
  contrastive::index_type valid_anchors = 0;
};

/// The embedding arguments of a call: arrays, and which of them want a gradient.
struct arguments {
  std::vector<array> arrays;
  std::vector<bool> fixed;

  arguments(const any_loss& loss, const nb::args& given) {
    for (nb::handle argument : given) {
      const std::string what = std::string(loss.name()) + ": argument " + std::to_string(arrays.size() + 1);
      const bool is_fixed = nb::isinstance<no_gradient>(argument);
      fixed.push_back(is_fixed);
      arrays.push_back(array_of(what, is_fixed ? nb::cast<no_gradient&>(argument).rows : argument, 2));
    }
  }
  bool are_double() const { return !arrays.empty() && arrays[0].dtype() == nb::dtype<double>(); }

  template <class T>
  rows<T> views(const any_loss& loss) const {
    rows<T> all;
    for (const array& a : arrays)
      all.push_back(matrix_of<T>(std::string(loss.name()) + ": argument " + std::to_string(all.size() + 1),
                                 all.empty() ? "float32 or float64" : name_of(arrays[0].dtype()) + " as in argument 1", a));
    return all;
  }
};

/// The evaluators of both scalars, each made when it is first needed. The GIL is not held while one of them works; until what
/// it wrote is read, with the GIL again, other calls are refused.
class evaluator {
  struct call {
    evaluator& of;
    explicit call(evaluator& e) : of(e) {
      if (of.called_)
        throw std::logic_error("contrastive: evaluator: expected one call at a time, got one in the middle of another");
      of.called_ = true;
    }
    ~call() { of.called_ = false; }
    call(const call&) = delete;
    call& operator=(const call&) = delete;
  };

 public:
  explicit evaluator(const contrastive::options& how) : how_(how) {}

  double value(const any_loss& loss, const nb::args& given) {
    const arguments embeddings(loss, given);
    return embeddings.are_double() ? value_of(of_double_, loss, embeddings)
                                   : static_cast<double>(value_of(of_float_, loss, embeddings));
  }
  result value_and_gradient(const any_loss& loss, const nb::args& given) {
    const arguments embeddings(loss, given);
    return embeddings.are_double() ? result_of(of_double_, loss, embeddings) : result_of(of_float_, loss, embeddings);
  }

 private:
  template <class T>
  T value_of(std::optional<contrastive::evaluator<T>>& evaluate, const any_loss& loss, const arguments& embeddings) {
    const rows<T> z = embeddings.views<T>(loss);
    const call alone(*this);
    if (!evaluate) evaluate.emplace(how_);
    const nb::gil_scoped_release others_may_run;
    return loss.value(*evaluate, z);
  }

  template <class T>
  result result_of(std::optional<contrastive::evaluator<T>>& evaluate, const any_loss& loss, const arguments& embeddings) {
    const rows<T> z = embeddings.views<T>(loss);
    result all;
    gradients<T> into;
    for (std::size_t a = 0; a < z.size(); ++a) {
      nb::object gradient = nb::none();
      into.emplace_back();
      if (!embeddings.fixed[a]) {
        gradient = new_array<T>(nb::make_tuple(z[a].rows, z[a].cols));
        into.back() = {nb::cast<nb::ndarray<T>>(gradient).data(), z[a].rows, z[a].cols};
      }
      all.gradients.append(gradient);
    }
    const call alone(*this);
    if (!evaluate) evaluate.emplace(how_);
    const contrastive::result<T>& r = [&]() -> const contrastive::result<T>& {
      const nb::gil_scoped_release others_may_run;
      return loss.differentiate(*evaluate, into, z);
    }();
    all.loss = r.loss, all.temperature_gradient = r.temperature_gradient, all.bias_gradient = r.bias_gradient;
    all.valid_anchors = r.valid_anchors;
    if (!r.per_anchor.empty()) {
      all.per_anchor = new_array<T>(nb::make_tuple(r.per_anchor.size()));
      std::copy(r.per_anchor.begin(), r.per_anchor.end(), nb::cast<nb::ndarray<T>>(all.per_anchor).data());
    }
    return all;
  }

  template <class T>
  static nb::object new_array(const nb::tuple& shape) {
    return nb::module_::import_("numpy").attr("empty")(shape, std::is_same_v<T, double> ? "float64" : "float32");
  }

  contrastive::options how_;
  bool called_ = false;
  std::optional<contrastive::evaluator<float>> of_float_;
  std::optional<contrastive::evaluator<double>> of_double_;
};

nb::str text_of(const any_loss& loss) {
  std::string text = std::string(loss.name()) + "(";
  for (const auto& [parameter, value] : loss.parameters) {
    if (value.is_none()) continue;
    text += (text.back() == '(' ? "" : ", ") + std::string(nb::cast<nb::str>(parameter).c_str()) + "=";
    text += nb::ndarray_check(value) ? "..." : nb::repr(value).c_str();
  }
  return nb::str((text + ")").c_str());
}

}  // namespace
}  // namespace contrastive_python

NB_MODULE(_core, module) {
  using namespace contrastive_python;
  nb::class_<any_loss>(module, "loss", "What all losses have in common.").def("__repr__", &text_of);
  bind_loss<contrastive::clip>(module, "Pairs of two kinds: the mean of info_nce in both directions.");
  bind_loss<contrastive::conditional_contrastive>(
      module, "Rows with class labels and, if given, a proxy a class: the 2C loss of ContraGAN.");
  bind_loss<contrastive::d2d_ce>(module, "Rows with class labels and a proxy a class, with margins: the loss of ReACGAN.");
  bind_loss<contrastive::decoupled>(module,
                                    "Two or more views: nt_xent without the positive in the denominator; DCLW with sigma.");
  bind_loss<contrastive::hard_negative>(
      module, "Two views: negatives count more the nearer they are, less the share that are positives.");
  bind_loss<contrastive::info_nce>(module, "Queries, keys and, if given, further negatives: shared, or each query's own.");
  bind_loss<contrastive::nt_xent>(module, "Two or more views of the same samples: the loss of SimCLR.");
  bind_loss<contrastive::siglip>(module, "Pairs of two kinds, each a match or not by itself; with a learned bias.");
  bind_loss<contrastive::sincere>(module,
                                  "Rows, or views of them, with class labels: each positive against the other classes alone.");
  bind_loss<contrastive::soft_targets>(module, "Queries and candidates: cross entropy with given targets.");
  bind_loss<contrastive::sup_con>(module, "Rows, or views of them, with class labels: supervised contrast, both poolings.");
  bind_loss<contrastive::weighted_info_nce>(module, "info_nce whose negatives count as a matrix of weights says.");

  nb::class_<no_gradient>(module, "no_gradient", "Marks an embedding argument as fixed: its entry in `gradients` is None.")
      .def(
          "__init__", [](no_gradient* self, nb::object rows) { new (self) no_gradient{std::move(rows)}; }, nb::arg("rows"));

  nb::class_<result>(module, "result", "What value_and_gradient returns.")
      .def_ro("loss", &result::loss, "in nats, reduced as the loss says")
      .def_ro("gradients", &result::gradients, "a NumPy array an embedding argument, of its shape; None under no_gradient")
      .def_ro("temperature_gradient", &result::temperature_gradient)
      .def_ro("bias_gradient", &result::bias_gradient, "of a loss with a bias, else 0")
      .def_ro("per_anchor", &result::per_anchor, "with reduction='none' the loss of each anchor, else None")
      .def_ro("valid_anchors", &result::valid_anchors, "anchors whose loss counts: what the mean was taken over");

  const contrastive::options defaults;
  nb::class_<evaluator>(module, "evaluator", "Keeps its memory and its threads between calls; serves one thread at a time.")
      .def(
          "__init__",
          [](evaluator* self, int threads, std::size_t memory_budget, bool check_finite) {
            new (self) evaluator({.threads = threads, .memory_budget = memory_budget, .check_finite = check_finite});
          },
          nb::kw_only(), nb::arg("threads") = defaults.threads, nb::arg("memory_budget") = defaults.memory_budget,
          nb::arg("check_finite") = defaults.check_finite)
      .def("value", &evaluator::value, nb::arg("loss"), nb::arg("embeddings"))
      .def("value_and_gradient", &evaluator::value_and_gradient, nb::arg("loss"), nb::arg("embeddings"));

  module.def(
      "value", [](const any_loss& loss, const nb::args& embeddings) { return evaluator({}).value(loss, embeddings); },
      nb::arg("loss"), nb::arg("embeddings"), "The loss of embeddings (rows, d) of float32 or float64, in nats.");
  module.def(
      "value_and_gradient",
      [](const any_loss& loss, const nb::args& embeddings) { return evaluator({}).value_and_gradient(loss, embeddings); },
      nb::arg("loss"), nb::arg("embeddings"), "The loss and its gradients by each embedding, the temperature and the bias.");
  module.def(
      "_address_of", [](nb::handle a) { return reinterpret_cast<std::uintptr_t>(array_of("array", a, 2).data()); },
      "Where the module reads an array, to show that it takes no copy.");
}
