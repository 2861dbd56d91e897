// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// The losses as Python sees them: keywords become the members of the library's structs, of the same names and defaults.
#pragma once

#include <algorithm>
#include <array>
#include <contrastive/contrastive.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "arrays.hpp"

namespace contrastive_python {

/// Calls visit(name, member) for each parameter that a loss has.
template <class L, class Visit>
void each_parameter(L& loss, Visit visit) {
  visit("temperature", loss.temperature);
  visit("similarity", loss.similarity);
  visit("reduction", loss.reduction);
  if constexpr (requires { loss.bias; }) visit("bias", loss.bias);
  if constexpr (requires { loss.include_self; }) visit("include_self", loss.include_self);
  if constexpr (requires { loss.in_batch_negatives; }) visit("in_batch_negatives", loss.in_batch_negatives);
  if constexpr (requires { loss.negatives; }) visit("negatives", loss.negatives);
  if constexpr (requires { loss.normalize; }) visit("normalize", loss.normalize);
  if constexpr (requires { loss.pooling; }) visit("pooling", loss.pooling);
  if constexpr (requires { loss.average; }) visit("average", loss.average);
  if constexpr (requires { loss.sigma; }) visit("sigma", loss.sigma);
  if constexpr (requires { loss.tau_plus; }) visit("tau_plus", loss.tau_plus);
  if constexpr (requires { loss.beta; }) visit("beta", loss.beta);
  if constexpr (requires { loss.margin_positive; }) visit("margin_positive", loss.margin_positive);
  if constexpr (requires { loss.margin_negative; }) visit("margin_negative", loss.margin_negative);
  if constexpr (requires { loss.weights; }) visit("weights", loss.weights);
  if constexpr (requires { loss.targets; }) visit("targets", loss.targets);
  if constexpr (requires { loss.labels; }) visit("labels", loss.labels);
  if constexpr (requires { loss.ids; }) visit("ids", loss.ids);
  if constexpr (requires { loss.negative_ids; }) visit("negative_ids", loss.negative_ids);
  visit("anchor_weights", loss.anchor_weights);
  if constexpr (requires { loss.candidate_probabilities; }) visit("candidate_probabilities", loss.candidate_probabilities);
}

/// The words for the values of an enum, in their order.
template <class Enum>
constexpr auto words() {
  if constexpr (std::is_same_v<Enum, contrastive::similarity>)
    return std::array{"cosine", "dot", "negative_squared_euclidean"};
  else if constexpr (std::is_same_v<Enum, contrastive::reduction>)
    return std::array{"mean", "sum", "none"};
  else if constexpr (std::is_same_v<Enum, contrastive::negatives>)
    return std::array{"shared", "per_anchor"};
  else if constexpr (std::is_same_v<Enum, contrastive::weight_normalization>)
    return std::array{"none", "mean_one"};
  else if constexpr (std::is_same_v<Enum, contrastive::pooling>)
    return std::array{"mean_log", "log_sum"};
  else if constexpr (std::is_same_v<Enum, contrastive::average>)
    return std::array{"per_anchor", "per_pair"};
}

/// A parameter's value for Python; of a view None.
template <class Member>
nb::object to_python(const Member& member) {
  if constexpr (std::is_enum_v<Member>)
    return nb::str(words<Member>()[static_cast<std::size_t>(member)]);
  else if constexpr (std::is_arithmetic_v<Member>)
    return nb::cast(member);
  else
    return nb::none();
}

/// Sets a parameter from Python's value; arrays that a view now looks at go to `kept`.
template <class Member>
void set(Member& member, const std::string& what, nb::handle value, std::vector<array>& kept) {
  if constexpr (std::is_same_v<Member, bool>) {
    if (!nb::try_cast(value, member)) refuse_type(what, "True or False", name_of_type(value));
  } else if constexpr (std::is_same_v<Member, double>) {
    if (!nb::try_cast(value, member)) refuse_type(what, "a number", name_of_type(value));
  } else if constexpr (std::is_enum_v<Member>) {
    constexpr auto all = words<Member>();
    std::string expected;
    for (const char* word : all) expected += std::string(expected.empty() ? "'" : ", '") + word + "'";
    if (!nb::isinstance<nb::str>(value)) refuse_type(what, "one of " + expected, name_of_type(value));
    const std::string word = nb::cast<nb::str>(value).c_str();
    const auto found = std::find(all.begin(), all.end(), word);
    if (found == all.end()) refuse_value(what, "one of " + expected, "'" + word + "'");
    member = static_cast<Member>(found - all.begin());
  } else if (!value.is_none()) {
    constexpr bool is_matrix = std::is_same_v<Member, contrastive::weight_matrix>;
    kept.push_back(array_of(what, value, is_matrix ? 2 : 1));
    if constexpr (is_matrix)
      member = matrix_of<float>(what, "float32", kept.back());
    else if constexpr (std::is_same_v<Member, contrastive::weight_view>)
      member = vector_of<Member, float, double>(what, "float32 or float64", kept.back());
    else
      member = vector_of<Member, std::int64_t, std::int32_t, std::int16_t, std::int8_t, std::uint64_t, std::uint32_t,
                         std::uint16_t, std::uint8_t, bool>(what, "integers", kept.back());
  }
}

/// What a call of one scalar reads and writes.
template <class T>
using rows = std::vector<contrastive::matrix_view<const T>>;
template <class T>
using gradients = std::vector<contrastive::matrix_view<T>>;

/// Any of the losses.
struct any_loss {
  nb::dict parameters;      // all of them; of a view the array that was given, or None
  std::vector<array> kept;  // what the views of the loss look at

