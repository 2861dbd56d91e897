// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// Rows that show the same thing: candidates with the anchor's id are no negatives of it.
#pragma once

#include <algorithm>
#include <contrastive/core/errors.hpp>
#include <contrastive/core/label_view.hpp>
#include <contrastive/engine/loss_concept.hpp>
#include <cstdint>
#include <string>

namespace contrastive {
inline namespace CONTRASTIVE_FLAGS {

/// The ids of anchors and candidates. Anchors, and the first candidates, are rows of the same samples or pairs.
struct row_ids {
  label_view samples;    // empty: nothing is known
  label_view negatives;  // of candidates from num_first on
  index_type num_samples = 0, num_first = 0;

  CONTRASTIVE_HOST_DEVICE bool given() const { return samples.size() > 0; }
  CONTRASTIVE_HOST_DEVICE std::int64_t operator[](index_type candidate) const {
    return candidate < num_first ? samples[candidate % num_samples] : negatives[candidate - num_first];
  }
  /// Do anchor i and candidate j have one id, and are not one?
  CONTRASTIVE_HOST_DEVICE bool same(index_type i, index_type j) const { return given() && i != j && (*this)[i] == (*this)[j]; }

  /// visit(i, j) for all such pairs of a tile, in time that grows with its sides: anchors are looked up by their ids.
  template <class Visit>
  void each_same(const tile& t, Visit visit) const {
    if (!given()) return;
    constexpr index_type together = 64;
    for (index_type begin = t.anchor_begin; begin < t.anchor_end; begin += together) {
      const index_type count = std::min(together, t.anchor_end - begin);
      std::int64_t ids[together];
      unsigned char places[256] = {};  // open addressing: 1 + an anchor, or 0
      for (index_type a = 0; a < count; ++a) {
        ids[a] = (*this)[begin + a];
        unsigned char at = place_of(ids[a]);
        while (places[at] != 0) ++at;  // from the last to the first
        places[at] = static_cast<unsigned char>(a + 1);
      }
      for (index_type j = t.candidate_begin; j < t.candidate_end; ++j) {
        const std::int64_t id = (*this)[j];
        for (unsigned char at = place_of(id); places[at] != 0; ++at)
          if (const index_type a = places[at] - 1; ids[a] == id && begin + a != j) visit(begin + a, j);
      }
    }
  }

 private:
  static unsigned char place_of(std::int64_t id) {
    return static_cast<unsigned char>((static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15u) >> 56);
  }
};

namespace detail {

/// Refuses ids of another number than the rows that they belong to.
inline void check_ids(const char* who, const char* what, const label_view& ids, index_type rows, const char* one_a) {
  if (ids.size() > 0) check_memory(who, what, ids.data());
  if (ids.size() != rows) refuse(who, what, std::to_string(rows) + " ids, one a " + one_a, std::to_string(ids.size()) + " ids");
}

/// Of pairs (a_i, b_i), or of views of samples: one id each, which all their rows share.
inline row_ids bind_ids(const char* who, const label_view& ids, index_type num_samples, index_type num_rows,
                        const char* one_a) {
  if (ids.size() == 0) return {};
  check_ids(who, "ids", ids, num_samples, one_a);
  return {ids, {}, num_samples, num_rows};
}

}  // namespace detail
}  // namespace CONTRASTIVE_FLAGS
}  // namespace contrastive
