// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Where the rows of a problem lie on several ranks, and that all ranks ask for the same.
#pragma once

#include <algorithm>
#include <contrastive/cpu/problem.hpp>
#include <contrastive/distributed/joint_call.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {
namespace distributed {

/// The rows of one embedding argument: those of rank 0, then those of rank 1 ... A replicated one has all rows on each rank,
/// and counts once.
struct spread_argument {
  index_type first = 0;          // of the rows of all arguments, one after another
  std::vector<index_type> rows;  // of each rank
  bool replicated = false, needs_gradient = true;

  index_type rows_on(int rank) const { return rows[static_cast<std::size_t>(rank)]; }
  index_type total() const { return replicated ? rows[0] : std::accumulate(rows.begin(), rows.end(), index_type{0}); }
  /// The first row of a rank, of the rows of all arguments.
  index_type begin(int rank) const { return replicated ? first : std::accumulate(rows.begin(), rows.begin() + rank, first); }
};

/// Arguments [first, end).
struct argument_range {
  int first = 0, end = 0;
};

/// The arguments whose rows are anchors.
inline argument_range anchors_of(arrangement kind, int num_arguments) {
  return {0, kind == arrangement::all_against_all ? num_arguments : 1};
}

/// A list of the caller's with an entry a row: how many there are here, and the arguments that they go over.
struct row_list {
  const char* name = "";
  index_type size = 0;
  argument_range of;
  bool or_first = false;  // or those of the first argument alone, which the others share
};
inline constexpr int most_row_lists = 8;

struct spread_rows {
  std::vector<spread_argument> arguments;
  std::vector<shape> shapes;  // of the whole problem
  detail::row_ranges ranges;
  index_type cols = 0;
  int rank = 0;

  argument_shapes all_shapes() const { return {shapes.data(), static_cast<int>(shapes.size())}; }
  const spread_argument& operator[](int a) const { return arguments[static_cast<std::size_t>(a)]; }
  int count() const { return static_cast<int>(arguments.size()); }
  index_type rows_on(int of_rank, const argument_range& of) const {
    index_type rows = 0;
    for (int a = of.first; a < of.end; ++a) rows += (*this)[a].rows_on(of_rank);
    return rows;
  }
};

/// What has to be the same on all ranks, but for the rows.
struct asked {
  char loss[48];
  double temperature, bias;
  std::int64_t scalar_bytes, similarity, reduction, arrangement, with_gradients, scale, arguments, lists;
};
/// Of one argument.
struct asked_rows {
  std::int64_t rows, cols, replicated, needs_gradient;
};

/// In as few digits as tell it from another number.
template <class Value>
std::string exact_text(const Value& value) {
  if constexpr (std::is_floating_point_v<Value>) {
    char digits[32];
    for (int count = 6; count <= 17; ++count) {
      std::snprintf(digits, sizeof digits, "%.*g", count, static_cast<double>(value));
      if (std::strtod(digits, nullptr) == static_cast<double>(value)) break;
    }
    return digits;
  } else {
    return detail::text(value);
  }
}

/// Refuses what is not what rank 0 has, on all ranks alike. NaN is NaN.
template <class Value>
void refuse_difference(const char* who, const std::string& what, const std::vector<Value>& of_ranks) {
  for (std::size_t r = 1; r < of_ranks.size(); ++r) {
    const Value &first = of_ranks[0], &other = of_ranks[r];
    if (!(first == other) && (first == first || other == other))
      detail::refuse(who, what, exact_text(first) + " as on rank 0", exact_text(other) + " on rank " + std::to_string(r));
  }
}

/// The list is what it should be on every rank, or on none there is one: then false. Ranks without rows say nothing.
inline bool check_list(const char* who, const row_list& list, const std::vector<std::int64_t>& sizes, const spread_rows& rows,
                       argument_range& of) {
  if (std::all_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size == 0; })) return false;
  const auto fits = [&](const argument_range& range, std::size_t r) {
    return sizes[r] == rows.rows_on(static_cast<int>(r), range);
  };
  const auto all_fit = [&](const argument_range& range) {
    for (std::size_t r = 0; r < sizes.size(); ++r)
      if (!fits(range, r)) return false;
    return true;
  };
  of = list.of;
  if (list.or_first && !all_fit(of) && all_fit({0, 1})) of = {0, 1};
  for (std::size_t r = 0; r < sizes.size(); ++r)
    if (!fits(of, r))
      detail::refuse(
          who, list.name,
          std::to_string(rows.rows_on(static_cast<int>(r), of)) + " entries on rank " + std::to_string(r) + ", one a row of " +
              (of.end - of.first == 1 ? "argument " + std::to_string(of.first + 1)
                                      : "arguments " + std::to_string(of.first + 1) + " to " + std::to_string(of.end)),
          std::to_string(sizes[r]) + " entries");
  return true;
}