  virtual ~any_loss() = default;
  virtual const char* name() const = 0;
  virtual float value(contrastive::evaluator<float>&, const rows<float>&) const = 0;
  virtual double value(contrastive::evaluator<double>&, const rows<double>&) const = 0;
  virtual const contrastive::result<float>& differentiate(contrastive::evaluator<float>&, const gradients<float>&,
                                                          const rows<float>&) const = 0;
  virtual const contrastive::result<double>& differentiate(contrastive::evaluator<double>&, const gradients<double>&,
                                                           const rows<double>&) const = 0;
};

template <class L>
struct bound_loss final : any_loss {
  L loss;

  explicit bound_loss(const nb::dict& given) {
    std::string known;
    each_parameter(loss, [&](const char* parameter, auto& member) {
      known += (known.empty() ? "" : ", ") + std::string(parameter);
      if (given.contains(parameter)) set(member, std::string(L::name) + ": " + parameter, given[parameter], kept);
      const nb::object value = to_python(member);
      parameters[parameter] = value.is_none() && given.contains(parameter) ? nb::object(given[parameter]) : value;
    });
    for (const auto& [parameter, value] : given)
      if (!parameters.contains(parameter))
        refuse_type(L::name, "parameters among " + known, std::string("'") + nb::cast<nb::str>(parameter).c_str() + "'");
  }
  const char* name() const override { return L::name; }
  float value(contrastive::evaluator<float>& e, const rows<float>& z) const override { return e.value(loss, z); }
  double value(contrastive::evaluator<double>& e, const rows<double>& z) const override { return e.value(loss, z); }
  const contrastive::result<float>& differentiate(contrastive::evaluator<float>& e, const gradients<float>& g,
                                                  const rows<float>& z) const override {
    return e.value_and_gradient_into(g, loss, z);
  }
  const contrastive::result<double>& differentiate(contrastive::evaluator<double>& e, const gradients<double>& g,
                                                   const rows<double>& z) const override {
    return e.value_and_gradient_into(g, loss, z);
  }
};

/// "def __init__(self, *, temperature: float = 0.5, …) -> None", as help() shows it.
template <class L>
std::string signature_of_init() {
  std::string text = "def __init__(self, *";
  L loss;
  each_parameter(loss, [&](const char* parameter, auto& member) {
    using Member = std::remove_cvref_t<decltype(member)>;
    const char* type = "object | None";
    if constexpr (std::is_same_v<Member, double>) type = "float";
    if constexpr (std::is_same_v<Member, bool>) type = "bool";
    if constexpr (std::is_enum_v<Member>) type = "str";
    text += std::string(", ") + parameter + ": " + type + " = " + nb::repr(to_python(member)).c_str();
  });
  return text + ") -> None";
}

template <class L>
void bind_loss(nb::module_& module, const char* about) {
  static const std::string signature = signature_of_init<L>();
  nb::class_<bound_loss<L>, any_loss> bound(module, L::name, about);
  bound.def(
      "__init__", [](bound_loss<L>* self, const nb::kwargs& given) { new (self) bound_loss<L>(given); },
      nb::sig(signature.c_str()));
  bound.def(
      "replace",
      [](const bound_loss<L>& self, const nb::kwargs& changes) {
        nb::dict merged;
        merged.update(self.parameters);
        merged.update(changes);
        return bound_loss<L>(merged);
      },
      "The same loss with some parameters changed, as a learned temperature is at each step.");
  L loss;
  each_parameter(loss, [&](const char* parameter, auto&) {
    bound.def_prop_ro(parameter, [parameter](const bound_loss<L>& self) { return nb::object(self.parameters[parameter]); });
  });
}

}  // namespace contrastive_python
