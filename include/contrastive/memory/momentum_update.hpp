// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// momentum_update: the parameters of a slowly moving copy of an encoder, as an exponential moving average.
#pragma once

#include <concepts>
#include <contrastive/core/arguments.hpp>
#include <contrastive/core/errors.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

namespace detail {

inline void check_momentum(double momentum) {
  if (!(momentum >= 0 && momentum <= 1)) refuse("momentum_update", "momentum", "a number from 0 to 1", momentum);
}

template <class T>
void check_momentum_shapes(const std::string& which, const matrix_view<T>& key, const matrix_view<const T>& query) {
  const auto say = [](index_type rows, index_type cols) {
    return '(' + std::to_string(rows) + ", " + std::to_string(cols) + ")";
  };
  if (query.rows != key.rows || query.cols != key.cols)
    refuse("momentum_update", "query" + which, say(key.rows, key.cols) + " as key" + which, say(query.rows, query.cols));
  if (key.rows > 0 && key.cols > 0 && (key.data == nullptr || query.data == nullptr))
    refuse("momentum_update", (key.data == nullptr ? "key" : "query") + which, "memory", "a null pointer");
}

template <class T>
void update_with_momentum(const matrix_view<T>& key, const matrix_view<const T>& query, double momentum) {
  if (momentum == 1) return;
  for (index_type r = 0; r < key.rows; ++r)
    for (index_type c = 0; c < key.cols; ++c) {
      const auto k = static_cast<double>(key(r, c)), q = static_cast<double>(query(r, c));
      key(r, c) = momentum == 0 ? query(r, c) : static_cast<T>(momentum * k + (1 - momentum) * q);
    }
}

template <class Key>
concept parameters_to_write =
    embedding_argument<std::remove_cvref_t<Key>> && std::convertible_to<Key&, matrix_view<scalar_of<std::remove_cvref_t<Key>>>>;
template <class Query, class Key>
concept parameters_like = embedding_argument<Query> && std::same_as<scalar_of<Query>, scalar_of<std::remove_cvref_t<Key>>>;

template <class Keys>
using element_of = decltype(std::declval<Keys&>()[std::size_t{}]);
template <class Keys>
concept vector_to_write = requires(Keys& keys) {
  requires std::same_as<std::remove_cvref_t<Keys>, std::vector<std::remove_cvref_t<element_of<Keys>>>>;
  requires parameters_to_write<element_of<Keys>>;
};

}  // namespace detail

/// The EMA of parameters, elementwise, key ← m · key + (1 - m) · query, m = momentum in [0, 1].
///
/// `key` and `query` are Eigen matrices, vectors, maps or blocks, or matrix_view, of the same shape and scalar (any strides).
/// m = 0 copies `query`, whatever `key` held; m = 1 leaves `key` untouched. They may be the same memory, but must not
/// overlap otherwise. Computed in double and rounded once; a step below half a unit in the last place of key is lost, in
/// float about (1 - m) |query - key| < 6e-8 |key|. NaN and infinity go through.
/// Throws std::invalid_argument for other shapes or another momentum, before anything is written.
/// Source: He et al. 2020, "Momentum contrast for unsupervised visual representation learning", eq. 2 (there m = 0.999).
///
///   contrastive::momentum_update(key_weight, query_weight, 0.999);
template <detail::parameters_to_write Key, detail::parameters_like<Key> Query>
void momentum_update(Key&& key, const Query& query, double momentum) {
  using T = detail::scalar_of<Query>;
  const matrix_view<T> to(key);
  const matrix_view<const T> from = detail::argument_traits<Query>::view(query);
  detail::check_momentum(momentum);
  detail::check_momentum_shapes("", to, from);
  detail::update_with_momentum(to, from, momentum);
}

/// The same for all parameters of an encoder: two std::vectors of matrices, maps or views, pair by pair. Everything is
/// checked before the first is written.
template <detail::vector_to_write Keys, detail::parameters_like<detail::element_of<Keys>> Query>
void momentum_update(Keys&& keys, const std::vector<Query>& queries, double momentum) {
  using T = detail::scalar_of<Query>;
  detail::check_momentum(momentum);
  if (queries.size() != keys.size())
    detail::refuse("momentum_update", "queries", std::to_string(keys.size()) + " matrices as in keys", queries.size());
  for (std::size_t p = 0; p < keys.size(); ++p)
    detail::check_momentum_shapes<T>('[' + std::to_string(p) + "]", keys[p], detail::argument_traits<Query>::view(queries[p]));
  for (std::size_t p = 0; p < keys.size(); ++p)
    detail::update_with_momentum<T>(keys[p], detail::argument_traits<Query>::view(queries[p]), momentum);
}

}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