/// The rows of argument a, by what all ranks say of theirs.
template <class T>
spread_argument argument_of(const cpu::problem<T>& p, int a, const answers<asked_rows>& here, spread_rows& rows) {
  const std::string name = "argument " + std::to_string(a + 1);
  spread_argument argument;
  argument.first = a == 0 ? 0 : rows.arguments.back().first + rows.arguments.back().total();
  argument.replicated = p.arguments[a].replicated, argument.needs_gradient = p.arguments[a].needs_gradient;
  std::vector<std::int64_t> counts, replicated, wanted;
  for (std::size_t r = 0; r < here.size(); ++r) {
    const asked_rows of = here[r];
    argument.rows.push_back(static_cast<index_type>(of.rows));
    counts.push_back(of.rows), replicated.push_back(of.replicated), wanted.push_back(of.needs_gradient);
    if (of.rows == 0) continue;
    if (rows.cols == 0) rows.cols = of.cols;
    if (of.cols != rows.cols)
      detail::refuse(p.who, name + " on rank " + std::to_string(r), std::to_string(rows.cols) + " columns",
                     std::to_string(of.cols) + " columns");
  }
  refuse_difference(p.who, name + " replicated (0 or 1)", replicated);
  refuse_difference(p.who, name + " with a gradient (0 or 1)", wanted);
  if (argument.replicated) refuse_difference(p.who, "rows of " + name + ", which is replicated", counts);
  if (argument.replicated && a < anchors_of(p.arrangement, p.count).end + (p.arrangement == arrangement::both_ways ? 1 : 0))
    detail::refuse(p.who, name, "rows of each rank's own: it has anchors", "replicated rows");
  return argument;
}

/// Asks all ranks what they ask for; they all refuse what they do not agree on. The lists that are there learn which arguments
/// they go over, the others become empty ranges.
template <class T>
spread_rows agree(joint_call& call, const cpu::problem<T>& p, double bias, int scale, row_list* lists, int num_lists) {
  asked own{};
  std::snprintf(own.loss, sizeof own.loss, "%s", p.who);
  own.temperature = p.temperature, own.bias = bias, own.scalar_bytes = sizeof(T);
  own.similarity = static_cast<int>(p.similarity), own.reduction = static_cast<int>(p.reduction),
  own.arrangement = static_cast<int>(p.arrangement), own.with_gradients = p.with_gradients, own.scale = scale,
  own.arguments = p.count, own.lists = num_lists;
  const answers<asked> all = call.exchange(own);
  call.attempt([&] {
    const auto same = [&](const std::string& what, auto member) {
      std::vector<std::remove_cvref_t<decltype(all[0].*member)>> values;
      for (std::size_t r = 0; r < all.size(); ++r) values.push_back(all[r].*member);
      refuse_difference(p.who, what, values);
    };
    std::vector<std::string> names;
    for (std::size_t r = 0; r < all.size(); ++r) names.emplace_back(all[r].loss);
    refuse_difference(p.who, "loss", names);
    same("bytes of a number", &asked::scalar_bytes);
    same("temperature", &asked::temperature);
    same("bias", &asked::bias);
    same("similarity (its number)", &asked::similarity);
    same("reduction (its number)", &asked::reduction);
    same("arrangement (its number)", &asked::arrangement);
    same("gradients wanted (0 or 1)", &asked::with_gradients);
    same("grad_scale (its number)", &asked::scale);
    same("embedding arguments", &asked::arguments);
    same("lists of rows", &asked::lists);
  });
  call.meet();

  spread_rows rows;
  rows.rank = call.rank();
  for (int a = 0; a < p.count; ++a) {
    const auto& of = p.arguments[a];
    const answers<asked_rows> here =
        call.exchange(asked_rows{of.rows, of.rows > 0 ? of.cols : 0, of.replicated, of.needs_gradient});
    call.attempt([&] { rows.arguments.push_back(argument_of(p, a, here, rows)); });
  }
  call.attempt([&] {
    for (const spread_argument& a : rows.arguments)
      rows.shapes.push_back({a.total(), rows.cols, !a.replicated && call.size() > 1});
    detail::check_arguments<T>(p.who, p.temperature, p.arrangement, rows.all_shapes());
    rows.ranges = detail::ranges_of(p.arrangement, rows.all_shapes());
    for (int r = 0; p.arrangement == arrangement::both_ways && r < call.size(); ++r)
      if (rows[0].rows_on(r) != rows[1].rows_on(r))
        detail::refuse(p.who, "argument 2 on rank " + std::to_string(r),
                       std::to_string(rows[0].rows_on(r)) + " rows as in argument 1",
                       std::to_string(rows[1].rows_on(r)) + " rows");
  });

  struct list_sizes {
    std::int64_t of[most_row_lists];
  } sizes{};
  for (int l = 0; l < num_lists; ++l) sizes.of[l] = lists[l].size;
  const answers<list_sizes> of_ranks = call.exchange(sizes);
  call.attempt([&] {
    for (int l = 0; l < num_lists; ++l) {
      std::vector<std::int64_t> of_list;
      for (std::size_t r = 0; r < of_ranks.size(); ++r) of_list.push_back(of_ranks[r].of[l]);
      lists[l].of.end = std::min(lists[l].of.end, p.count);
      argument_range of;
      lists[l].of = check_list(p.who, lists[l], of_list, rows, of) ? of : argument_range{};
    }
  });
  call.meet();
  return rows;
}

}  // namespace distributed
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
