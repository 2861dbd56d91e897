// SPDX-FileCopyrightText: 2026 The contrastive authors
// SPDX-License-Identifier: Apache-2.0
// What the queue and the momentum update on the GPU do to a number, beside those on the host.
#include <algorithm>
#include <contrastive/cuda/copies.hpp>
#include <contrastive/memory/feature_queue.hpp>
#include <contrastive/memory/momentum_update.hpp>
#include <support/catch.hpp>
#include <support/random.hpp>

namespace contrastive::testing {

TEST_CASE("ring: a batch goes where the queue on the host puts it") {
  constexpr index_type capacity = 5, dim = 2;
  feature_queue<float> expected(capacity, dim);
  std::vector<float> ring(capacity * dim, -1);
  cuda::ring_places places{capacity, 0, 0};
  float next = 0;
  for (const index_type rows : {2, 2, 3, 0, 1, 5, 2, 7, 4, 12}) {
    matrix<float> batch(rows, dim);
    for (index_type i = 0; i < batch.size(); ++i) batch.data()[i] = next++;
    expected.push(batch);
    const index_type skipped = places.skipped(rows), first = places.first(rows);
    for (index_type i = 0; i < (rows - skipped) * dim; ++i)
      cuda::put_rows<float>{{batch.data(), rows, dim}, ring.data(), capacity, skipped, first}(i);
    places = places.after(rows);
    REQUIRE(places.size == expected.size());
    REQUIRE((places.size < capacity ? 0 : places.oldest) == expected.oldest());
    REQUIRE(std::equal(ring.begin(), ring.begin() + places.size * dim, expected.features().data));
  }
}

TEST_CASE("momentum: an element moves as on the host") {
  matrix<float> key = random_rows<float>(3, 4, 1), same = key;
  const matrix<float> query = random_rows<float>(3, 4, 2);
  for (const double m : {0.0, 0.25, 0.999}) {
    momentum_update(same, query, m);
    for (index_type i = 0; i < key.size(); ++i) cuda::move_towards<float>{{key.data(), 3, 4}, {query.data(), 3, 4}, m}(i);
    CHECK(key == same);
  }
}

}  // namespace contrastive::testing
